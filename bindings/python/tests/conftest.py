"""No test sees the machine's own settings, nor the client of another test."""

import os

import pytest

from support import Sink

import watchpost


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("SENTRY_")]:
        monkeypatch.delenv(name)
    yield
    watchpost.close(0)


@pytest.fixture
def sink():
    sink = Sink()
    yield sink
    sink.close()

"""No test sees the machine's own settings, nor the client of another test."""

import pytest

import watchpost


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    for name in ("SENTRY_DSN", "SENTRY_RELEASE", "SENTRY_ENVIRONMENT", "SENTRY_SAMPLE_RATE", "SENTRY_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    yield
    watchpost.close(0)

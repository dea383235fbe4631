"""The Python in the documents runs as it stands there."""

import re
from pathlib import Path

import pytest

import watchpost
from watchpost import testing

ROOT = Path(__file__).resolve().parents[3]
BLOCKS = [
    (f"{name}-{number}", block)
    for name in ("docs/migrating-from-sentry-sdk.md",)
    for number, block in enumerate(re.findall(r"^```python\n(.*?)^```", (ROOT / name).read_text(), re.M | re.S))
]


def test_there_are_blocks():
    assert len(BLOCKS) >= 5


@pytest.mark.parametrize(("name", "block"), BLOCKS, ids=[name for name, _ in BLOCKS])
def test_block(name, block, monkeypatch):
    # What would be delivered is recorded: `init` of a document is that of the tests.
    monkeypatch.setattr(watchpost, "init", testing.init)
    exec(compile(block, name, "exec"), {"watchpost": watchpost, "__name__": name})  # noqa: S102
    watchpost.flush()
    sent = testing.envelopes()
    assert sent or "init(" not in block or "import watchpost as" in block or "captured" in block
    assert testing.discarded() == []

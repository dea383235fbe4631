"""A client for tests: it records what it would send, its clock stands, and its ids and draws repeat."""

from __future__ import annotations

import json

from . import _watchpost, integrations
from .api import choose

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Unpack

    from .options import Options


def init(
    dsn: str | None = "https://public_key@localhost/1",
    *,
    now: float = 1_700_000_000.0,
    seed: int = 1,
    **options: Unpack[Options],
) -> None:
    """As `watchpost.init`, but nothing is written or sent, only the named `integrations` are set up, and all scopes start
    empty.
    """
    given: dict[str, Any] = {**options, "dsn": dsn}
    choose(given, default_integrations=False)
    _watchpost.init_testing(given, now, seed)
    integrations.start()


def envelopes() -> list[dict[str, Any]]:
    """Takes what was recorded: `{"header": {}, "items": [{"header": {}, "payload": {}}], "bytes": ""}` each."""
    recorded: list[dict[str, Any]] = json.loads(_watchpost.take_recorded())
    return recorded


def events() -> list[dict[str, Any]]:
    """Takes what was recorded, and returns the events in it."""
    items = (item for envelope in envelopes() for item in envelope["items"])
    return [item["payload"] for item in items if item["header"]["type"] == "event"]


def restart(
    how: str, *, seconds: float = 0, event: dict[str, Any] | None = None, seed: int = 2, **options: Unpack[Options]
) -> None:
    """The process is gone, and the next one starts: `how` is "killed", "announced", or "crashed" with the event of the
    crash's record. To be called after `envelopes`: what was recorded before is gone, too."""
    text = None if event is None else json.dumps(event)
    _watchpost.restart_testing(dict(options), seed, how, seconds, text)


def discarded() -> list[dict[str, Any]]:
    """Takes the counts of what was dropped: `{"reason": "", "category": "", "quantity": 1}` each."""
    counts: list[dict[str, Any]] = json.loads(_watchpost.take_discarded())
    return counts


def dsn_facts() -> dict[str, Any]:
    """What is derived from the DSN: `envelope_url`, `auth_header`, `public_key`, `project_id`, `org_id`, `enabled`."""
    facts: dict[str, Any] = json.loads(_watchpost.dsn_facts())
    return facts


def advance_clock(seconds: float) -> None:
    """Moves the clock."""
    _watchpost.advance_clock(seconds)

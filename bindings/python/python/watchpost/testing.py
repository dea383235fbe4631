"""A client for tests: it records what it would send, its clock stands, and its ids and draws repeat.

    from watchpost import testing

    def test_checkout_reports_its_error():
        with testing.captured() as sent:
            checkout(broken_cart)
        sent.assert_event(level="error", tags={"cart": "broken"})
        assert [crumb["message"] for crumb in sent.events[0]["breadcrumbs"]["values"]] == ["cart opened"]
"""

from __future__ import annotations

import json
from contextlib import contextmanager

from . import _watchpost, integrations
from .api import choose

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
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


@contextmanager
def captured(**options: Unpack[Options]) -> Iterator[Captured]:
    """A `with` block in which all that is reported ends up in lists. It takes the options of `init`; without a client
    of its own it replaces the current one, and afterwards there is none."""
    given: Any = {"release": "test@1", "enable_logs": True, "traces_sample_rate": 1.0, **options}
    init(**given)
    sent = Captured()
    try:
        yield sent
    finally:
        sent.take()
        _watchpost.close(0)


class Captured:
    """What was reported so far, oldest first; everything as it would be sent."""

    def __init__(self) -> None:
        self._items: list[dict[str, Any]] = []

    def take(self) -> list[dict[str, Any]]:
        """All items, each with its `header` and `payload`."""
        if _watchpost.is_initialized():
            _watchpost.flush()
            self._items += [item for envelope in envelopes() for item in envelope["items"]]
        return self._items

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The payloads of the items of this type, like "event" or "check_in"."""
        return [item["payload"] for item in self.take() if item["header"]["type"] == kind]

    @property
    def events(self) -> list[dict[str, Any]]:
        """Errors and messages."""
        return self.of_type("event")

    @property
    def transactions(self) -> list[dict[str, Any]]:
        """Transactions, their spans under `spans`."""
        return self.of_type("transaction")

    @property
    def logs(self) -> list[dict[str, Any]]:
        """Lines of the structured log."""
        return [line for payload in self.of_type("log") for line in payload["items"]]

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """Measurements."""
        return [metric for payload in self.of_type("trace_metric") for metric in payload["items"]]

    @property
    def check_ins(self) -> list[dict[str, Any]]:
        """Check-ins of scheduled jobs."""
        return self.of_type("check_in")

    @property
    def feedback(self) -> list[dict[str, Any]]:
        """What users said."""
        return self.of_type("feedback")

    def clear(self) -> None:
        """Forgets what was reported so far."""
        self.take()
        self._items = []

    def assert_event(self, **expected: Any) -> dict[str, Any]:
        """The first event that has at least these fields; fails if there is none. Beside the fields of the payload it
        knows `message`, and `exception`: a class, or the name of one. Dictionaries match if they hold what is asked."""
        events = self.events
        for event in events:
            if all(_matches(wanted, _field(event, name)) for name, wanted in expected.items()):
                return event
        raise AssertionError(f"no event has {expected!r}; there are {len(events)}: {[_title(e) for e in events]}")


def _field(event: dict[str, Any], name: str) -> Any:
    if name == "exception":
        return [error.get("type") for error in event.get("exception", {}).get("values", [])]
    if name == "message":
        return event.get("logentry", {}).get("formatted")
    return event.get(name)


def _matches(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, type):
        wanted = wanted.__name__
    if isinstance(found, list) and isinstance(wanted, str):
        return wanted in found
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(_matches(value, found.get(key)) for key, value in wanted.items())
    return bool(wanted == found)


def _title(event: dict[str, Any]) -> str:
    errors: list[Any] = _field(event, "exception")
    return str(errors[-1] if errors else _field(event, "message"))


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

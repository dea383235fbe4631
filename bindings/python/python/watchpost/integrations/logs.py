"""Log records: breadcrumbs from INFO, events from ERROR."""

from __future__ import annotations

import logging

from .. import _watchpost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

_is_set_up = False


def set_up() -> None:
    """Looks at every record as it is made.

    A handler would do the same, but its mere presence changes what `logging.basicConfig` does and switches off the
    output of applications that never configured logging.
    """
    global _is_set_up
    if _is_set_up:
        return
    _is_set_up = True
    previous = logging.getLogRecordFactory()

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = previous(*args, **kwargs)
        try:
            # Records that come in from elsewhere are made without a name, and filled in later.
            if record.levelno >= logging.INFO and record.name:
                _observe(record)
        except Exception:  # noqa: S110  (a log call never fails because of us)
            pass
        return record

    logging.setLogRecordFactory(factory)


def _observe(record: logging.LogRecord) -> None:
    message = record.getMessage()
    if record.levelno >= logging.ERROR:
        logentry: dict[str, Any] = {"formatted": message, "message": str(record.msg)}
        if record.args:
            logentry["params"] = list(record.args) if isinstance(record.args, tuple) else record.args
        event = {"level": _level(record.levelno), "logger": record.name, "logentry": logentry}
        hint = {"log_record": record, "exc_info": record.exc_info}
        _watchpost.capture_event_from(event, "auto.logging", True, hint)
    _watchpost.add_breadcrumb(message=message, category=record.name, level=_level(record.levelno))


def _level(number: int) -> Literal["fatal", "error", "warning", "info"]:
    if number >= logging.CRITICAL:
        return "fatal"
    if number >= logging.ERROR:
        return "error"
    return "warning" if number >= logging.WARNING else "info"

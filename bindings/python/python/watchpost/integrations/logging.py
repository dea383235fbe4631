"""Log records: breadcrumbs from INFO, events from ERROR, and lines of the structured log where that is on."""

from __future__ import annotations

import logging

from .. import _watchpost
from . import Integration, active
from ._patch import wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

_ignored: set[str] = set()
#: A level that no record has.
_NEVER = logging.CRITICAL + 10_000
#: What every record has; anything else came with `extra`.
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class LoggingIntegration(Integration):
    """Makes breadcrumbs of records from `level` on, events of those from `event_level` on, and with the option
    `enable_logs` lines of the structured log of those from `sentry_logs_level` on; None makes none.
    """

    identifier = "logging"

    def __init__(
        self,
        level: int | None = logging.INFO,
        event_level: int | None = logging.ERROR,
        sentry_logs_level: int | None = logging.INFO,
    ) -> None:
        levels = [_NEVER if given is None else given for given in (level, event_level, sentry_logs_level)]
        self.level, self.event_level, self.sentry_logs_level = levels
        self.lowest = min(levels)

    @staticmethod
    def set_up_once() -> None:
        """Looks at every record on its way to the handlers.

        A handler would do the same, but its mere presence changes what `logging.basicConfig` does and switches off the
        output of applications that never configured logging.
        """

        def make(original: Any) -> Any:
            def callHandlers(self: logging.Logger, record: logging.LogRecord) -> Any:  # noqa: N802
                settings: Any = active.get("logging")
                if settings is not None and record.levelno >= settings.lowest:
                    try:
                        _observe(settings, record)
                    except Exception as error:
                        # A log call never fails because of us.
                        _watchpost.say(f"a log record could not be read: {error!r}")
                return original(self, record)

            return callHandlers

        wrap(logging.Logger, "callHandlers", make)


def ignore_logger(name: str) -> None:
    """Makes nothing of what the logger of this name says."""
    _ignored.add(name)


def unignore_logger(name: str) -> None:
    """Takes back what `ignore_logger` did."""
    _ignored.discard(name)


def _observe(settings: LoggingIntegration, record: logging.LogRecord) -> None:
    if record.name in _ignored:
        return
    message = record.getMessage()
    level = _level(record.levelno)
    extra = {key: value for key, value in vars(record).items() if key not in _OWN}
    if record.levelno >= settings.event_level:
        logentry: dict[str, Any] = {"formatted": message, "message": str(record.msg)}
        if record.args:
            logentry["params"] = list(record.args) if isinstance(record.args, tuple) else record.args
        event: dict[str, Any] = {"level": level, "logger": record.name, "logentry": logentry}
        if extra:
            event["extra"] = extra
        hint = {"log_record": record, "exc_info": record.exc_info}
        _watchpost.capture_event_from(event, "auto.logging", True, hint)
    if record.levelno >= settings.sentry_logs_level:
        attributes = {
            "logger.name": record.name,
            "code.file.path": record.pathname,
            "code.line.number": record.lineno,
            "code.function.name": record.funcName,
            "sentry.origin": "auto.log.stdlib",
            **extra,
        }
        _watchpost.log_record(level, message, record.msg, record.args, attributes)
    if record.levelno >= settings.level:
        _watchpost.add_breadcrumb(message=message, category=record.name, level=level, data=extra or None)


def _level(number: int) -> Literal["fatal", "error", "warning", "info", "debug"]:
    if number >= logging.CRITICAL:
        return "fatal"
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warning"
    return "info" if number >= logging.INFO else "debug"

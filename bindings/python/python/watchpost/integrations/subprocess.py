"""Programs that the application starts: a span and a breadcrumb each, and the trace in their environment."""

from __future__ import annotations

import os

from .. import _watchpost
from . import Integration, active
from ._patch import wrap
from ._watch import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class SubprocessIntegration(Integration):
    """Tells of started programs by their name alone: arguments often hold secrets.

    A program that reports by an SDK too continues the trace, given in SENTRY_TRACE and SENTRY_BAGGAGE.
    """

    identifier = "subprocess"

    @staticmethod
    def set_up_once() -> None:
        """Wraps the constructor and `wait` of `subprocess.Popen`."""
        when_imported("subprocess", _patch)


def _patch(module: Any) -> None:
    wrap(module.Popen, "__init__", _init)
    wrap(module.Popen, "wait", _wait)


def _init(original: Any) -> Any:
    def __init__(self: Any, args: Any, *more: Any, **named: Any) -> None:
        if "subprocess" not in active:
            return original(self, args, *more, **named)  # type: ignore[no-any-return]
        name = _name(args)
        child = _watchpost.begin_child("subprocess", name, "auto.subprocess")
        # `env` is its eleventh argument; hardly anybody gives it by its place.
        if child is not None and len(more) < 10:
            env = dict(os.environ if named.get("env") is None else named["env"])
            names = {"sentry-trace": "SENTRY_TRACE", "baggage": "SENTRY_BAGGAGE"}
            env.update({names[key]: value for key, value in _watchpost.message_headers() if key in names})
            named["env"] = env
        failed = True
        try:
            original(self, args, *more, **named)
            failed = False
        finally:
            pid = getattr(self, "pid", None)
            if child is not None:
                child.set_data("subprocess.pid", pid)
                child.finish(failed)
            _watchpost.add_breadcrumb(message=name, category="subprocess", type="process", data={"pid": pid})

    return __init__


def _wait(original: Any) -> Any:
    def wait(self: Any, *more: Any, **named: Any) -> Any:
        child = None
        if "subprocess" in active and getattr(self, "returncode", 0) is None:
            child = _watchpost.begin_child("subprocess.wait", _name(self.args), "auto.subprocess")
        if child is None:
            return original(self, *more, **named)
        try:
            return original(self, *more, **named)
        finally:
            child.set_data("subprocess.pid", self.pid)
            child.finish()

    return wait


def _name(args: Any) -> str:
    """The name of the program: the first word."""
    first = args
    if isinstance(args, (list, tuple)):
        first = args[0] if args else ""
    if isinstance(first, os.PathLike):
        first = os.fspath(first)
    if isinstance(first, bytes):
        first = os.fsdecode(first)
    text = str(first)
    return text if isinstance(args, (list, tuple)) else (text.split() or [""])[0]

"""Exceptions that end a thread, and scopes that go along into threads."""

from __future__ import annotations

import sys
import threading

from .. import _watchpost
from . import Integration, active
from ._patch import wrap
from ._watch import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SCOPES = "_watchpost_scopes"


class ThreadingIntegration(Integration):
    """Looks at what reaches `threading.excepthook` before whoever is there now.

    A thread begins with forks of the scopes that are active where it is started, and so does each call that is given to a
    `ThreadPoolExecutor`: both belong to the request and the trace, and what they set stays with them.
    `propagate_scope=False` lets them begin with what the process has; `propagate_hub` is the option's former name.
    """

    identifier = "threading"

    def __init__(self, propagate_hub: bool | None = None, propagate_scope: bool = True) -> None:
        self.propagate_scope = propagate_scope if propagate_hub is None else propagate_hub

    @staticmethod
    def set_up_once() -> None:
        """Puts itself before the hook of now, and around the start of threads and of calls in pools."""
        previous = threading.excepthook

        def excepthook(args: threading.ExceptHookArgs) -> Any:
            if "threading" in active and args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
                info = (args.exc_type, args.exc_value, args.exc_traceback)
                _watchpost.capture_exception_from(info, "auto.threading", False)
            return previous(args)

        threading.excepthook = excepthook
        wrap(threading.Thread, "start", _start)
        # Around all that the thread does, the hook above included; `run` belongs to the application.
        wrap(threading.Thread, "_bootstrap_inner", _begin)
        when_imported("concurrent.futures.thread", lambda module: wrap(module.ThreadPoolExecutor, "submit", _submit))


def _propagates() -> bool:
    settings: Any = active.get("threading")
    return settings is not None and bool(settings.propagate_scope)


def _start(original: Any) -> Any:
    def start(self: threading.Thread) -> Any:
        if _propagates() and not _is_worker(self):
            scopes = _watchpost.carry()
            if scopes is not None:
                vars(self)[_SCOPES] = scopes
        return original(self)

    return start


def _begin(original: Any) -> Any:
    def _bootstrap_inner(self: threading.Thread) -> Any:
        scopes = vars(self).pop(_SCOPES, None)
        if scopes is not None:
            scopes.enter()
        return original(self)

    return _bootstrap_inner


def _is_worker(thread: threading.Thread) -> bool:
    """True for a thread of a pool: it outlives whoever needed one more, and each call brings its scopes along."""
    module = sys.modules.get("concurrent.futures.thread")
    return module is not None and getattr(thread, "_target", None) is getattr(module, "_worker", module)


def _submit(original: Any) -> Any:
    def submit(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        scopes = _watchpost.carry(True) if _propagates() else None
        if scopes is None:
            return original(self, fn, *args, **kwargs)
        return original(self, scopes.call, fn, *args, **kwargs)

    return submit

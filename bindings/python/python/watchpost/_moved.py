"""Options of `sentry-sdk` that this package knows by another name, or not at all: a program that moves starts with them."""

from __future__ import annotations

import sys
from functools import partial

from .integrations._patch import without_effect
from .integrations._watch import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    _Given = dict[str, Any]

#: Those that nothing comes of, each with the values that ask for nothing anyway.
_WITHOUT_EFFECT: dict[str, tuple[Any, ...]] = {
    "add_full_stack": (False,),
    "custom_repr": (),
    "db_query_source_threshold_ms": (),
    "enable_db_query_source": (False,),
    "enable_http_request_source": (False,),
    "http_request_source_threshold_ms": (),
    "instrumenter": ("sentry",),
    "max_value_length": (),
    "profile_lifecycle": ("manual",),
    "profile_session_sample_rate": (0,),
    "profiler_mode": (),
    "profiles_sample_rate": (0,),
    "profiles_sampler": (),
    "proxy_headers": ({},),
    "socket_options": ([],),
    "stream_gen_ai_spans": (False,),
    "transport": (),
    "transport_queue_size": (),
}
#: Experiments that have become options.
_GROWN_UP = ("before_send_log", "before_send_metric", "enable_logs", "enable_metrics", "trace_lifecycle", "before_send_span")


def translate(given: _Given) -> None:
    """Puts what `init` was given into options of this package, and warns once of those that have no effect."""
    idle = [f"`{name}`" for name, usual in _WITHOUT_EFFECT.items() if _pop(given, name) not in (None, *usual)]
    for name, value in (_pop(given, "_experiments") or {}).items():
        if name in _GROWN_UP:
            given.setdefault(name, value)
        elif value:
            idle.append(f"`_experiments[{name!r}]`")
    _tracing(given)
    scrubber = _pop(given, "event_scrubber")
    if scrubber is not None:
        given["sanitize_fields"] = [*(given.get("sanitize_fields") or ()), *getattr(scrubber, "added", ())]
        if not hasattr(scrubber, "added"):
            idle.append("`event_scrubber` of a class of its own")
    for entry in _pop(given, "functions_to_trace") or ():
        _trace_function(entry)
    without_effect(*idle, depth=5)


def _pop(given: _Given, name: str) -> Any:
    return given.pop(name, None)


def _tracing(given: _Given) -> None:
    enable = _pop(given, "enable_tracing")
    if enable and given.get("traces_sample_rate") is None and given.get("traces_sampler") is None:
        given["traces_sample_rate"] = 1.0
    elif enable is False:
        given.update(traces_sample_rate=None, traces_sampler=None)
    if _pop(given, "propagate_traces") is False:
        given["trace_propagation_targets"] = []
    statuses = _pop(given, "trace_ignore_status_codes")
    if statuses:
        given["before_send_transaction"] = partial(_wanted, frozenset(statuses), given.get("before_send_transaction"))


def _wanted(statuses: frozenset[int], hook: Any, event: Any, hint: Any) -> Any:
    data = event.get("contexts", {}).get("trace", {}).get("data") or {}
    if data.get("http.response.status_code") in statuses:
        return None
    return event if hook is None else hook(event, hint)


def _trace_function(entry: Mapping[str, str]) -> None:
    """Traces the function or method of this name once its module is there."""
    name = entry["qualified_name"]
    module, _, function = name.rpartition(".")
    outer, _, owner = module.rpartition(".")
    when_imported(module, partial(_traced, (function,)))
    if outer:
        when_imported(outer, partial(_traced, (owner, function)))


def _traced(names: Iterable[str], module: Any) -> None:
    from .tracing import trace

    *owners, name = names
    owner = module
    for one in owners:
        owner = getattr(owner, one, None)
    # Of `shop.cart.add` nobody knows yet whether `cart` is a module or a class.
    if isinstance(owner, (type, type(sys))) and callable(getattr(owner, name, None)):
        function = vars(owner).get(name)
        if not hasattr(function, "__wrapped__") and not isinstance(function, (type, staticmethod, classmethod)):
            setattr(owner, name, trace(function))

"""Scopes: data for every event of a process, of a piece of work, of a block of code."""

from ._watchpost import (
    Scope,
    add_global_event_processor,
    get_client,
    get_current_scope,
    get_global_scope,
    get_isolation_scope,
    isolation_scope,
    new_scope,
    use_isolation_scope,
    use_scope,
)

__all__ = [
    "Scope",
    "add_global_event_processor",
    "get_current_scope",
    "get_global_scope",
    "get_isolation_scope",
    "isolation_scope",
    "new_scope",
    "should_send_default_pii",
    "use_isolation_scope",
    "use_scope",
]


def should_send_default_pii() -> bool:
    """True if integrations may collect personal data: the option `send_default_pii`."""
    return bool(get_client().options.get("send_default_pii"))

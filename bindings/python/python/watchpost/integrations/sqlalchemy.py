"""Queries by SQLAlchemy: a span and a breadcrumb each, without their values."""

from __future__ import annotations

from importlib import import_module

from .. import _watchpost
from . import Integration, active
from ._watch import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KEY = "_watchpost_child"


class SqlalchemyIntegration(Integration):
    """Listens to the events of every engine."""

    identifier = "sqlalchemy"

    @staticmethod
    def set_up_once() -> None:
        """Registers the listeners."""
        when_imported("sqlalchemy.engine", _listen)


def _listen(engine: Any) -> None:
    event: Any = import_module("sqlalchemy.event")
    event.listen(engine.Engine, "before_cursor_execute", _before)
    event.listen(engine.Engine, "after_cursor_execute", _after)
    event.listen(engine.Engine, "handle_error", _failed)


def _before(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
    if "sqlalchemy" not in active:
        return
    _watchpost.add_breadcrumb(message=statement, category="query")
    if context is not None:
        url = conn.engine.url
        data = {
            "db.system": conn.dialect.name,
            "db.name": url.database,
            "server.address": url.host,
            "server.port": url.port,
        }
        setattr(context, _KEY, _watchpost.begin_child("db", statement, "auto.db.sqlalchemy", data))


def _after(conn: Any, cursor: Any, statement: Any, parameters: Any, context: Any, executemany: bool) -> None:
    _finish(context, False)


def _failed(context: Any) -> None:
    _finish(context.execution_context, True)


def _finish(context: Any, failed: bool) -> None:
    child = getattr(context, _KEY, None)
    if child is not None:
        setattr(context, _KEY, None)
        child.finish(failed)

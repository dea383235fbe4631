"""The start of everything."""

from __future__ import annotations

import atexit

from . import _watchpost, integrations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .options import Options

_exit_is_watched = False


def init(dsn: str | None = None, **options: Unpack[Options]) -> None:
    """Starts to report to `dsn`, or to the one in the variable SENTRY_DSN; without any, nothing is reported.

    Raises ValueError or TypeError when an option is unknown or cannot be used; nothing has changed then. A second call
    replaces the first client, which delivers what it has.
    """
    global _exit_is_watched
    given = {**options, "dsn": dsn}
    disabled = options.get("disabled_integrations") or ()
    wanted = integrations.wanted(disabled if isinstance(disabled, (list, tuple, set)) else ())
    _watchpost.init(given, [name for name, _ in wanted])
    integrations.set_up(wanted)
    if not _exit_is_watched:
        _exit_is_watched = True
        atexit.register(_watchpost.close)

"""Release health: sessions of the run, and of requests."""

from __future__ import annotations

from ._watchpost import (
    RequestSession,
    end_session,
    pause_session,
    resume_session,
    start_request_session,
    start_session,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["end_session", "pause_session", "resume_session", "start_session", "track_session"]


class track_session:
    """A `with` block that is the session of one request, inside of an isolation scope:

        with watchpost.isolation_scope(), track_session():
            handle(request)

    Errors that are captured in there count by themselves. From the first one on, requests are the sessions, and the run
    itself is none. For servers without an integration.
    """

    def __init__(self) -> None:
        self._session: RequestSession | None = None

    def __enter__(self) -> RequestSession:
        self._session = session = start_request_session()
        return session

    def __exit__(
        self, ty: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._session is not None:
            self._session.finish()

"""Secrets, as `sentry-sdk` names them. What is masked here is said by the options `sanitize_fields`, `scrub_patterns` and
`data_collection`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DEFAULT_DENYLIST", "DEFAULT_PII_DENYLIST", "EventScrubber"]

#: Masked always; names that hold one of these, too.
DEFAULT_DENYLIST = ["password", "passwd", "secret", "token", "authorization", "cookie", "csrf", "session", "api_key"]
#: Masked unless the option `send_default_pii` is on.
DEFAULT_PII_DENYLIST = ["x_forwarded_for", "x_real_ip", "ip_address", "remote_addr"]


class EventScrubber:
    """For the option `event_scrubber`: masks these keys beside those that are masked anyway, at any depth.

    What is masked anyway stays so with a list of one's own. Methods of a subclass are not called.
    """

    def __init__(
        self,
        denylist: Sequence[str] | None = None,
        recursive: bool = False,
        send_default_pii: bool = False,
        pii_denylist: Sequence[str] | None = None,
    ) -> None:
        self.recursive = recursive
        personal = () if send_default_pii else pii_denylist or ()
        #: The keys that are masked because of this one.
        self.added = [*(denylist or ()), *personal]
        self.denylist = [*(DEFAULT_DENYLIST if denylist is None else denylist), *personal]

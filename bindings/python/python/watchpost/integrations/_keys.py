"""Keys of caches and of redis, as they may be told."""

from __future__ import annotations

#: The keys under which Django keeps sessions end in that with which a browser proves whose session it is.
_SESSIONS = "django.contrib.sessions."
_LONGEST = 200


def readable_key(key: object) -> str:
    """A key without what is a secret, and cut where it is long."""
    text = key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)
    at = text.find(_SESSIONS)
    return text[:_LONGEST] if at < 0 else f"{text[: at + len(_SESSIONS)]}[Filtered]"

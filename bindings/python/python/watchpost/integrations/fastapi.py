"""FastAPI, which stands on Starlette and is observed there."""

from __future__ import annotations

from .starlette import StarletteIntegration


class FastApiIntegration(StarletteIntegration):
    """Names requests by the path of their route, or with `transaction_style="endpoint"` by their function; else as
    `StarletteIntegration`."""

    identifier = "fastapi"

"""What `sentry-sdk` has as one integration: requests by `http.client`, and other programs."""

from __future__ import annotations

from . import Integration


class StdlibIntegration(Integration):
    """Stands for the integrations `http_client` and `subprocess`, which start by themselves."""

    identifier = "stdlib"

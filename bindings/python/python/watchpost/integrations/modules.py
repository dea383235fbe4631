"""Which packages are installed, with their versions, on every error of this release."""

from __future__ import annotations

import os
import sys

from . import Integration

_ENDINGS = (".dist-info", ".egg-info")


class ModulesIntegration(Integration):
    """Says which packages are installed, as the names of their folders have it: no file is opened. The option `modules`
    says it instead."""

    identifier = "modules"


def installed() -> dict[str, str]:
    """Versions by name, both as packages are asked for (`typing-extensions`), as the folders of `sys.path` are now; of a
    package that is there twice the one that is imported."""
    found: dict[str, str] = {}
    for folder in sys.path:
        try:
            # The empty text stands for the present folder.
            names = sorted(os.listdir(folder or os.curdir))
        except OSError:
            # A zip file, or nothing.
            continue
        for name in names:
            stem, ending = os.path.splitext(name)
            if ending not in _ENDINGS:
                continue
            # `name-version`, of an egg also `name-version-py3.11`.
            package, _, rest = stem.partition("-")
            version = rest.partition("-")[0]
            if package and version:
                found.setdefault(package.lower().replace("_", "-"), version)
    return found

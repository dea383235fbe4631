"""Calls back once the application has imported a module; imports nothing by itself."""

from __future__ import annotations

import sys

from .. import _watchpost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any, Callable

    _Callback = Callable[[Any], object]

_waiting: dict[str, list[_Callback]] = {}
#: Names of modules that were being imported already when somebody asked for them.
_under_way: set[str] = set()


def when_imported(name: str, callback: _Callback) -> None:
    """Calls `callback(module)` now, if the module has been imported, else as soon as it is."""
    module = sys.modules.get(name)
    if module is not None and not _is_under_way(module):
        _call(name, callback, module)
        return
    _waiting.setdefault(name, []).append(callback)
    if module is not None:
        _under_way.add(name)
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)


def is_imported(name: str) -> bool:
    """True if the application has imported the module, or is about to have."""
    return name in sys.modules


class _Finder:
    """Stands before the finders of modules, and lets them do all the work."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if _under_way:
            _finish()
        if name not in _waiting:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if find is None or finder is _Finder:
                continue
            spec: ModuleSpec | None = find(name, path, target)
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader)  # type: ignore[assignment]
                return spec
        return None


class _Loader:
    """A module's own loader until the module is there."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._inner.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._inner
        if module.__spec__ is not None:
            module.__spec__.loader = self._inner
        self._inner.exec_module(module)
        _fire(module.__name__, module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _is_under_way(module: ModuleType) -> bool:
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def _finish() -> None:
    for name in list(_under_way):
        module = sys.modules.get(name)
        if module is None or not _is_under_way(module):
            _under_way.discard(name)
            if module is not None:
                _fire(name, module)


def _fire(name: str, module: ModuleType) -> None:
    for callback in _waiting.pop(name, ()):
        _call(name, callback, module)


def _call(name: str, callback: _Callback, module: ModuleType) -> None:
    try:
        callback(module)
    except Exception as error:
        # A version of the framework that we do not know is no reason to fail its import.
        _watchpost.say(f"the integration with {name} could not be set up: {error!r}")

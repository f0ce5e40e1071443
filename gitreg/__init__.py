"""gitreg: a Git-native model registry.  The names here load on first use, so that importing gitreg costs nothing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitreg.api import Registry as Registry
    from gitreg.api import convert as convert
    from gitreg.api import doctor as doctor
    from gitreg.api import init as init
    from gitreg.api import open as open  # noqa: A004 - the verb people expect
    from gitreg.api import scan as scan
    from gitreg.classic import ModelRegistry as ModelRegistry
    from gitreg.classic import create_registry as create_registry
    from gitreg.errors import GitregError as GitregError

__version__ = "0.1.0"

_HOMES = {
    "GitregError": "gitreg.errors",
    "ModelRegistry": "gitreg.classic",
    "Registry": "gitreg.api",
    "convert": "gitreg.api",
    "create_registry": "gitreg.classic",
    "doctor": "gitreg.api",
    "init": "gitreg.api",
    "open": "gitreg.api",
    "scan": "gitreg.api",
}
__all__ = ["GitregError", "ModelRegistry", "Registry", "convert", "create_registry", "doctor", "init", "open", "scan"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'gitreg' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])

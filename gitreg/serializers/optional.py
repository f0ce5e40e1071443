"""Frameworks that may not be installed, and must not be imported before something of theirs is met."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

from gitreg.errors import MissingDependencyError

_MODELS = "pip install 'gitreg[models]'"


def loaded(module: str) -> ModuleType | None:
    """The module if something imported it already: no object of a framework exists without that."""
    return sys.modules.get(module)


def require(module: str, *, hint: str = _MODELS) -> ModuleType:
    """Import now, or say what to install."""
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise MissingDependencyError(f"this kind of model needs the package {package}", hint=hint) from error


def type_name(model: object) -> str:
    """How to name an object's type to a person."""
    kind = type(model)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"

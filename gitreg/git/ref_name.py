"""Which ref names may reach git: git's own rules, and a few of ours that keep options and lookalikes out."""

from __future__ import annotations

import re
from typing import Final

from gitreg.core.text import escape
from gitreg.errors import UsageError

_FORBIDDEN: Final = re.compile(r"[\s~^:?*\[\\]|\.\.|@\{|//")


def check_ref_name(name: str) -> str:
    """Return `name` if it is a full ref name that may be created; UsageError otherwise.

    Stricter than `git check-ref-format`: no component starts with `-`, and nothing in it is invisible or reorders text.
    """
    parts = name.split("/")
    sound = (
        len(parts) >= 3
        and parts[0] == "refs"
        and name.isprintable()
        and _FORBIDDEN.search(name) is None
        and all(_is_component(part) for part in parts)
        and not name.endswith(".")
    )
    if not sound:
        raise UsageError(f"not an acceptable ref name: {escape(name[:200])}")
    return name


def check_pattern(pattern: str) -> str:
    """Return `pattern` if it is a full ref name in which `*` may stand for a part of one component."""
    check_ref_name(pattern.replace("*", "x"))
    return pattern


def _is_component(part: str) -> bool:
    return bool(part) and not part.startswith((".", "-")) and not part.endswith(".lock")

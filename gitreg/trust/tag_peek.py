"""A look at a tag before it is verified: what it says it builds on, only to decide what else must be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from gitreg.core.event import Cause
from gitreg.core.oid import Oid
from gitreg.core.tag_message import tree_path
from gitreg.core.version import Version
from gitreg.errors import GitregError
from gitreg.trust.tag_object import MAX_TAG

Told = TypeVar("Told")

_ROLLBACK: Final = Cause.ROLLBACK.value
_HEAD: Final = re.compile(rb"object ([0-9a-f]{40}(?:[0-9a-f]{24})?)\ntype commit\n")
_TRAILER: Final = re.compile(r"\nGitreg-(Action|Version|Version-Tag|Pointer|Policy): ([^\n]+)(?=\n)")


class Peek(NamedTuple):
    """What a tag claims.

    Of a tag that will verify, it is exactly what is signed there.  Parsing others strictly is left to the verdict.
    """

    target: Oid
    policy: str
    pointer: str | None  # its path
    version: Version | None
    version_tag: str | None
    is_rollback: bool


def peek_at(raw: bytes) -> Peek | None:
    """The claims in a raw tag object; None if it is nothing like a tag of a commit."""
    head = _HEAD.match(raw)
    if head is None or len(raw) > MAX_TAG:
        return None
    says: dict[str, str] = dict(_TRAILER.findall(raw.decode("utf-8", "replace")))
    return Peek(
        target=Oid(head[1].decode()),
        policy=says.get("Policy", ""),
        pointer=_told(tree_path, says.get("Pointer", "").rpartition(" ")[0]),
        version=_told(Version.parse, says.get("Version", "")),
        version_tag=says.get("Version-Tag"),
        is_rollback=says.get("Action") == _ROLLBACK,
    )


def _told(parse: Callable[[str], Told], text: str) -> Told | None:
    try:
        return parse(text) if text else None
    except GitregError:
        return None

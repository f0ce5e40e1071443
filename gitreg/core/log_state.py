"""What the tree of the log's last receipt holds: each stage's last event and each version, to be looked up by path.

    team/ner/#production      "team/ner#production#4 8e02...\n"
    team/ner/@v1/@v1.2.0      "team/ner@v1.2.0 51ce...\n"

No model's name has a `#` or `@`, so models may lie within each other's folders.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from gitreg.core.names import ModelName, StageName
from gitreg.core.oid import Oid
from gitreg.core.receipt_message import Received
from gitreg.core.tag_name import (
    AssignedTag,
    DeprecatedTag,
    DeregisteredTag,
    TagName,
    UnassignedTag,
    VersionTag,
    parse_tag_name,
)
from gitreg.errors import FormatError


def stage_path(model: ModelName, stage: StageName) -> str:
    return f"{model}/#{stage}"


def path_of(tag: TagName) -> str:
    """Where a tag's line stands.  A version's end takes the version's place, as a stage's next event does."""
    match tag:
        case AssignedTag() | UnassignedTag():
            return stage_path(tag.model, tag.stage)
        case VersionTag() | DeregisteredTag():
            return f"{tag.model}/@v{tag.version.major}/@{tag.version}"
        case DeprecatedTag():
            return f"{tag.model}/@deprecated"
        case _:
            assert_never(tag)


def changes(tags: Iterable[Received]) -> dict[str, bytes]:
    """The files that receiving these tags writes: of one stage's events the highest number, of one version its end."""
    ordered = sorted(tags, key=lambda tag: _rank(tag.name))
    return {path_of(tag.name): f"{tag.name} {tag.oid}\n".encode() for tag in ordered}


def parse_line(data: bytes) -> Received:
    """Read what `changes` wrote.  Raises FormatError."""
    name, _, oid = data.decode("utf-8", "replace").removesuffix("\n").partition(" ")
    tag = parse_tag_name(name)
    if tag is None:
        raise FormatError("a line of the log's state that names no registry tag")
    return Received(tag, Oid.parse(oid))


def outranks(held: bytes, new: bytes) -> bool:
    """Whether a path's present line is of a later event than the one that would replace it."""
    return _rank(parse_line(held).name) > _rank(parse_line(new).name)


def _rank(tag: TagName) -> int:
    if isinstance(tag, AssignedTag | UnassignedTag):
        return tag.n
    return int(isinstance(tag, DeregisteredTag))

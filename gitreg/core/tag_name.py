"""The grammar of registry tags (GTO's): a name says which event a tag records.

Of two kinds that name the same thing, `mark` tells one from the other: named tuples of equal values are equal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, NamedTuple, TypeVar

from gitreg.core.names import ModelName, StageName
from gitreg.core.version import Version
from gitreg.errors import UsageError


class VersionTag(NamedTuple):
    """`mnist@v1.2.0`: the version is registered."""

    model: ModelName
    version: Version

    def __str__(self) -> str:
        return f"{self.model}@{self.version}"


class DeregisteredTag(NamedTuple):
    """`mnist@v1.2.0!`: the version is withdrawn."""

    model: ModelName
    version: Version
    mark: Literal["!"] = "!"

    def __str__(self) -> str:
        return f"{self.model}@{self.version}{self.mark}"


class AssignedTag(NamedTuple):
    """`mnist#production#4`: the stage's 4th event, a version was assigned."""

    model: ModelName
    stage: StageName
    n: int

    def __str__(self) -> str:
        return f"{self.model}#{self.stage}#{self.n}"


class UnassignedTag(NamedTuple):
    """`mnist#production!#5`: the stage's 5th event, it was emptied."""

    model: ModelName
    stage: StageName
    n: int
    mark: Literal["!"] = "!"

    def __str__(self) -> str:
        return f"{self.model}#{self.stage}{self.mark}#{self.n}"


class DeprecatedTag(NamedTuple):
    """`mnist@deprecated`: nobody should start using the model."""

    model: ModelName

    def __str__(self) -> str:
        return f"{self.model}@deprecated"


StageTag = AssignedTag | UnassignedTag
TagName = VersionTag | DeregisteredTag | AssignedTag | UnassignedTag | DeprecatedTag

Value = TypeVar("Value")

# Thousands of tags repeat a handful of names.
_model, _stage = lru_cache(ModelName.parse), lru_cache(StageName.parse)
_TAG = re.compile(
    r"(?P<model>[a-z0-9/_-]+)"
    r"(?:@(?P<version>v[0-9.]+)(?P<withdrawn>!)?"
    r"|@(?P<deprecated>deprecated)"
    r"|\#(?P<stage>[a-z0-9_-]+)(?P<emptied>!)?\#(?P<n>[1-9][0-9]{0,8}))",
    re.ASCII,
)


def parse_tag_name(text: str) -> TagName | None:
    """Return the event that a tag's short name (without `refs/tags/`) records, or None for any other tag."""
    match = _TAG.fullmatch(text)
    if match is None:
        return None
    try:
        return _event(match)
    except UsageError:
        return None


def by_model(tags: Mapping[TagName, Value]) -> dict[ModelName, dict[TagName, Value]]:
    """The tags of each model, models by name."""
    found: dict[ModelName, dict[TagName, Value]] = {}
    for name, value in tags.items():
        found.setdefault(name.model, {})[name] = value
    return dict(sorted(found.items()))


def _event(match: re.Match[str]) -> TagName:
    model = _model(match["model"])
    if match["deprecated"]:
        return DeprecatedTag(model)
    if match["version"]:
        kind = DeregisteredTag if match["withdrawn"] else VersionTag
        return kind(model, Version.parse(match["version"]))
    stage_kind = UnassignedTag if match["emptied"] else AssignedTag
    return stage_kind(model, _stage(match["stage"]), int(match["n"]))

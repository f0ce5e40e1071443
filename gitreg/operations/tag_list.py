"""The tags of a repository by model, from one listing.  Knows their names and objects' names, and reads no object."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from gitreg.core.names import ModelName
from gitreg.core.oid import Oid
from gitreg.core.tag_name import TagName, parse_tag_name
from gitreg.git.refs import tag_lines
from gitreg.git.repository import Repository

_LINE = re.compile(r"^(?P<oid>[0-9a-f]{40,64}) (?P<model>[a-z0-9/_-]+)[@#].*$", re.MULTILINE)


class TagList(NamedTuple):
    """Lines of the listing, by what may be a model: values for a hundred thousand of them would take much more room."""

    lines: Mapping[str, str]

    @classmethod
    def read(cls, repo: Repository, *patterns: str) -> TagList:
        """Of all tags, or of those whose short names match a pattern."""
        lines: dict[str, str] = {}
        # sorted by name, so that a model is met once for its versions and once for its stages
        for model, found in groupby(_LINE.finditer(tag_lines(repo, *patterns)), lambda line: line["model"]):
            lines[model] = lines.get(model, "") + "".join(f"{line[0]}\n" for line in found)
        return cls(lines)

    @classmethod
    def read_one(cls, repo: Repository, model: ModelName) -> TagList:
        """Enough to ask about one model."""
        return cls.read(repo, f"{model}@*", f"{model}#*")

    def models(self) -> dict[ModelName, int]:
        """Every model that has at least one registry tag, by name, and about how many it has."""
        some = ((next(_tags(text), None), text) for _, text in sorted(self.lines.items()))
        return {tag.model: text.count("\n") for tag, text in some if tag is not None}

    def of(self, model: ModelName) -> dict[str, Oid]:
        """What may be registry tags of the model, by name."""
        return {name: Oid(oid) for oid, name in _split(self.lines.get(model, ""))}


def _tags(text: str) -> Iterator[TagName]:
    return (tag for _, name in _split(text) if (tag := parse_tag_name(name)) is not None)


def _split(text: str) -> Iterator[list[str]]:
    # at no other separator, which a tag's name may have in it
    return (line.split(" ") for line in text.split("\n") if line)

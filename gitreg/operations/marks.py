"""What this clone has seen of the shared registry, remembered below `.git/gitreg/marks`: a file for each model.

A line is `OID TAG`; lines are only ever added.  Tags that were signed here and not shared yet are not marked: their
maker may take them back.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from gitreg.core.names import ModelName
from gitreg.core.oid import Oid
from gitreg.core.tag_name import TagName
from gitreg.errors import GitregError
from gitreg.git.repository import Repository

_FOLDER = "marks"
_UNSHARED = "unshared"  # one file for all models, of the same form
_LINE = re.compile(r"^([0-9a-f]{40}(?:[0-9a-f]{24})?) ([a-z0-9][^ \n]*)$", re.MULTILINE)


def seen_tags(repo: Repository, model: ModelName) -> dict[str, Oid]:
    """The model's tags that this clone has seen, by name, as they were."""
    return _read(_file(repo, model))


class Marks(NamedTuple):
    """All marks of one moment, by model, as their files have them: most are read, and few asked about at a time."""

    texts: Mapping[ModelName, str]

    @classmethod
    def read(cls, repo: Repository) -> Marks:
        texts: dict[ModelName, str] = {}
        with suppress(OSError):
            for place in (repo.local_state / _FOLDER).iterdir():
                with suppress(GitregError):  # no name of ours
                    texts[ModelName.parse(place.name.replace("@", "/"))] = _text(place)
        return cls(texts)

    def of(self, model: ModelName) -> dict[str, Oid]:
        """As `seen_tags`."""
        return _parse(self.texts.get(model, ""))


def remember(repo: Repository, tags: Mapping[TagName, Oid]) -> None:
    """Mark tags that verified and that others have too; a clone that cannot be written to forgets."""
    for model, names in groupby(sorted(tags, key=_by_model), lambda name: name.model):
        place = _file(repo, model)
        known = _read(place)
        _append(place, ((str(name), tags[name]) for name in names if str(name) not in known))


def remember_read(repo: Repository, tags: Mapping[TagName, Oid], seen: Mapping[str, Oid]) -> None:
    """Mark tags that were read and verified, but not those that were made here and are still nobody else's.

    `seen` is what the facts behind their verdicts had read of the marks, so that no question reads them twice.
    """
    new = {name: oid for name, oid in tags.items() if str(name) not in seen}
    if new:
        own = _read(repo.local_state / _UNSHARED)
        remember(repo, {name: oid for name, oid in new.items() if own.get(str(name)) != oid})


def note_unshared(repo: Repository, name: TagName, oid: Oid) -> None:
    """A tag was just signed here."""
    _append(repo.local_state / _UNSHARED, [(str(name), oid)])


def _file(repo: Repository, model: ModelName) -> Path:
    # no model has '@' in its name
    return repo.local_state / _FOLDER / model.replace("/", "@")


def _by_model(name: TagName) -> tuple[str, str]:
    return name.model, str(name)


def _read(place: Path) -> dict[str, Oid]:
    return _parse(_text(place))


def _text(place: Path) -> str:
    try:
        return place.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _parse(text: str) -> dict[str, Oid]:
    """A line that a power cut left half-written is no mark."""
    return {name: Oid(oid) for oid, name in _LINE.findall(text)}


def _append(place: Path, tags: Iterable[tuple[str, Oid]]) -> None:
    lines = "".join(f"{oid} {name}\n" for name, oid in tags)
    if not lines:
        return
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        try:
            # the empty line keeps a half-written one apart
            os.write(descriptor, f"\n{lines}".encode("ascii"))
        finally:
            os.close(descriptor)

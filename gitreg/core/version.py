"""Model versions: vMAJOR.MINOR.PATCH, ordered."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple, Self, assert_never

from gitreg.core.text import escape
from gitreg.errors import UsageError

_VERSION = re.compile(r"v?(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})", re.ASCII)


class Bump(Enum):
    """Which part of a version to raise."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"


class Version(NamedTuple):
    """A semantic version (semver.org) without pre-release or build parts."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Accept `v1.2.0` and, from people, `1.2.0`."""
        match = _VERSION.fullmatch(text)
        if match is None:
            raise UsageError(f"not a version: '{escape(text[:64])}'", hint="versions look like v1.2.0")
        return cls(*map(int, match.groups()))

    def __str__(self) -> str:
        return f"v{self.major}.{self.minor}.{self.patch}"

    def bump(self, part: Bump) -> Version:
        match part:
            case Bump.MAJOR:
                return Version(self.major + 1, 0, 0)
            case Bump.MINOR:
                return Version(self.major, self.minor + 1, 0)
            case Bump.PATCH:
                return Version(self.major, self.minor, self.patch + 1)
            case _:
                assert_never(part)


FIRST = Version(1, 0, 0)

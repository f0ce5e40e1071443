"""What a serializer is: one kind of object, one kind of file.  Knows no particular framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class Serializer(Protocol):
    """`load(directory)` after `save(model, directory)` gives an object of the same type and value."""

    @property
    def name(self) -> str:
        """The word in `serializer.json`; it never changes its meaning."""

    @property
    def runs_code(self) -> bool:
        """Whether loading can run code that the file brings: then only the caller can know if it may be loaded."""

    def matches(self, model: object) -> bool:
        """Whether this is the model's kind.  Imports no framework: an object of one has it loaded already."""

    def save(self, model: object, directory: Path) -> None:
        """Write into an existing directory.

        Raises:
            UsageError: of the right kind, but holding what the format cannot.
            MissingDependencyError: an optional package is needed.
        """

    def load(self, directory: Path) -> object:
        """Read what `save` wrote.

        Raises:
            FormatError: not what `save` writes.
            MissingDependencyError: an optional package is needed.
        """

"""How objects are called and written in a shared store: plainly, unless somebody else's codec seals them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitreg.storage.layout import FORMAT_TEXT, digest_of_name, object_path

if TYPE_CHECKING:
    from gitreg.core.digest import Digest


class Codec(Protocol):
    """The way from objects to keys and values, and back."""

    @property
    def layout(self) -> bytes:
        """What the `format` file of such a store says."""
        ...

    @property
    def overhead(self) -> int:
        """What it adds to every value, in bytes."""
        ...

    def key(self, digest: Digest) -> str:
        """`objects/`, two characters that spread keys evenly, `/` and a name; always the same for the same object."""
        ...

    def digest(self, key: str) -> Digest | None:
        """The object that a key stands for, or None for a stranger's file."""
        ...

    def encode(self, digest: Digest, data: bytes | memoryview) -> bytes | memoryview:
        """What is stored for an object."""
        ...

    def is_current(self, data: bytes) -> bool:
        """Whether what is stored is written as `encode` does now, and not as it did with an older key."""
        ...

    def decode(self, digest: Digest, data: bytes) -> bytes:
        """The object of what was stored, unverified.  Raises CorruptObjectError if it can't be that object."""
        ...


class PlainCodec:
    """Objects as they are, under their own names."""

    layout = FORMAT_TEXT
    overhead = 0

    def key(self, digest: Digest) -> str:
        return object_path(digest)

    def digest(self, key: str) -> Digest | None:
        return digest_of_name(key.rpartition("/")[2])

    def encode(self, digest: Digest, data: bytes | memoryview) -> bytes | memoryview:  # noqa: ARG002 - no name needed
        return data

    def is_current(self, data: bytes) -> bool:  # noqa: ARG002 - there is one way only
        return True

    def decode(self, digest: Digest, data: bytes) -> bytes:  # noqa: ARG002
        return data

"""Which reader knows a file's inner structure, told by its first bytes, never by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from gitreg.storage.cutting.archive import archive_boundaries, is_archive
from gitreg.storage.cutting.gguf import gguf_boundaries, is_gguf
from gitreg.storage.cutting.safetensors import is_safetensors, safetensors_boundaries

if TYPE_CHECKING:
    from gitreg.storage.cutting.head import Head


class HintReader(NamedTuple):
    """A format: how to recognise it by its first 16 bytes, and the offsets where its entries start and end."""

    recognises: Callable[[bytes], bool]
    boundaries: Callable[[Head], list[int]]


READERS: Final = (
    HintReader(is_safetensors, safetensors_boundaries),
    HintReader(is_gguf, gguf_boundaries),
    HintReader(is_archive, archive_boundaries),
)


def entry_boundaries(head: Head) -> list[int]:
    """Offsets worth cutting at; none for a format unknown or a header not understood."""
    start = head.at(0, 16)
    for reader in READERS:
        if reader.recognises(start):
            return reader.boundaries(head)
    return []

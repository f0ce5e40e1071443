"""Tokenizers that are neither text nor a container: SentencePiece models, which are data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitreg.errors import FormatError
from gitreg.gates.formats.sentencepiece import BEGINS, LARGEST, check_sentencepiece

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan


def look_at_sentencepiece(part: Part, scan: Scan) -> str | None:  # noqa: ARG001  every look is called alike
    """By the fields alone: whatever has others as well is not of this format."""
    if part.size is None or part.size > LARGEST or not BEGINS.match(part.head(3)):
        return None
    try:
        with part.open() as stream:
            check_sentencepiece(stream, part.size)
    except FormatError:
        return None
    return "sentencepiece"

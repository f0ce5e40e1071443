"""TensorFlow's checkpoints: the index, which says where the tensors lie in the files beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitreg.errors import FormatError
from gitreg.gates.formats.bundle import LARGEST, MAGIC, read_bundle

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan


def look_at_checkpoint(part: Part, scan: Scan) -> str | None:
    if part.tail(len(MAGIC)) != MAGIC:
        return None
    try:
        read_bundle(part.head(LARGEST), scan.meter.step)
    except FormatError:
        return None
    return "tf-checkpoint"

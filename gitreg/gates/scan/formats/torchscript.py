"""TorchScript: a program in an archive.  Operations that touch files are named; the rest is a program all the same."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_FILES = re.compile(
    rb"\b((?:aten::|torch\.|ops\.aten\.)(?:save|from_file|_save_to_file|_load_from_file)"
    rb"|(?:ops\.)?image(?:\.|::)(?:read_file|write_file)"
    rb"|(?:ops\.)?torchaudio(?:\.|::)\w*(?:load|save|info)\w*)"
)
_PIECE = 8 << 20
_OVERLAP = 256
_ADVICE = "ask for the weights as safetensors, or the model as ONNX"


def look_at_script(part: Part, scan: Scan) -> None:
    """The program's text, or the names of its operations in a pickle."""
    scan.unknown(part, "torchscript", "is a program, which nobody has looked through", _ADVICE)
    before, begin = b"", 0
    with part.open() as stream:
        for piece in iter(partial(stream.read, _PIECE), b""):
            data = before + piece
            if match := _FILES.search(data):
                detail = f"calls {match[0].decode()}, which reads or writes files"
                scan.unsafe(part.within(begin + match.start()), "torchscript-files", detail, _ADVICE)
                return
            before = data[-_OVERLAP:]
            begin += len(data) - len(before)

"""TorchScript: a program in an archive.  Operations that touch files are named; the rest is a program all the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_FILES = re.compile(rb"\b(aten::save|aten::from_file|torch\.save|torch\.from_file|ops\.aten\.(save|from_file))\b")
_LONGEST = 64 << 20
_ADVICE = "ask for the weights as safetensors, or the model as ONNX"


def look_at_script(part: Part, scan: Scan) -> None:
    with part.open() as stream:
        code = stream.read(_LONGEST)
    if match := _FILES.search(code):
        detail = f"calls {match[0].decode()}, which reads or writes files"
        scan.unsafe(part, "torchscript-files", detail, _ADVICE)
    elif b"def " in code or b"torch.ops." in code:
        scan.unknown(part, "torchscript", "is a program, which nobody has looked through", _ADVICE)

"""TensorFlow's graphs in text form, as far as their operations and functions are named there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitreg.gates.scan.formats.operations import check_operation, does_more

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_GAP = rb"(?:\s|#[^\n]*\n)*"
_QUOTED = rb"(?:\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?)"
# Words in texts and comments name nothing.  A name may be put together from pieces.
_TOKEN = re.compile(
    rb"#[^\n]*"
    rb"|\bop" + _GAP + rb":" + _GAP + rb"(?P<op>" + _QUOTED + rb"(?:" + _GAP + _QUOTED + rb")*)"
    rb"|\bsignature(?:" + _GAP + rb":)?" + _GAP + rb"[{<]" + _GAP + rb"name" + _GAP + rb":" + _GAP
    + rb"(?P<function>" + _QUOTED + rb")"
    rb"|" + _QUOTED
)  # fmt: skip
_ADVICE = "ask for the model as ONNX"


def check_graph_text(part: Part, scan: Scan) -> None:
    longest = scan.meter.limits.text
    data = part.head(longest + 1)
    if len(data) > longest:
        scan.unknown(part, "graph-size", f"may be a graph, and is longer than the {longest} bytes looked at", _ADVICE)
    operations: dict[bytes, int] = {}
    functions: set[bytes] = set()
    for match in _TOKEN.finditer(data):
        if match["op"]:
            operations.setdefault(_name(match["op"]), match.start())
        elif match["function"]:
            functions.add(_name(match["function"]))
    for name, begin in operations.items():
        if name not in functions or does_more(name):
            check_operation(part.within(begin), scan, name)


def _name(quoted: bytes) -> bytes:
    """One that is written in an unusual way stays as it is, and so is one that nobody knows."""
    return quoted[1:-1] if re.fullmatch(rb"([\"'])[\w>./-]+\1", quoted) else quoted

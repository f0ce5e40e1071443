"""Keras: a configuration that names classes.  Lambda layers hold code, and other names are imported."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitreg.gates.scan.finding import shown

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_LAMBDAS = frozenset({"Lambda", "TFOpLambda", "SlicingOpLambda", "__lambda__", "function"})
_OURS = re.compile(r"(tf_keras|keras|tensorflow\.keras|tensorflow\.python\.keras)(\..*)?|builtins")
_WEIGHTS = "build the model in code, and take the weights alone: gitreg convert reads them from a .keras file"


def check_config(config: object, part: Part, scan: Scan) -> bool:
    """Findings for every class of a configuration; whether it describes any class at all."""
    found = False
    for node in _nodes(config):
        name = node.get("class_name")
        if isinstance(name, str) and ("config" in node or "module" in node):
            found = True
            _check_class(node, name, part, scan)
    return found


def _check_class(node: dict[str, object], name: str, part: Part, scan: Scan) -> None:
    module, registered = node.get("module"), node.get("registered_name")
    if name in _LAMBDAS:
        scan.unsafe(part, "keras-lambda", f"has a layer of the class {shown(name)}, which holds code", _WEIGHTS)
    elif isinstance(module, str) and not _OURS.fullmatch(module):
        scan.unsafe(part, "keras-class", f"imports {shown(f'{module}.{name}')}", _WEIGHTS)
    elif isinstance(registered, str) and ">" in registered and not registered.startswith(("keras>", "Keras>")):
        scan.unknown(part, "keras-class", f"needs the registered class {shown(registered)}", _WEIGHTS)


def config_texts(data: bytes) -> Iterator[object]:
    """JSON objects that describe classes, wherever they stand between other bytes, as in HDF5 attributes."""
    decoder = json.JSONDecoder()
    text = data.decode("latin-1")
    at = text.find('{"')
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield value
        at = text.find('{"', end)


def _nodes(value: object) -> Iterator[dict[str, object]]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)

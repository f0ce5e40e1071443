"""Keras: a configuration that names classes.  Lambda layers hold code, other names are imported, and files are read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitreg.gates.scan.finding import shown
from gitreg.gates.scan.formats.json_tree import nodes

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_LAMBDAS = frozenset({"Lambda", "TFOpLambda", "SlicingOpLambda", "__lambda__", "function"})
# Of Keras itself, some modules have functions that download, open, or switch the checks off.
_CLASSES = r"(?:layers|models|engine|dtype_policies|legacy|distribution|random|optimizers|quantizers|saving\.legacy)"
_VALUES = r"(?:activations|constraints|initializers|losses|metrics|ops|regularizers)"
_PACKAGE = r"(?:tf_keras|keras|tensorflow\.keras|tensorflow\.python\.keras)(?:\.src)?"
_OURS = re.compile(rf"builtins\.\w+|{_PACKAGE}\.(?:(?:{_CLASSES}(?:\.\w+)*\.)?[A-Z]\w*|{_VALUES}(?:\.\w+)*\.\w+)")
_WEIGHTS = "build the model in code, and take the weights alone: gitreg convert reads them from a .keras file"


def check_config(config: object, part: Part, scan: Scan) -> bool:
    """Findings for every class of a configuration; whether it describes any class at all."""
    found = False
    for node in nodes(config):
        name = node.get("class_name")
        if isinstance(name, str) and ("config" in node or "module" in node):
            found = True
            _check_class(node, name, part, scan)
            _check_vocabulary(node.get("config"), name, part, scan)
    return found


def _check_class(node: dict[str, object], name: str, part: Part, scan: Scan) -> None:
    module, registered = node.get("module"), node.get("registered_name")
    if name in _LAMBDAS:
        scan.unsafe(part, "keras-lambda", f"has a layer of the class {shown(name)}, which holds code", _WEIGHTS)
    elif isinstance(module, str) and not _OURS.fullmatch(f"{module}.{name}"):
        scan.unsafe(part, "keras-class", f"imports {shown(f'{module}.{name}')}", _WEIGHTS)
    elif isinstance(registered, str) and ">" in registered and not registered.startswith(("keras>", "Keras>")):
        scan.unknown(part, "keras-class", f"needs the registered class {shown(registered)}", _WEIGHTS)


def _check_vocabulary(config: object, name: str, part: Part, scan: Scan) -> None:
    """A list is the vocabulary itself; a text is the place that it is read from."""
    place = config.get("vocabulary") if isinstance(config, dict) else None
    if isinstance(place, str) and place:
        detail = f"has a layer {shown(name)} that reads its vocabulary from {shown(place)}"
        scan.unsafe(part, "keras-file", detail, _WEIGHTS)

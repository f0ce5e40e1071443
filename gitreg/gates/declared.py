"""Whether the files are of the format, and take and give what the pointer declares.  Reads no file itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitreg.gates.formats.onnx_schema import OnnxSchema
    from gitreg.gates.formats.value import Value


def format_problem(pointer: Mapping[str, object], known: frozenset[str], found: frozenset[str]) -> str | None:
    """`known`: the formats that are told apart here; a pointer may declare others, of which nothing can be said."""
    model = pointer.get("model")
    declared = model.get("format") if isinstance(model, Mapping) else None
    if not isinstance(declared, str) or declared.lower() not in known or declared.lower() in found:
        return None
    return f"the pointer declares the format {declared}, and no file is of it"


def schema_problems(pointer: Mapping[str, object], actual: OnnxSchema) -> Iterator[str]:
    """A model needs all its inputs, so both sides must name the same; of its outputs, some may go undeclared."""
    schema = pointer.get("schema")
    if not isinstance(schema, Mapping):
        return
    inputs, outputs = _entries(schema.get("inputs")), _entries(schema.get("outputs"))
    if inputs:
        undeclared = {value.name for value in actual.inputs} - {str(entry.get("name")) for entry in inputs}
        yield from (f"the schema does not declare the input {name}" for name in sorted(undeclared))
    yield from _differences("input", inputs, actual.inputs)
    yield from _differences("output", outputs, actual.outputs)


def feature_problems(pointer: Mapping[str, object], features: int) -> Iterator[str]:
    """Of a model that takes rows of so many features: its only input, if that is declared with two dimensions."""
    schema = pointer.get("schema")
    inputs = _entries(schema.get("inputs")) if isinstance(schema, Mapping) else []
    match inputs:
        case [{"name": name, "shape": [_, int(declared)]}] if declared not in {-1, features}:
            yield f"the schema declares the input {name} with {declared} features, the model takes {features}"


def tensor_problems(pointer: Mapping[str, object], actual: Sequence[Value]) -> Iterator[str]:
    """Of `schema.tensors`; some may go undeclared."""
    schema = pointer.get("schema")
    if isinstance(schema, Mapping):
        yield from _differences("tensor", _entries(schema.get("tensors")), actual)


def _entries(declared: object) -> list[Mapping[str, object]]:
    if not isinstance(declared, Sequence) or isinstance(declared, str):
        return []
    return [entry for entry in declared if isinstance(entry, Mapping) and "name" in entry]


def _differences(side: str, declared: list[Mapping[str, object]], actual: Sequence[Value]) -> Iterator[str]:
    values = {value.name: value for value in actual}
    for entry in declared:
        name, kind = str(entry["name"]), entry.get("type")
        value = values.get(name)
        if value is None:
            yield f"the schema declares the {side} {name}, which the model does not have"
            continue
        if isinstance(kind, str) and value.kind is not None and kind != value.kind:
            yield f"the schema declares the {side} {name} as {kind}, the model has {value.kind}"
        if not _shapes_agree(entry.get("shape"), value.shape):
            yield f"the schema declares the {side} {name} with another shape than the model has"


def _shapes_agree(declared: object, actual: tuple[int | None, ...] | None) -> bool:
    """A word for an extent, such as "n", goes with any number."""
    if actual is None or not isinstance(declared, Sequence) or isinstance(declared, str):
        return True
    if len(declared) != len(actual):
        return False
    pairs = zip(declared, actual, strict=True)
    return all(not isinstance(one, int) or one == -1 or other is None or one == other for one, other in pairs)

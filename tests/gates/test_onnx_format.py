"""ONNX beyond its own checker, which accepts operators that nobody knows and weights that are not there."""

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from gitreg.errors import FormatError
from gitreg.gates.formats.onnx import check_onnx


def model(opsets=(("", 17),), initializer=None, functions=()):
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", values[:1], values[1:])
    if initializer is not None:
        graph.initializer.append(initializer)
    imports = [helper.make_opsetid(*each) for each in opsets]
    return helper.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=8)


def outside(kind=TensorProto.FLOAT, dims=(2, 3), **told):
    tensor = TensorProto(name="w", data_type=kind, dims=dims, data_location=TensorProto.EXTERNAL)
    for key, value in {"location": "weights.bin", **told}.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def check(folder: Path, made) -> None:
    (folder / "weights.bin").write_bytes(bytes(32))
    (folder / "m.onnx").write_bytes(made.SerializeToString())
    onnx.checker.check_model(str(folder / "m.onnx"))
    check_onnx(folder / "m.onnx")


OWN = helper.make_function(
    "mine", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", 17)]
)


@pytest.mark.parametrize(
    "made",
    [
        model([("", 17), ("ai.onnx.ml", 3), ("com.microsoft", 1)]),
        model([("", 17), ("mine", 1)], functions=[OWN]),
        model(initializer=outside()),
        model(initializer=outside(offset="8", length="24")),
        model(initializer=outside(TensorProto.INT4, (64,))),
        model(initializer=outside(TensorProto.BFLOAT16, (16,))),
    ],
)
def test_a_model_with_known_operators_and_all_its_weights_passes(tmp_path, made):
    check(tmp_path, made)


@pytest.mark.parametrize(
    ("opsets", "reason"),
    [
        ([("", 999)], "needs version 999 of the operators"),
        ([("", 17), ("ai.onnx.ml", 99)], "needs version 99 of the operators 'ai.onnx.ml'"),
        ([("", 17), ("company.secret", 1)], "the domain 'company.secret', which is not known"),
        ([("", 17), ("ai.onnx", 16)], "two versions of the same operators"),
    ],
)
def test_operators_that_nobody_knows_fail_although_the_checker_believes_them(tmp_path, opsets, reason):
    with pytest.raises(FormatError, match=reason):
        check(tmp_path, model(opsets))


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"dims": (9,)}, "lies outside of the file"),
        ({"offset": "16"}, "lies outside of the file"),
        ({"offset": "-8"}, "lies outside of the file"),
        ({"length": "4"}, "takes 4 bytes outside where its type and shape need 24"),
        ({"offset": "x"}, "has a malformed place"),
    ],
)
@pytest.mark.parametrize("nested", [False, True])
def test_weights_that_are_not_all_there_fail_wherever_the_model_has_them(tmp_path, told, reason, nested):
    """A runtime would read past the end, or somebody else's numbers."""
    tensor = outside(**told)
    made = model(initializer=None if nested else tensor)
    if nested:
        made.graph.node.append(helper.make_node("Constant", [], ["c"], value=tensor))
    with pytest.raises(FormatError, match=reason):
        check(tmp_path, made)

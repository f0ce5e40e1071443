"""What the pointer declares must be what the files are: otherwise people prepare for another model."""

import numpy as np
import onnx
import pytest
import skops.io
from onnx import TensorProto, helper
from safetensors.numpy import save_file
from sklearn.linear_model import LinearRegression

from gitreg.gates.gate import Candidate, Verdict
from gitreg.gates.table import build_gate

DECLARED = {
    "inputs": [{"name": "x", "type": "float32", "shape": ["n", 4]}],
    "outputs": [{"name": "y", "type": "float32", "shape": ["n", 4]}],
}


@pytest.fixture
def artifact(tmp_path):
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", 4]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", values[:1], values[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "m.onnx")
    return tmp_path


def check(artifact, **pointer):
    return build_gate("files", "format", {}).check(Candidate(pointer, lambda: artifact))


@pytest.mark.parametrize(
    "pointer",
    [
        {},
        {"model": {"format": "ONNX"}, "schema": DECLARED},
        {"model": {"format": "our own"}},
        {"schema": {"inputs": []}},
    ],
)
def test_what_is_declared_truly_or_not_at_all_passes(artifact, pointer):
    assert check(artifact, **pointer).passed


def test_a_declared_format_that_no_file_has_fails(artifact):
    result = check(artifact, model={"format": "safetensors"})
    assert (result.verdict, result.reason) == (
        Verdict.FAIL,
        "the pointer declares the format safetensors, and no file is of it",
    )


@pytest.mark.parametrize(
    ("side", "entry", "reason"),
    [
        ("inputs", {"name": "pixels"}, "does not declare the input x"),
        ("inputs", {"name": "x", "type": "int64"}, "as int64, the model has float32"),
        ("inputs", {"name": "x", "shape": ["n", 5]}, "with another shape"),
        ("inputs", {"name": "x", "shape": [4]}, "with another shape"),
        ("outputs", {"name": "label"}, "declares the output label"),
    ],
)
def test_a_schema_that_the_model_does_not_have_fails(artifact, side, entry, reason):
    result = check(artifact, schema={**DECLARED, side: [entry]})
    assert result.verdict is Verdict.FAIL
    assert reason in result.reason


@pytest.fixture
def shards(tmp_path):
    save_file({"embed": np.zeros((4, 2), np.float32)}, tmp_path / "1.safetensors")
    save_file({"head": np.zeros((2,), np.float16)}, tmp_path / "2.safetensors")
    return tmp_path


def test_declared_tensors_are_looked_for_in_all_shards_and_others_may_go_undeclared(shards):
    tensors = [{"name": "head", "type": "float16", "shape": [2]}, {"name": "embed", "shape": ["vocabulary", 2]}]
    assert check(shards, schema={"tensors": tensors}).passed
    assert check(shards, schema={"tensors": tensors[:1]}).passed


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"name": "tail"}, "the schema declares the tensor tail, which the model does not have"),
        ({"name": "head", "type": "float32"}, "declares the tensor head as float32, the model has float16"),
        ({"name": "embed", "shape": [4, 3]}, "declares the tensor embed with another shape"),
    ],
)
def test_a_declared_tensor_that_the_files_do_not_have_fails(shards, entry, reason):
    result = check(shards, schema={"tensors": [entry]})
    assert result.verdict is Verdict.FAIL
    assert reason in result.reason


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"name": "head", "type": "float16", "shape": [2]}, None),
        ({"name": "mask", "type": "bool", "shape": [3, "n"]}, None),
        ({"name": "words", "type": "anything"}, None),
        ({"name": "mask", "type": "float32"}, "declares the tensor mask as float32, the model has bool"),
        ({"name": "head", "shape": [3]}, "declares the tensor head with another shape"),
        ({"name": "head.npy"}, "declares the tensor head.npy, which the model does not have"),
    ],
)
def test_the_arrays_of_an_npz_file_are_tensors_too(tmp_path, entry, reason):
    arrays = {"head": np.zeros(2, ">f2"), "mask": np.zeros((3, 1), bool), "words": np.array(["a"])}
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    result = check(tmp_path, schema={"tensors": [entry]})
    assert (result.passed, (reason or "") in result.reason) == (reason is None, True)


@pytest.fixture
def estimator(tmp_path):
    skops.io.dump(LinearRegression().fit(np.eye(3), [1, 2, 3]), tmp_path / "m.skops")
    return tmp_path


@pytest.mark.parametrize(
    "inputs",
    [
        [{"name": "rows", "shape": ["n", 3]}],
        [{"name": "rows", "shape": ["n", -1]}],
        [{"name": "rows", "shape": ["n", "features"]}],
        [{"name": "images", "shape": ["n", 8, 8]}],
        [{"name": "age", "shape": ["n", 1]}, {"name": "size", "shape": ["n", 2]}],
        [{"name": "rows"}],
    ],
)
def test_what_may_be_meant_otherwise_is_not_held_against_a_model(estimator, inputs):
    """A column for each input, a picture that is flattened before: only whoever wrote that knows."""
    assert check(estimator, schema={"inputs": inputs}).passed


def test_a_scikit_learn_model_that_takes_another_number_of_features_fails(estimator):
    declared = {"inputs": [{"name": "rows", "shape": ["n", 4]}]}
    result = check(estimator, schema=declared)
    assert result.verdict is Verdict.FAIL
    assert "declares the input rows with 4 features, the model takes 3" in result.reason


def test_beside_an_onnx_model_that_model_is_what_the_inputs_are_of(estimator, artifact):
    assert check(artifact, schema=DECLARED).passed

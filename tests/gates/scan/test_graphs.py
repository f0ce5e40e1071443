"""Graphs in protocol buffers: no way to write down a place or an operation hides it from the scanner."""

import time

import onnx
import onnx.helper
import pytest

from bench.scan.model_files import field
from gitreg.gates.scan.budget import Limits
from gitreg.gates.scan.looks import LOOKS
from gitreg.gates.scan.profiles.table import DEFAULT, allow_list
from gitreg.gates.scan.scan import scan_file

VALUE = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
GRAPH = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["x"])], "g", [VALUE], [VALUE])
MODEL = onnx.helper.make_model(GRAPH).SerializeToString()
OUTSIDE = b"../../etc/hostname"


def model_with(entry: bytes, before: bytes = b"") -> bytes:
    """An initializer with this entry of `external_data`; parsers merge the second graph into the first."""
    tensor = b"\x08\x02\x10\x01" + before + field(8, b"w") + field(13, entry) + b"\x70\x01"
    return MODEL + field(7, field(5, tensor))


WAYS = {
    "key first": (field(1, b"location") + field(2, OUTSIDE), b""),
    "value first": (field(2, OUTSIDE) + field(1, b"location"), b""),
    "the last value counts": (field(1, b"location") + field(2, b"weights.bin") + field(2, OUTSIDE), b""),
    "the last key counts": (field(1, b"offset") + field(2, OUTSIDE) + field(1, b"location"), b""),
    "a length in more bytes than it needs": (b"\x0a\x88\x00location" + field(2, OUTSIDE), b""),
    "an unknown field of 100 KB": (field(999, bytes(100_000)) + field(1, b"location") + field(2, OUTSIDE), b""),
    "an unknown group inside": (b"\xcb\x3e\xcc\x3e" + field(1, b"location") + field(2, OUTSIDE), b""),
    "an unknown group before": (field(1, b"location") + field(2, OUTSIDE), b"\xcb\x3e\x08\x01\xcc\x3e"),
    "an absolute path": (field(1, b"location") + field(2, b"/etc/hostname"), b""),
}


@pytest.mark.parametrize("name", ["model.onnx", "model.pb", "notes.txt"])
@pytest.mark.parametrize("way", WAYS)
def test_weights_outside_are_found_however_they_are_written_down(scanned, way, name):
    data = model_with(*WAYS[way])
    (weight,) = onnx.load_model_from_string(data).graph.initializer
    assert {each.key: each.value for each in weight.external_data}["location"] in {OUTSIDE.decode(), "/etc/hostname"}
    result = scanned(data, name)
    assert result.verdict == "unsafe"
    assert result.findings[0].rule == "onnx-external"
    assert result.findings[0].where.startswith("at ")


def test_weights_beside_the_model_are_data(scanned):
    assert scanned(model_with(field(1, b"location") + field(2, b"parts/weights.bin"))).safe


def saved_model(operation: bytes, *, in_function: bool = False) -> bytes:
    node = field(1, b"a node") + field(2, operation) + field(3, b"input")
    graph = field(2, field(1, field(1, b"f") + field(3, node))) if in_function else field(1, node)
    return b"\x08\x01" + field(2, field(1, field(4, b"serve")) + field(2, graph))


@pytest.mark.parametrize("in_function", [False, True])
@pytest.mark.parametrize("operation", [b"ReadFile", b"WriteFile", b"EagerPyFunc", b"TextLineDataset", b"PrintV2"])
def test_operations_that_do_more_than_compute_are_named(scanned, operation, in_function):
    result = scanned(saved_model(operation, in_function=in_function), "saved_model.pb")
    assert (result.format, result.verdict) == ("savedmodel", "unsafe")
    (finding,) = result.findings
    assert operation.decode() in finding.detail
    assert finding.where.startswith("at ")
    assert "as ONNX" in finding.advice


def test_an_operation_that_computes_is_nothing_to_report_even_if_a_node_is_called_like_another(scanned):
    assert scanned(saved_model(b"MatMul") + field(2, field(2, field(1, field(1, b"MyReadFileLayer")))), "x.pb").safe


def test_what_saves_a_model_leaves_open_where_to(scanned):
    """Every SavedModel has it, and one that overwrites a file does, too."""
    assert scanned(saved_model(b"SaveV2"), "saved_model.pb").verdict == "unknown"


@pytest.mark.parametrize("in_function", [False, True])
def test_an_operation_that_nobody_knows_is_not_taken_for_a_harmless_one(scanned, in_function):
    """Whoever loads the graph may have registered it, and it may do anything."""
    result = scanned(saved_model(b"CompanyOp", in_function=in_function), "saved_model.pb")
    assert (result.verdict, [finding.rule for finding in result.findings]) == ("unknown", ["graph-operation"])
    assert "CompanyOp" in result.findings[0].detail


@pytest.mark.parametrize("operation", [b"MatMul", b"CompanyOp", b"X", b"O" * 200])
def test_a_frozen_graph_is_looked_at_like_a_saved_model(scanned, operation):
    node = b"\x0a\x01a" + field(2, operation)
    result = scanned(field(1, node), "frozen.pb")
    assert (result.format, result.safe) == ("savedmodel", operation == b"MatMul")


def test_a_function_that_the_graph_holds_may_be_called(scanned):
    """Its own operations are looked at, whatever it is called."""
    function = field(1, field(1, b"__inference_call_7")) + field(3, field(1, b"n") + field(2, b"MatMul"))
    graph = field(1, field(1, b"a") + field(2, b"__inference_call_7")) + field(2, field(1, function))
    assert scanned(graph, "frozen.pb").safe
    assert not scanned(graph.replace(b"MatMul", b"MyOps!"), "frozen.pb").safe


TEXT = b'meta_graphs { graph_def { node {\n name: "a op: \\"X\\""\n op: "MatMul" # op: "X"\n} } }\n'
WRITTEN = {
    "usual": b'op: "ReadFile"',
    "single quotes": b"op:'ReadFile'",
    "far": b'op   :\n\n   "ReadFile"',
    "a comment between": b'op # "\n: "ReadFile"',
    "in pieces": b'op: "Read" "File"',
    "numbers for letters": b'op: "Read\\x46ile"',
    "nobody's": b'op: "CompanyOp"',
}


def test_a_graph_in_text_form_is_read_as_well(scanned):
    """TensorFlow loads saved_model.pbtxt like saved_model.pb."""
    assert scanned(TEXT, "saved_model.pbtxt").safe


@pytest.mark.parametrize("way", WRITTEN)
def test_an_operation_is_found_however_it_is_written_in_text(scanned, way):
    text = TEXT.replace(b'op: "MatMul"', WRITTEN[way])
    result = scanned(text, "saved_model.pbtxt")
    assert result.verdict == ("unsafe" if way in {"usual", "single quotes", "far", "a comment between"} else "unknown")
    assert [finding.where for finding in result.findings] == [f"at {text.index(b'op', text.index(b'X'))}"]


def test_in_text_form_functions_may_be_called_that_are_no_words_in_a_comment(scanned):
    text = TEXT.replace(b"MatMul", b"call_7")
    assert scanned(text + b'library { function { signature { name: "call_7" } } }', "x.pbtxt").safe
    assert not scanned(text + b'# signature { name: "call_7" }', "x.pbtxt").safe


@pytest.mark.parametrize(
    "text", [b"op " * 400_000, b"op:" + b" " * 1_000_000, b'op:"' * 300_000, b"signature" + b"\n#" * 200_000]
)
def test_hostile_text_takes_time_by_its_length_only(scanned, text):
    started = time.process_time()
    scanned(text, "x.pbtxt")
    assert time.process_time() - started < 5


def test_a_stream_of_tiny_fields_ends_by_the_budget(tmp_path):
    """Two bytes a field: counted in no budget, a file of two GiB would keep the scanner busy for an hour."""
    (tmp_path / "model.onnx").write_bytes(b"\x08\x01" * 100_000)
    result = scan_file(tmp_path / "model.onnx", allow_list(DEFAULT), LOOKS, Limits(steps=50_000))
    assert {finding.rule for finding in result.findings} == {"budget"}

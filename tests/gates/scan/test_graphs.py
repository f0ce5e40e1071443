"""Graphs in protocol buffers: no way to write down a place or an operation hides it from the scanner."""

import onnx
import onnx.helper
import pytest

from gitreg.gates.scan.budget import Limits
from gitreg.gates.scan.looks import LOOKS
from gitreg.gates.scan.profiles.table import DEFAULT, allow_list
from gitreg.gates.scan.scan import scan_file

VALUE = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
GRAPH = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["x"])], "g", [VALUE], [VALUE])
MODEL = onnx.helper.make_model(GRAPH).SerializeToString()
OUTSIDE = b"../../etc/hostname"


def varint(number: int) -> bytes:
    rest, byte = divmod(number, 128)
    return bytes([byte | 128]) + varint(rest) if rest else bytes([byte])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


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


def test_a_graph_in_text_form_is_read_as_well(scanned):
    """TensorFlow loads saved_model.pbtxt like saved_model.pb."""
    text = b'meta_graphs { graph_def { node {\n name: "a"\n op: "ReadFile"\n} } }\n'
    result = scanned(text, "saved_model.pbtxt")
    assert (result.verdict, result.findings[0].where) == ("unsafe", f"at {text.index(b'op:')}")
    assert scanned(text.replace(b"ReadFile", b"MatMul"), "saved_model.pbtxt").safe


def test_a_stream_of_tiny_fields_ends_by_the_budget(tmp_path):
    """Two bytes a field: counted in no budget, a file of two GiB would keep the scanner busy for an hour."""
    (tmp_path / "model.onnx").write_bytes(b"\x08\x01" * 100_000)
    result = scan_file(tmp_path / "model.onnx", allow_list(DEFAULT), LOOKS, Limits(opcodes=50_000))
    assert {finding.rule for finding in result.findings} == {"budget"}

"""The gate that keeps pickles and damaged files out, whatever they are called.  Payloads here are inert."""

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import subprocess
import sys
import tarfile
import zipfile
import zlib

import numpy as np
import onnx
import onnx.helper
import pytest
import skops.io
import zstandard
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression

from gitreg.gates.gate import Candidate, Verdict
from gitreg.gates.run import run_gates
from gitreg.gates.table import build_gate


def check(directory):
    (result,) = run_gates([build_gate("files", "format", {})], Candidate({}, checkout=lambda: directory))
    return result


def identity_model():
    value = lambda name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1])  # noqa: E731
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "g", [value("x")], [value("y")])
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


@pytest.fixture(scope="module")
def estimator():
    return LogisticRegression().fit(np.arange(8.0).reshape(4, 2), [0, 1, 0, 1])


def test_an_artifact_of_sound_files_passes_and_says_how_many_were_recognised(tmp_path, estimator):
    save_file({"w": np.zeros((2, 3), np.float32)}, tmp_path / "model.safetensors")
    onnx.save(identity_model(), tmp_path / "model.onnx")
    np.save(tmp_path / "a.npy", np.arange(3))
    np.save(tmp_path / "records.npy", np.zeros(2, [("x", "<f4", (2,)), ("name", "U5"), ("t", "M8[ns]")]))
    np.savez(tmp_path / "b.npz", x=np.arange(3), y=np.array("text"))
    np.savez_compressed(tmp_path / "c.npz", x=np.arange(3.0), y=np.zeros((0, 2)))
    skops.io.dump(estimator, tmp_path / "model.skops")
    (tmp_path / "config.json").write_text('{"a": [1, 2.5, null]}')
    (tmp_path / "nested").mkdir()
    (tmp_path / "nested" / "README.md").write_text("# Digits\n")
    result = check(tmp_path)
    assert result.reason == "files of known formats are what they claim to be, none is a pickle"
    assert (result.verdict, result.figure) == (Verdict.PASS, "9 files, 8 of known formats")


def fails(directory, reason):
    result = check(directory)
    assert result.verdict is Verdict.FAIL, result
    assert reason in result.reason


@pytest.mark.parametrize("name", ["m.safetensors", "m.npy", "m.npz", "m.skops", "m.json", "m.onnx"])
def test_an_empty_file_is_of_no_format(tmp_path, name):
    (tmp_path / name).touch()
    fails(tmp_path, f"{name}: ")


@pytest.mark.parametrize("name", ["m.safetensors", "m.npy", "m.npz", "m.skops", "m.json", "m.onnx"])
def test_text_under_the_name_of_a_model_fails(tmp_path, name):
    (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1\n")
    fails(tmp_path, f"{name}: ")


@pytest.mark.parametrize("cut", [1, 20, 60, 110])
def test_a_truncated_array_fails(tmp_path, cut):
    np.save(tmp_path / "whole.npy", np.arange(16))
    data = (tmp_path / "whole.npy").read_bytes()
    (tmp_path / "whole.npy").write_bytes(data[:-cut])
    fails(tmp_path, "whole.npy: ")


def test_an_array_of_objects_fails_whatever_its_name(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}, None], dtype=object), allow_pickle=True)
    (tmp_path / "a.npy").rename(tmp_path / "weights.bin")
    fails(tmp_path, "holds Python objects")


def test_an_archive_of_arrays_with_an_object_array_names_it(tmp_path):
    np.savez(tmp_path / "a.npz", fine=np.arange(3), hidden=np.array([None], dtype=object))
    fails(tmp_path, "'hidden.npy' holds Python objects")


def test_the_first_fault_is_named_and_all_are_counted(tmp_path):
    for name in ("b.json", "a.json", "c.json"):
        (tmp_path / name).write_text("{")
    (tmp_path / "d.json").write_text("{}")
    result = check(tmp_path)
    assert result.figure == "3 of 4 files at fault"
    assert result.reason.startswith("a.json: the file is not JSON")


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', "[NaN]", "[1,]", "[" * 100_000, '{"a": "\ud800"}'])
def test_json_that_readers_take_differently_fails(tmp_path, text):
    (tmp_path / "config.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    fails(tmp_path, "config.json: ")


class Payload:
    """Unpickling this would call os.getcwd: harmless, and still a call."""

    def __reduce__(self):
        return os.getcwd, ()


PICKLES = [pickle.dumps(Payload(), protocol) for protocol in range(6)] + [pickle.dumps({"w": [1.0, 2.0]}, 4)]


def zipped(data, name="archive/data.pkl", method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("archive/version", "3\n")
        archive.writestr(name, data)
    return buffer.getvalue()


def tarred(data):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("weights")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


WRAPPINGS = {
    "bare": lambda data: data,
    "gzip": gzip.compress,
    "gzip cut off": lambda data: gzip.compress(data + b"rest" * 100)[:-4],
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "zlib": zlib.compress,
    "zlib fast": lambda data: zlib.compress(data, 1),
    "zstd": zstandard.compress,
    "zip, as torch does": zipped,
    "zip, stored": lambda data: zipped(data, "weights", zipfile.ZIP_STORED),
    "zip in zip": lambda data: zipped(zipped(data), "inner.zip"),
    "tar": tarred,
    "tar.gz": lambda data: gzip.compress(tarred(data)),
    "gzip in zip": lambda data: zipped(gzip.compress(data), "notes.txt"),
    "followed by anything": lambda data: data + bytes(1000),
    "after two megabytes": lambda data: b"B" + (2 << 20).to_bytes(4, "little") + bytes(2 << 20) + b"0" + data,
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("data", PICKLES[:6], ids=range(6))
def test_a_pickle_that_calls_fails_in_any_wrapping_and_under_any_name(tmp_path, wrapping, data):
    (tmp_path / "vocabulary.txt").write_bytes(WRAPPINGS[wrapping](data))
    result = check(tmp_path)
    assert result.verdict is Verdict.FAIL
    assert "pickle" in result.reason
    assert "gitreg convert" in result.reason


def test_a_pickle_of_plain_data_fails_too(tmp_path):
    (tmp_path / "model.bin").write_bytes(PICKLES[-1])
    fails(tmp_path, "is a pickle")


def test_a_call_before_damage_counts(tmp_path):
    """The machine runs as it reads: what stands before the first bad opcode has happened by then."""
    (tmp_path / "x.txt").write_bytes(b"cos\ngetcwd\n(tR" + b"\x00 damaged")
    fails(tmp_path, "is a pickle")


def test_a_call_whose_last_line_does_not_end_counts(tmp_path):
    """The machine written in Python runs it, the one in C does not."""
    (tmp_path / "x.txt").write_bytes(b"(ios\ngetcwd")
    fails(tmp_path, "is a pickle")


def test_a_gigabyte_of_argument_is_undecided_and_so_fails(tmp_path):
    """A sparse file: one opcode whose argument covers all that may be read."""
    with (tmp_path / "x.bin").open("wb") as file:
        file.write(b"\x8e" + (1 << 30).to_bytes(8, "little"))
        file.truncate((1 << 30) + 100)
    fails(tmp_path, "is a pickle")


@pytest.mark.parametrize(
    "text",
    [
        "cat\ndog\nbird\nfish\n",
        "Timestamp,a,b\n1,2,3\n",
        "Text,label\n",
        "Pixel 1\nPixel 2\n",
        "(see below)\n",
        "(or not)",
        "Iris setosa\nVersicolor\n",
        "N.",
        ".",
        "I1\n.",
        "x",
        "]",
        "GIF89a",
        "\x80\x01\x00\x00\x00\x00\x00\x00{}",
    ],
)
def test_data_that_only_begins_like_a_pickle_passes(tmp_path, text):
    (tmp_path / "labels.dat").write_bytes(text.encode("latin-1"))
    assert check(tmp_path).verdict is Verdict.PASS


def test_a_zip_whose_readers_may_disagree_fails(tmp_path):
    data = zipped(b"fine", "a")
    (tmp_path / "prefixed.zip").write_bytes(data)
    assert check(tmp_path).verdict is Verdict.PASS
    with zipfile.ZipFile(tmp_path / "prefixed.zip", "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a", "other")
    fails(tmp_path, "stands twice")


def test_an_unfinished_zip_fails(tmp_path):
    (tmp_path / "model.pt").write_bytes(zipped(b"fine", "a")[:-10])
    fails(tmp_path, "is a zip archive that is cut off")


def test_a_skops_file_with_a_stowaway_fails(tmp_path, estimator):
    skops.io.dump(estimator, tmp_path / "m.skops")
    with zipfile.ZipFile(tmp_path / "m.skops", "a") as archive:
        archive.writestr("hook.py", "print()")
    fails(tmp_path, "unexpected member 'hook.py'")


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (None, "has no schema.json"),
        ({"a": 1}, "describes no object"),
        ([], "describes no object"),
        ({"__class__": "X", "__module__": "m", "__loader__": "ObjectNode"}, "names no protocol"),
    ],
)
def test_a_skops_file_without_a_usable_schema_fails(tmp_path, schema, reason):
    with zipfile.ZipFile(tmp_path / "m.skops", "w") as archive:
        if schema is not None:
            archive.writestr("schema.json", json.dumps(schema))
        else:
            archive.writestr("1.npy", b"")
    fails(tmp_path, reason)


def test_onnx_that_the_checker_refuses_fails(tmp_path):
    model = identity_model()
    model.graph.node[0].op_type = "NoSuchOperator"
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    fails(tmp_path, "m.onnx: is not valid ONNX: ")


@pytest.mark.parametrize("location", ["../outside.bin", "/etc/hostname"])
def test_onnx_weights_outside_the_artifact_fail(tmp_path, location):
    (tmp_path / "outside.bin").write_bytes(bytes(8))
    inside = tmp_path / "artifact"
    inside.mkdir()
    model = identity_model()
    weight = onnx.TensorProto(name="w", data_type=onnx.TensorProto.FLOAT, dims=[2], data_location=1)
    weight.external_data.add(key="location", value=location)
    model.graph.initializer.append(weight)
    (inside / "m.onnx").write_bytes(model.SerializeToString())
    fails(inside, "m.onnx: is not valid ONNX: ")


def test_a_missing_onnx_package_is_an_error_that_says_what_to_install(tmp_path):
    """In a process where onnx cannot be imported, the verdict must be error, not pass."""
    onnx.save(identity_model(), tmp_path / "m.onnx")
    code = """
import sys
from pathlib import Path
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "onnx":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocked())
from gitreg.gates.gate import Candidate
from gitreg.gates.run import run_gates
from gitreg.gates.table import build_gate
(result,) = run_gates([build_gate("f", "format", {})], Candidate({}, checkout=lambda: Path(sys.argv[1])))
print(result.verdict, result.reason)
"""
    shown = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert shown.stdout == "error checking an ONNX file needs the package onnx (pip install 'gitreg[models]')\n"


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "real").mkdir()
    (tmp_path / "a" / "link").symlink_to(tmp_path / "real")
    fails(tmp_path / "a", "link: is not a regular file")


def test_a_fifo_fails_and_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    fails(tmp_path, "pipe: is not a regular file")


def test_an_empty_artifact_does_not_pass(tmp_path):
    fails(tmp_path, "the artifact is empty")


def test_a_file_name_cannot_draw_on_the_terminal(tmp_path):
    (tmp_path / "\x1b[2J.json").write_text("{")
    fails(tmp_path, "\\x1b[2J.json: ")

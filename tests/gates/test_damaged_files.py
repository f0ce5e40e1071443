"""Damaged files of every known format: the format gate and the scanner say something, and never crash or hang."""

import contextlib
import io
import json
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from safetensors.numpy import save
from sklearn.linear_model import LogisticRegression

from gitreg.errors import FormatError
from gitreg.gates.formats.table import _KNOWN, inspect
from gitreg.gates.scan.looks import LOOKS
from gitreg.gates.scan.profiles.table import DEFAULT, allow_list
from gitreg.gates.scan.scan import scan_file

TORCH_FILES = Path(__file__).parents[1] / "serializers" / "convert" / "torch_files"


def written(write) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def zipped(**members: bytes) -> bytes:
    def write(buffer):
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(name, data)

    return written(write)


def onnx_model() -> bytes:
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    weight = TensorProto(name="w", data_type=1, dims=[2], data_location=TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value="weights.bin")
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", values[:1], values[1:], [weight])
    return helper.make_model(graph).SerializeToString()


def gguf() -> bytes:
    key, template = b"tokenizer.chat_template", b"{% for m in messages %}{{ m['role'] }}{% endfor %}"
    pair = struct.pack("<Q", len(key)) + key + struct.pack("<IQ", 8, len(template)) + template
    numbers = struct.pack("<Q", 3) + b"tok" + struct.pack("<IIQ", 9, 6, 2) + bytes(8)
    tensor = struct.pack("<Q", 1) + b"w" + struct.pack("<IQIQ", 1, 3, 0, 0)
    header = b"GGUF" + struct.pack("<IQQ", 3, 1, 2) + pair + numbers + tensor
    return header + bytes(-len(header) % 32) + bytes(12)


def hdf5(buffer) -> None:
    with h5py.File(buffer, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"layers": []}})
        file["layers/dense/vars/0"] = np.arange(3)


def tarred(buffer) -> None:
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.pkl"), io.BytesIO(b""))


KERAS = {"class_name": "Sequential", "config": {"layers": []}}
TOKENIZER = {"version": "1.0", "added_tokens": [], "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}
ESTIMATOR = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
# The beginning of each name is that of the format in the table of the format gate; others only the scanner knows.
SOUND = {
    "safetensors.safetensors": save({"w": np.zeros((2, 3), np.float32)}),
    "onnx.onnx": onnx_model(),
    "npy.npy": written(lambda buffer: np.save(buffer, np.arange(4))),
    "npz.npz": written(lambda buffer: np.savez_compressed(buffer, a=np.arange(4))),
    "tokenizer.json": json.dumps(TOKENIZER).encode(),
    "json.json": json.dumps(KERAS).encode(),
    "skops.skops": skops.io.dumps(ESTIMATOR),
    "gguf.gguf": gguf(),
    "keras.keras": zipped(
        **{
            "config.json": json.dumps(KERAS).encode(),
            "metadata.json": b'{"keras_version": "3.3.3"}',
            "model.weights.h5": written(hdf5),
        }
    ),
    "torch.pt": (TORCH_FILES / "tied.pt").read_bytes(),
    "yaml.yaml": b"a: [1, {b: c}]\n? 'y'\n: \"z\"\n",
    "sentencepiece.model": b"\x0a\x0a\x0a\x01a\x15\0\0\0\0\x18\x01" * 2,
    "torchscript.pt": (TORCH_FILES / "script.pt").read_bytes(),
    "hdf5.h5": written(hdf5),
    "tensorflow.pb": b"\x08\x01\x12\x14\x12\x12\x0a\x10\x0a\x04node\x12\x08ReadFile",
    "tar.tar": written(tarred),
    "template.jinja": b"{% if a['b\\n'] %}{{ x | trim }}{# c #}{% endif %}",
    "pickle.pkl": pickle.dumps({"a": np.arange(3), "b": [1, "x"]}, 4),
}


@st.composite
def damaged(draw, sound: bytes) -> bytes:
    data = bytearray(sound)
    for _ in range(draw(st.integers(1, 8))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    begin = data[: draw(st.integers(len(data) // 2, len(data)))]
    return bytes(begin) + draw(st.binary(max_size=20) | st.just(sound[: len(sound) // 3]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("damaged")


def check(file: Path) -> str | None:
    """Ask the parser that is meant, also if the file is a pickle, which the gate refuses before."""
    claimed = [known for known in _KNOWN if known.claimed(file, file.read_bytes()[:8])]
    for known in claimed:
        known.check(file)
    return claimed[0].name if claimed else None


def test_there_is_a_file_of_every_format_that_the_gate_knows():
    """A parser that is added must be added here."""
    assert {known.name for known in _KNOWN} <= {name.partition(".")[0] for name in SOUND}


@pytest.mark.parametrize("name", [name for name in SOUND if name.partition(".")[0] in {each.name for each in _KNOWN}])
def test_a_sound_file_is_of_its_format(folder: Path, name: str):
    """What is damaged below would otherwise be refused at its first byte, and fuzz nothing."""
    (folder / "weights.bin").write_bytes(bytes(8))
    (folder / name).write_bytes(SOUND[name])
    assert check(folder / name) == name.partition(".")[0]


@pytest.mark.parametrize("name", SOUND)
@settings(max_examples=80, deadline=5000)
@given(data=st.data())
def test_a_damaged_file_ends_in_a_verdict(folder: Path, name: str, data: st.DataObject):
    file = folder / name
    file.write_bytes(data.draw(damaged(SOUND[name])))
    for look in (check, inspect):
        with contextlib.suppress(FormatError):
            look(file)
    result = scan_file(file, allow_list(DEFAULT), LOOKS)
    assert result.safe == (not result.findings)

"""Formats that are no pickles: data passes, and what they offer to an attacker is found."""

import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from bench.scan.model_files import onnx_model
from gitreg import api
from gitreg.gates.scan.looks import LOOKS
from gitreg.gates.scan.profiles.table import DEFAULT, allow_list
from gitreg.gates.scan.scan import scan_file


def gguf(template):
    text = template.encode()
    key = b"tokenizer.chat_template"
    body = len(key).to_bytes(8, "little") + key + (8).to_bytes(4, "little") + len(text).to_bytes(8, "little") + text
    return b"GGUF" + (3).to_bytes(4, "little") + (0).to_bytes(8, "little") + (1).to_bytes(8, "little") + body


def keras(**node):
    return json.dumps({"class_name": "Functional", "config": {"layers": [{"config": {}, **node}]}}).encode()


DATA = {
    "safetensors": save({"w": np.zeros((2, 3), np.float32)}),
    "onnx": onnx_model("weights.bin"),
    "gguf": gguf("{% for m in messages %}{{ m['role'] }}{% endfor %}"),
    "json": keras(class_name="Dense", module="keras.layers", registered_name=None),
    "text": "# Größe\n1,2\n".encode(),
    "png": b"\x89PNG\r\n\x1a\n" + bytes(40),
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(100) + keras(class_name="Dense", module="keras.layers") + bytes(10),
    "empty": b"",
}
CODE = {
    "onnx-external": onnx_model("../../etc/passwd"),
    "template": gguf("{{ ''.__class__.__mro__[1].__subclasses__() }}"),
    "keras-lambda": keras(class_name="Lambda", module="keras.layers"),
    "keras-class": keras(class_name="system", module="os"),
    "program": b"\x7fELF" + bytes(60),
    "auto-map": b'{"auto_map": {"AutoModel": "modeling.Model"}}',
    "safetensors": save({"w": np.zeros(3)}) + b"x",
    "unknown-format": b"\x01\x02\x00\x03" * 9,
}


@pytest.mark.parametrize("form", DATA)
def test_data_is_recognised_by_its_content_and_safe(scanned, form):
    result = scanned(DATA[form], "file")
    assert (result.format, result.findings) == (form, ())


@pytest.mark.parametrize("rule", CODE)
def test_what_could_run_code_is_not_safe(scanned, rule):
    result = scanned(CODE[rule], "notes.txt")
    assert rule in {finding.rule for finding in result.findings}


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "link").symlink_to("/etc/hostname")
    assert scan_file(tmp_path / "link", allow_list(DEFAULT), LOOKS).verdict == "unknown"


def test_names_cannot_draw_on_the_terminal(scanned):
    data = b"\x80\x02cos\x1b[2J\n\xe2\x80\xaex\n)R."
    assert all(finding.detail.isprintable() for finding in scanned(data).findings)


SEEDS = [*DATA.values(), *CODE.values(), pickle.dumps({"a": np.arange(3)})]
HEADS = [b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\x00", b"\x78\x9c", b"\x28\xb5\x2f\xfd"]
HEADS += [b"\x93NUMPY\x01\x00", b"GGUF", b"\x89HDF\r\n\x1a\n", b"\x08\x07\x3a"]


@st.composite
def damaged(draw):
    data = bytearray(draw(st.sampled_from([seed for seed in SEEDS if seed])))
    for _ in range(draw(st.integers(1, 6))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(1, len(data)))])


HOSTILE = damaged() | st.builds(bytes.__add__, st.sampled_from(HEADS), st.binary(max_size=80)) | st.binary(max_size=200)


@settings(max_examples=300, deadline=None)
@given(data=HOSTILE)
def test_any_bytes_end_in_a_verdict(tmp_path_factory, data):
    """A crash would stop a promotion, or be taken for a pass by whoever wraps the scanner."""
    file = tmp_path_factory.getbasetemp() / "hostile"
    file.write_bytes(data)
    result = scan_file(file, allow_list(DEFAULT), LOOKS)
    assert result.safe == (not result.findings)


def test_programs_can_ask_too(tmp_path):
    (tmp_path / "a.txt").write_text("fine\n")
    assert [result.verdict for result in api.scan([tmp_path], ["data"])] == ["safe"]

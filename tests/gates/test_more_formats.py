"""GGUF, Keras, torch zips and YAML: what passes means one thing to every reader; what does not says why."""

import io
import json
import struct
import zipfile

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gitreg.errors import FormatError
from gitreg.gates.formats.gguf import check_gguf
from gitreg.gates.formats.keras import check_keras
from gitreg.gates.formats.table import inspect
from gitreg.gates.formats.torch_zip import check_torch_zip
from gitreg.gates.formats.yaml_text import check_yaml


def text(data):
    return struct.pack("<Q", len(data)) + data


def pair(key, kind, value):
    return text(key) + struct.pack("<I", kind) + value


def tensor(name, shape, kind, offset):
    dimensions = struct.pack("<I", len(shape)) + b"".join(struct.pack("<Q", extent) for extent in shape)
    return text(name) + dimensions + struct.pack("<IQ", kind, offset)


PAIRS = [
    pair(b"general.architecture", 8, text(b"llama")),
    pair(b"general.alignment", 4, struct.pack("<I", 64)),
    pair(b"tokens", 9, struct.pack("<IQ", 8, 2) + text(b"a") + text("ü".encode())),
    pair(b"scores", 9, struct.pack("<IQ", 6, 3) + bytes(12)),
    pair(b"flag", 7, b"\1"),
]
TENSORS = [tensor(b"a", [32, 2], 2, 0), tensor(b"b", [3], 0, 64)]  # 36 bytes of Q4_0, then 12 of F32


def gguf(pairs=PAIRS, tensors=TENSORS, data=bytes(128), version=3, counts=None):
    numbers = counts or (len(tensors), len(pairs))
    header = b"GGUF" + struct.pack("<IQQ", version, *numbers) + b"".join(pairs) + b"".join(tensors)
    return header + bytes(-len(header) % 64) + data


def check(parser, data):
    parser(io.BytesIO(data), len(data))


@pytest.mark.parametrize("data", [gguf(), gguf(version=2), gguf(data=bytes(76)), gguf(tensors=[], data=b"")])
def test_sound_gguf_passes(data):
    check(check_gguf, data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GGU", "cut off"),
        (b"GGML" + bytes(30), "does not begin"),
        (gguf(version=1), "unknown GGUF version 1"),
        (gguf(version=3 << 24), "big-endian"),
        (gguf(counts=(1 << 60, 0)), "claims"),
        (gguf(counts=(3, 5)), "dimensions|cut off"),
        (gguf(pairs=[*PAIRS, PAIRS[0]]), "key twice"),
        (gguf(pairs=[pair(b"x", 13, b"")]), "unknown type"),
        (gguf(pairs=[pair(b"x", 7, b"\2")]), "neither 0 nor 1"),
        (gguf(pairs=[pair(b"x", 8, text(b"\xff"))]), "not UTF-8"),
        (gguf(pairs=[pair(b"x", 8, struct.pack("<Q", 1 << 62))]), "text of"),
        (gguf(pairs=[pair(b"x", 9, struct.pack("<IQ", 4, 1 << 62))]), "cut off"),
        (gguf(pairs=[pair(b"x", 9, struct.pack("<IQ", 8, 1 << 62))]), "cut off"),
        (gguf(pairs=[pair(b"x", 9, struct.pack("<IQ", 9, 1) * 9)]), "nested too deep"),
        (gguf(pairs=[pair(b"general.alignment", 4, struct.pack("<I", 3))]), "multiple of 8"),
        (gguf(tensors=[TENSORS[0], TENSORS[0]]), "two tensors"),
        (gguf(tensors=[tensor(b"a", [31], 2, 0)]), "type cannot hold"),
        (gguf(tensors=[tensor(b"a", [32], 99, 0)]), "unknown type"),
        (gguf(tensors=[tensor(b"a", [1] * 5, 0, 0)]), "5 dimensions"),
        (gguf(tensors=[TENSORS[0], tensor(b"b", [3], 0, 32)]), "not aligned"),
        (gguf(tensors=[TENSORS[0], tensor(b"b", [3], 0, 0)]), "overlaps"),
        (gguf(tensors=[TENSORS[0], tensor(b"b", [3], 0, 128)], data=bytes(192)), "leaves a gap"),
        (gguf(data=bytes(75)), "cut off"),
        (gguf(data=bytes(129)), "bytes after its last tensor"),
    ],
)
def test_gguf_that_readers_could_take_differently_fails(data, reason):
    with pytest.raises(FormatError, match=reason):
        check(check_gguf, data)


def zipped(method=zipfile.ZIP_STORED, **members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


KERAS = {
    "config.json": json.dumps({"class_name": "Sequential", "config": {}}),
    "metadata.json": '{"keras_version": "3.9.0"}',
    "model.weights.h5": b"\x89HDF\r\n\x1a\n rest",
}


def test_sound_keras_passes():
    check(check_keras, zipped(**KERAS))
    check(check_keras, zipped(**KERAS, **{"assets/vocabulary.txt": "a"}))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"config.json": None}, "has no config.json"),
        ({"model.weights.h5": None}, "has no model.weights.h5"),
        ({"config.json": "{"}, "is not JSON"),
        ({"config.json": '{"class_name": "A", "class_name": "B"}'}, "stands twice"),
        ({"config.json": "[]"}, "not a table"),
        ({"config.json": "{}"}, "describes no model"),
        ({"metadata.json": "{}"}, "no version of Keras"),
        ({"model.weights.h5": b"text"}, "not HDF5"),
        ({"run.py": "pass"}, "unexpected member"),
    ],
)
def test_keras_with_other_members_fails(changes, reason):
    members = {name: content for name, content in (KERAS | changes).items() if content is not None}
    with pytest.raises(FormatError, match=reason):
        check(check_keras, zipped(**members))


TORCH = {"m/data.pkl": b"\x80\x02}.", "m/version": "3\n", "m/byteorder": "little", "m/data/0": bytes(8)}


def test_a_sound_torch_directory_passes():
    check(check_torch_zip, zipped(**TORCH))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x80\x02}.", "not a zip archive"),
        (zipped(**{"m/version": "3\n"}), "not exactly one data.pkl"),
        (zipped(**TORCH, **{"n/data.pkl": b""}), "not exactly one data.pkl"),
        (zipped(**TORCH, **{"n/data/1": b""}), "outside of its folder"),
        (zipped(**TORCH, **{"m/data/x.py": b""}), "unexpected member"),
        (zipped(**TORCH, **{"m/code/__torch__.py": b""}), "TorchScript"),
        (zipped(zipfile.ZIP_DEFLATED, **TORCH), "compresses"),
    ],
)
def test_a_torch_directory_that_torch_would_not_write_fails(data, reason):
    with pytest.raises(FormatError, match=reason):
        check(check_torch_zip, data)


@pytest.mark.parametrize(
    "data", [b"a: 1\n", b"- [1, {b: 'c!'}]\n", b"text: |\n  !not a tag, *nor an alias\n", b"# only this"]
)
def test_plain_yaml_passes(data):
    check(check_yaml, data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"a: !!python/object/apply:os.getcwd []\n", "has a tag"),
        (b"a: !ENV x\n", "has a tag"),
        (b"a: &x [1]\nb: *x\n", "anchors or aliases"),
        (b"a: [\n", "not YAML"),
        (b"a: \xff\n", "not YAML"),
        (b"[" * 200 + b"]" * 200, "nested too deep"),
        (b"a" * ((1 << 20) + 1), "longer than"),
    ],
)
def test_yaml_that_makes_objects_or_bombs_fails(data, reason):
    with pytest.raises(FormatError, match=reason):
        check(check_yaml, data)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(plain)
def test_whatever_plain_data_becomes_in_yaml_passes(value):
    class NoAliases(yaml.SafeDumper):
        def ignore_aliases(self, data):
            return True

    check(check_yaml, yaml.dump(value, Dumper=NoAliases, allow_unicode=True).encode())


def test_the_gate_asks_the_parser_that_a_name_or_a_beginning_claims(tmp_path):
    files = {"m.gguf": gguf(), "m.bin": gguf(), "m.keras": zipped(**KERAS), "c.yml": b"a: 1", "c.yaml": b"a: 1"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    assert [inspect(tmp_path / name) for name in files] == ["gguf", "gguf", "keras", "yaml", "yaml"]
    (tmp_path / "m.pt").write_bytes(b"no model")
    with pytest.raises(FormatError):
        inspect(tmp_path / "m.pt")

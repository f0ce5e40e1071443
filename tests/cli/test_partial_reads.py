"""Files and tensors of a registered version, without the rest of it."""

from __future__ import annotations

import json
import struct

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import save_file

import gitreg
from gitreg.core.limits import MIB
from gitreg.errors import FormatError, NotFoundError
from gitreg.storage.local import LocalStore
from gitreg.storage.verified import read_manifest

ARRAYS = {
    "wide": np.random.default_rng(1).random((1024, 4096), np.float32),
    "scalar": np.array(2.5),
    "mask": np.array([True, False]),
    "none": np.zeros((0, 3), np.int8),
    "brain": np.arange(6).reshape(2, 3).astype(ml_dtypes.bfloat16),
    "tail": np.random.default_rng(2).random((512, 4096), np.float32),
}


@pytest.fixture
def opened(registry, ask):
    model = registry / "models" / "mnist"
    save_file({name: array for name, array in ARRAYS.items() if name != "tail"}, model / "a.safetensors")
    save_file({"tail": ARRAYS["tail"]}, model / "b.safetensors")
    raw = {"odd": {"dtype": "F4", "shape": [4], "data_offsets": [0, 2]}}
    text = json.dumps(raw).encode()
    (model / "c.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"ab")
    ask("add", "models/mnist", "--commit", "Tensors")
    ask("register", "mnist")
    return gitreg.open(registry)


def test_a_file_is_read_by_its_name(opened, registry):
    """People would pull gigabytes to look at a config."""
    with opened.open_file("mnist@v1.1.0", "weights.bin") as stream:
        stream.seek(256)
        assert stream.read(4) == b"\0\1\2\3"
    with opened.open_file("mnist@v1.0.0", "weights.bin") as stream:
        assert stream.read() == (registry / "models/mnist/weights.bin").read_bytes()
    with pytest.raises(NotFoundError) as caught:
        opened.open_file("mnist", "weight.bin")
    assert caught.value.hint == "did you mean 'weights.bin'?"


def test_tensors_come_as_they_were_saved(opened):
    """A partial load would give other numbers than a whole one."""
    loaded = opened.load_tensors("mnist", ["tail", "brain", "scalar", "mask", "none", "wide"])
    assert list(loaded) == ["tail", "brain", "scalar", "mask", "none", "wide"]
    for name, array in loaded.items():
        assert array.dtype == ARRAYS[name].dtype
        np.testing.assert_array_equal(array, ARRAYS[name])
        assert array.flags.writeable


def test_only_the_chunks_of_the_tensors_are_read(opened, monkeypatch):
    """One layer of a large model would cost all of it."""
    read = []
    plain = LocalStore.read
    monkeypatch.setattr(LocalStore, "read", lambda self, digest: read.append(digest) or plain(self, digest))
    opened.load_tensors("mnist", ["scalar", "mask"])
    monkeypatch.undo()
    store = LocalStore.open(opened.root / ".git" / "gitreg")
    manifest = read_manifest(store, opened.version("mnist").manifest)
    lengths = {chunk.digest: chunk.length for chunk in manifest.chunks}
    assert sum(lengths.get(digest, 0) for digest in read) < 6 * MIB < manifest.size / 4
    assert len(read) == len(set(read))


def test_what_cannot_be_loaded_says_why(opened):
    """People would get garbage numbers, or a KeyError."""
    with pytest.raises(NotFoundError, match="no tensor 'nowhere'"):
        opened.load_tensors("mnist", ["wide", "nowhere"])
    with pytest.raises(FormatError, match="type F4"):
        opened.load_tensors("mnist", ["odd"])
    assert opened.load_tensors("mnist", []) == {}

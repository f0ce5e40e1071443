"""Hints: real files of each format are cut at their tensors, hostile headers cost dedupe and nothing else."""

from __future__ import annotations

import io
import json
import os
import random
import struct
import time
import zipfile

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from gitreg.core.limits import KIB, MIB
from gitreg.storage.cutting.head import Head
from gitreg.storage.cutting.hints import entry_boundaries
from gitreg.storage.cutting.segments import file_segments

WEIGHTS = [random.Random(seed).randbytes(600 * KIB) for seed in range(3)]
TENSORS = {
    f"layer{number}": numpy.frombuffer(data, numpy.float32).reshape(-1, 64) for number, data in enumerate(WEIGHTS)
}


def with_head(data: bytes, tmp_path, use):
    path = tmp_path / "file"
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return use(Head(descriptor, len(data)))
    finally:
        os.close(descriptor)


def segments_of(data: bytes, tmp_path) -> list[bytes]:
    pieces, place = [], 0
    for segment in with_head(data, tmp_path, file_segments):
        pieces.append(data[place : place + segment.length])
        place += segment.length
    assert place == len(data)
    return pieces


def gguf(tensors: list[bytes], alignment: int = 32) -> bytes:
    def string(text: bytes) -> bytes:
        return struct.pack("<Q", len(text)) + text

    pairs = string(b"general.alignment") + struct.pack("<II", 4, alignment)
    pairs += string(b"tokens") + struct.pack("<IIQ", 9, 8, 2) + string(b"a") + string(b"b")
    pairs += string(b"scores") + struct.pack("<IIQ", 9, 6, 3) + bytes(12) + string(b"flag") + struct.pack("<IB", 7, 1)
    infos, offset = b"", 0
    for number, tensor in enumerate(tensors):
        infos += string(b"t%d" % number) + struct.pack("<IQIQ", 1, len(tensor), 0, offset)
        offset += -(-len(tensor) // alignment) * alignment
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 4) + pairs + infos
    body = b"".join(tensor.ljust(-(-len(tensor) // alignment) * alignment, b"\0") for tensor in tensors)
    return head.ljust(-(-len(head) // alignment) * alignment, b"\0") + body


def torch_like(tensors: list[bytes]) -> bytes:
    """A zip as torch.save writes it: stored entries, padded through the local header's extra field only."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("model/data.pkl", b"pickle")
        for number, tensor in enumerate(tensors):
            archive.writestr(f"model/data/{number}", tensor)
    return buffer.getvalue()


def npz(compressed: bool = False) -> bytes:
    buffer = io.BytesIO()
    (numpy.savez_compressed if compressed else numpy.savez)(buffer, **TENSORS)
    return buffer.getvalue()


@pytest.mark.parametrize("data", [save(TENSORS), gguf(WEIGHTS), gguf(WEIGHTS, 64), torch_like(WEIGHTS), npz()])
def test_each_large_tensor_stands_alone(data, tmp_path):
    """A fine-tune with frozen layers, or a re-save under another container, would upload everything."""
    assert set(WEIGHTS) <= set(segments_of(data, tmp_path))


def test_wide_zip(tmp_path):
    """Checkpoints above 4 GB use 64-bit fields; without them no tensor would be found."""
    path = tmp_path / "wide.pt"
    with path.open("wb") as file, zipfile.ZipFile(file, "w") as archive:
        with archive.open("a", "w", force_zip64=True) as entry:
            entry.write(WEIGHTS[0])
        archive.writestr("b", WEIGHTS[1])
    assert set(WEIGHTS[:2]) <= set(segments_of(path.read_bytes(), tmp_path))


def test_tiny_tensors_travel_together(tmp_path):
    """A model of many small tensors would become as many requests."""
    tiny = {f"bias{number:04}": numpy.full(64, number, numpy.float32) for number in range(2000)}
    assert len(segments_of(save(tiny | TENSORS), tmp_path)) <= 6


def lying_safetensors(offsets) -> bytes:
    header = json.dumps({"t": {"data_offsets": offsets}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(100)


HOSTILE = [
    b"",
    b"GGUF",
    struct.pack("<Q", 2**63) + b"{",
    struct.pack("<Q", 10 * MIB) + b"{" * 100,
    struct.pack("<Q", 100_000) + b'{"a":' * 20_000,
    lying_safetensors([0, 10**15]),
    lying_safetensors([5, 3]),
    b"GGUF" + struct.pack("<IQQ", 3, 2**60, 2**60) + bytes(1000),
    b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + struct.pack("<Q", 2**64 - 1) + bytes(100),
    b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 0) + struct.pack("<IIQ", 9, 9, 2**60) + bytes(100),
    b"GGUF" + struct.pack("<IQQ", 3, 2**40, 0) + bytes(40 * MIB),
    b"PK\x03\x04" + bytes(40),
    b"PK\x03\x04" + b"PK\x05\x06" + b"\xff" * 18,
    torch_like(WEIGHTS[:1])[:-30] + b"PK\x05\x06" + bytes(18),
    torch_like(WEIGHTS[:1]).replace(b"PK\x03\x04", b"PK\x03\x05"),
]


@pytest.mark.parametrize("data", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_headers_are_bounded(data, tmp_path):
    """One crafted file could stop `add`, or hold it up for minutes."""
    started = time.monotonic()
    segments = with_head(data, tmp_path, file_segments)
    assert sum(segment.length for segment in segments) == len(data)
    assert time.monotonic() - started < 5


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_is_survived(tmp_path_factory, data):
    """Some byte of a header would crash `add`."""
    whole = data.draw(st.sampled_from([save(TENSORS)[:3000], gguf([b"x" * 100] * 3), torch_like([b"y" * 100] * 3)]))
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    boundaries = with_head(bytes(damaged), tmp_path_factory.mktemp("hints"), entry_boundaries)
    assert all(isinstance(place, int) for place in boundaries)

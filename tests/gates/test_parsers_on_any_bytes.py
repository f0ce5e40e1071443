"""A parser that meets hostile bytes says FormatError or nothing: a crash or a hang would stop a promotion."""

import contextlib
import io
import pickle
import pickletools
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitreg.errors import FormatError
from gitreg.gates.formats.npy import check_npy
from gitreg.gates.formats.npz import check_npz
from gitreg.gates.formats.pickles import is_pickle
from gitreg.gates.formats.skops import check_skops


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def npz(name, data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


SEEDS = [npy(np.arange(4)), npz("a.npy", npy(np.arange(4))), npz("schema.json", b"{}")]
WRAPPED = [
    b"\x1f\x8b\x08",
    b"BZh9",
    b"\xfd7zXZ\x00",
    b"\x78\x9c",
    b"\x28\xb5\x2f\xfd",
    b"PK\x03\x04",
    b"\x93NUMPY\x01\x00",
]


@st.composite
def damaged(draw):
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data)


hostile = (
    damaged() | st.binary(max_size=200) | st.builds(bytes.__add__, st.sampled_from(WRAPPED), st.binary(max_size=60))
)


@pytest.mark.parametrize("parser", [check_npy, check_npz, check_skops])
@settings(max_examples=200)
@given(data=hostile)
def test_only_format_errors_come_out(parser, data):
    with contextlib.suppress(FormatError):
        parser(io.BytesIO(data), len(data))


@given(hostile)
def test_an_array_that_passes_is_one_that_numpy_loads(data):
    try:
        check_npy(io.BytesIO(data), len(data))
    except FormatError:
        return
    np.load(io.BytesIO(data), allow_pickle=False)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=10,
)


@given(plain, st.integers(2, 5))
def test_whatever_pickle_writes_is_seen_as_a_pickle(value, protocol):
    data = pickle.dumps(value, protocol)
    assert is_pickle(io.BytesIO(data), len(data))
    assert is_pickle(io.BytesIO(pickletools.optimize(data)), None)


class Watching(pickle._Unpickler):
    """The standard library's own machine; what it imports are stand-ins that note being called."""

    imported = called = False

    def find_class(self, module, name):
        if not module or not name:
            raise ImportError
        self.imported = True
        return self._call

    def _call(self, *arguments):
        self.called = True
        return []

    def persistent_load(self, pid):
        return pid


OPCODES = st.sampled_from([opcode.code.encode("latin-1") for opcode in pickletools.opcodes])
FRAGMENTS = OPCODES | st.sampled_from(
    [b"os\ngetcwd\n", b"1\n", b"\x01a", b"I1\n", b"cos\ngetcwd\n", b"(", b"t", b"R", b"."]
)


@settings(max_examples=1000)
@given(st.lists(FRAGMENTS, max_size=12).map(b"".join))
def test_nothing_that_gets_as_far_as_a_call_is_missed(data):
    """Differential: what the real machine calls, or imports and completes with, the walk must have seen."""
    machine, complete = Watching(io.BytesIO(data)), False
    with contextlib.suppress(Exception):
        machine.load()
        complete = True
    if machine.called or (machine.imported and complete):
        assert is_pickle(io.BytesIO(data), len(data))

"""Strict safetensors: what passes here, every reader reads, and reads alike."""

import json
import struct
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from gitreg.errors import FormatError
from gitreg.gates.formats.safetensors import _BITS, check_safetensors


def check(data):
    check_safetensors(BytesIO(data), len(data))


def build(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def tensor(dtype="U8", shape=(4,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def test_what_the_reference_implementation_writes_passes():
    arrays = {
        "w": np.zeros((3, 4), np.float32),
        "b": np.zeros((), np.float64),
        "mask": np.ones(3, bool),
        "none": np.zeros((0, 7), np.int16),
    }
    check(save(arrays, metadata={"format": "np"}))
    check(save({}))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "shorter"),
        (b"\x01\x02\x03", "shorter"),
        (struct.pack("<Q", 1 << 40) + b"{}", "the header claims"),
        (struct.pack("<Q", 3) + b"{}", "the header claims"),
        (build(b" {}"), "does not begin with {"),
        (build(b"[]"), "does not begin with {"),
        (build(b'{"a":'), "not JSON"),
        (build(b'{"a\xff":1}'), "not JSON"),
        (build(b"{" * 100_000), "not JSON"),
        (build(b'{"a":' + b"[" * 100_000), "nested too deep"),
        (build(b'{"a":NaN}'), "NaN is not JSON"),
        (build(b'{"a":{},"a":{}}'), "'a' stands twice"),
        (build({"__metadata__": {"n": 1}}), "__metadata__"),
        (build({"__metadata__": []}), "__metadata__"),
        (build({"a": {}}), "exactly dtype, shape and data_offsets"),
        (build({"a": tensor() | {"extra": 1}}, b"1234"), "exactly dtype, shape and data_offsets"),
        (build({"a": tensor(dtype="F31")}, b"1234"), "unknown dtype"),
        (build({"a": tensor(dtype=[])}, b"1234"), "unknown dtype"),
        (build({"a": tensor(shape=(-1, -4))}, b"1234"), "malformed shape"),
        (build({"a": tensor(shape=(True, 4))}, b"1234"), "malformed shape"),
        (build({"a": tensor(shape=(4.0,))}, b"1234"), "malformed shape"),
        (build({"a": tensor(shape=[1] * 1000)}, b"1234"), "malformed shape"),
        (build({"a": tensor(shape=(1 << 62, 1 << 62))}, b"1234"), "larger than any file"),
        (build({"a": tensor(offsets=(0, 4, 8))}, b"1234"), "malformed data_offsets"),
        (build({"a": tensor(offsets=(-4, 0))}, b"1234"), "malformed data_offsets"),
        (build({"a": tensor(dtype="F32")}, b"1234"), "has 4 bytes where its dtype and shape need 16"),
        (build({"a": tensor(offsets=(4, 0))}, b"1234"), "has -4 bytes"),
        (build({"a": tensor(dtype="F4", shape=(3,), offsets=(0, 1))}, b"1"), "need 1.5"),
        (build({"a": tensor()}, b"12345"), "belong to none"),
        (build({"a": tensor()}, b"123"), "cut off"),
        (build({}, b"x"), "belong to none"),
        (build({"a": tensor(), "b": tensor(offsets=(3, 7))}, b"1234567"), "'b' overlaps"),
        (build({"a": tensor(), "b": tensor()}, b"1234"), "'b' overlaps"),
        (build({"a": tensor(), "b": tensor(offsets=(5, 9))}, b"123456789"), "'b' leaves a gap"),
    ],
)  # fmt: skip
def test_a_header_that_readers_could_take_differently_is_refused(data, reason):
    with pytest.raises(FormatError, match=reason):
        check(data)


naturals = st.integers(-2, 40) | st.sampled_from([1 << 31, 1 << 63, 1 << 64, -(1 << 63)])
entries = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["U8", "F32", "BOOL", "F4", "BF16", "C64", "F8_E4M3", "X", ""]) | st.none(),
        "shape": st.lists(naturals, max_size=3) | st.none(),
        "data_offsets": st.lists(naturals, min_size=1, max_size=3) | st.text(max_size=2),
    },
)
headers = st.dictionaries(
    st.text(max_size=3) | st.just("__metadata__"),
    entries | st.dictionaries(st.text(max_size=2), st.text(max_size=2)),
    max_size=4,
)


def agrees_with_the_reference(data):
    """Whatever passes here, the reference implementation must accept; nothing but FormatError may come out."""
    try:
        check(data)
    except FormatError:
        return
    try:
        deserialize(data)
    except SafetensorError as error:
        pytest.fail(f"passed what the reference refuses: {error}")


@given(headers, st.binary(max_size=60))
def test_hostile_headers_never_pass_what_the_reference_refuses(header, body):
    agrees_with_the_reference(build(header, body))


@given(st.binary(max_size=80))
def test_any_bytes_are_answered(data):
    agrees_with_the_reference(data)


@given(st.integers(0, 200), st.integers(0, 255))
def test_one_changed_byte_of_a_good_file_never_passes_what_the_reference_refuses(position, value):
    data = bytearray(save({"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros(3, np.int8)}))
    data[position % len(data)] = value
    agrees_with_the_reference(bytes(data))


@pytest.mark.parametrize("dtype", ["F4", "F6_E2M3", "F8_E5M2FNUZ", "F8_E4M3FNUZ", "F8_E8M0", "U16", "BF16", "C64"])
def test_dtypes_are_those_of_the_reference(dtype):
    """A dtype that only we know would pass a file that nobody can load; 8 elements fill whole bytes of any."""
    agrees_with_the_reference(build({"a": tensor(dtype, (8,), (0, _BITS[dtype]))}, bytes(_BITS[dtype])))

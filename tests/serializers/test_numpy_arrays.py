"""Arrays come back with the same dtype, shape and bits, in files that run nothing."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gitreg.errors import FormatError, UsageError
from gitreg.gates.gate import Candidate
from gitreg.gates.table import build_gate
from gitreg.serializers import serializer_for, serializer_named, write_model


def same(one, other):
    """Equal in type, dtype with byte order, shape and bits, so that NaN and -0.0 count."""
    if isinstance(one, dict):
        return type(one) is type(other) and list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray | np.generic):
        return (
            type(one) is type(other)
            and one.dtype.str == other.dtype.str
            and one.shape == other.shape
            and one.tobytes() == other.tobytes()
        )
    return type(one) is type(other) and one == other


dtypes = (
    hnp.boolean_dtypes()
    | hnp.integer_dtypes(endianness="?")
    | hnp.unsigned_integer_dtypes(endianness="?")
    | hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64))
    | hnp.complex_number_dtypes(endianness="?", sizes=(64, 128))
    | hnp.datetime64_dtypes()
    | hnp.unicode_string_dtypes(endianness="?", max_len=4)
    | hnp.byte_string_dtypes(max_len=4)
)
arrays = hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
nested = st.recursive(
    arrays,
    lambda inner: (
        st.lists(inner | st.integers(), max_size=3)
        | st.dictionaries(
            st.text(max_size=3) | st.sampled_from(["a", "a.b", "__metadata__", "0"]), inner | st.none(), max_size=3
        )
        | st.tuples(inner, st.text(max_size=2))
    ),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.tuples(arrays, nested))
def test_any_arrays_in_any_nesting_come_back_the_same(round_trip, value):
    name, loaded = round_trip(value)
    assert name == "numpy"
    assert same(value, loaded), (value, loaded)


@pytest.mark.parametrize(
    "value",
    [
        np.float32(1.5),
        np.int8(-3),
        np.bool_(True),
        np.float64("nan"),
        np.complex128(1 - 2j),
        np.datetime64("2026-01-02", "ns"),
        np.str_("ä"),
        np.array(2.5),
        np.arange(12.0).reshape(3, 4).T,
        np.arange(20)[::3],
        np.broadcast_to(np.float32(1), (2, 3)),
        {"w": np.ones(2), "bias": 0.5, "layers": [np.zeros((0, 3)), (np.int64(1),)], "note": None},
        {"b": np.ones(1), "a": np.ones(1)},
        {"a.b": np.ones(1), "a": {"b": np.zeros(1)}, "__metadata__": np.ones(2)},
    ],
    ids=repr,
)
def test_the_cases_that_usually_go_wrong(round_trip, value):
    name, loaded = round_trip(value)
    assert name == "numpy"
    assert same(value, loaded), loaded


def test_loaded_arrays_can_be_written_to(round_trip):
    _, loaded = round_trip(np.zeros(3, ">f8"))
    loaded[0] = 1
    _, loaded = round_trip(np.zeros(3))
    loaded[0] = 1


@pytest.mark.parametrize(
    "value", [np.array([{}, None], dtype=object), {"w": np.array([None])}, np.zeros(2, [("x", "f4")]), np.longdouble(1)]
)
def test_elements_that_are_not_plain_data_are_refused_rather_than_pickled(tmp_path, value):
    assert serializer_for(value).name == "numpy"
    with pytest.raises(UsageError, match="element type"):
        write_model(value, tmp_path)
    assert not (tmp_path / "serializer.json").exists()


@pytest.mark.parametrize(
    "value", [np.ma.masked_array([1, 2], [True, False]), np.matrix([[1]]), {1: np.ones(1)}, {np.ones}]
)
def test_what_would_come_back_as_another_type_is_not_saved_as_arrays(value):
    assert serializer_for(value).name == "code"


def test_the_same_arrays_give_the_same_bytes(tmp_path):
    value = {"w": np.arange(5), "b": np.array("text"), "c": [1, 2]}
    for run in ("1", "2"):
        write_model(value, tmp_path / run)
    assert (tmp_path / "1/model.safetensors").read_bytes() == (tmp_path / "2/model.safetensors").read_bytes()


def test_what_is_saved_passes_the_format_gate(tmp_path):
    write_model({"w": np.arange(5, dtype=">i4"), "d": np.zeros(2, "M8[s]"), "s": np.complex64(1)}, tmp_path)
    assert build_gate("f", "format", {}).check(Candidate({}, lambda: tmp_path)).passed


@pytest.mark.parametrize("content", [b"", b"\x02\x00\x00\x00\x00\x00\x00\x00{}", b"x" * 100])
def test_a_file_that_gitreg_did_not_write_is_refused_in_one_line(tmp_path, content):
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(FormatError, match="not what gitreg writes"):
        serializer_named("numpy").load(tmp_path)

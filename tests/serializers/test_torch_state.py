"""PyTorch state dicts; skipped where PyTorch is not installed, as it is an extra that gitreg does not ask for."""

from collections import OrderedDict

import pytest

from gitreg.errors import UsageError
from gitreg.serializers import serializer_for, write_model

torch = pytest.importorskip("torch")


def test_a_state_dict_comes_back_equal_in_order_type_and_dtype(round_trip):
    state = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2)).state_dict()
    name, loaded = round_trip(state)
    assert (name, type(loaded), list(loaded)) == ("torch", OrderedDict, list(state))
    assert all(torch.equal(loaded[key], state[key]) and loaded[key].dtype == state[key].dtype for key in state)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64", "int8", "bool", "complex64"])
def test_dtypes_survive(round_trip, dtype):
    state = {"z": torch.ones((2, 0, 3), dtype=getattr(torch, dtype)), "a": torch.ones((), dtype=getattr(torch, dtype))}
    _, loaded = round_trip(state)
    assert list(loaded) == ["z", "a"]
    assert all(torch.equal(loaded[key], state[key]) and loaded[key].dtype == state[key].dtype for key in state)


def test_tied_and_strided_tensors_come_back_equal(round_trip):
    shared = torch.arange(12.0).reshape(3, 4)
    state = {"a": shared, "b": shared, "transposed": shared.T, "part": shared[1:], "row": shared[0]}
    _, loaded = round_trip(state)
    assert all(torch.equal(loaded[key], state[key]) for key in state)


def test_what_safetensors_does_not_hold_is_refused(tmp_path):
    with pytest.raises(UsageError, match="sparse"):
        write_model({"s": torch.eye(3).to_sparse()}, tmp_path)


def test_a_module_is_code_and_so_are_other_dicts():
    assert serializer_for(torch.nn.Linear(1, 1)).runs_code
    assert serializer_for({"a": torch.nn.Parameter(torch.ones(1))}).runs_code

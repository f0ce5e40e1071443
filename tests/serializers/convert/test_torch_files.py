"""What torch itself wrote becomes the tensors that torch held, bit for bit; what is not plain tensors is refused."""

import json
import pickle
import struct
import tracemalloc
import zipfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from gitreg.errors import FormatError
from gitreg.gates.formats.safetensors import check_safetensors
from gitreg.serializers.convert.pickle_machine import Machine
from gitreg.serializers.convert.torch_file import read_torch_legacy, read_torch_zip
from gitreg.serializers.convert.torch_state_tree import named_views
from gitreg.serializers.convert.torch_tensors import torch_tensors
from gitreg.serializers.convert.torch_values import find_storage, find_torch

CODES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "complex64": "C64", "bool": "BOOL",
    "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2", "float8_e8m0fnu": "F8_E8M0",
    "float8_e4m3fnuz": "F8_E4M3FNUZ", "float8_e5m2fnuz": "F8_E5M2FNUZ",
    "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8",
    "uint64": "U64", "uint32": "U32", "uint16": "U16", "uint8": "U8",
}  # fmt: skip


def read(path):
    """name -> (dtype, shape, bytes), and the metadata, once the strict parser of the gate accepts the file."""
    data = Path(path).read_bytes()
    check_safetensors(BytesIO(data), len(data))
    length = int.from_bytes(data[:8], "little")
    table = json.loads(data[8 : 8 + length])
    metadata = table.pop("__metadata__", {})
    begin = 8 + length
    facts = {
        name: (
            entry["dtype"],
            entry["shape"],
            data[begin + entry["data_offsets"][0] : begin + entry["data_offsets"][1]],
        )
        for name, entry in table.items()
    }
    return facts, metadata


@pytest.mark.parametrize(
    ("file", "held"),
    [("views", "views"), ("legacy", "views"), ("proto4", "views"), ("dtypes", "dtypes")],
)
def test_every_tensor_has_the_bytes_that_torch_held(convert, torch_files, file, held):
    """Strided, sliced, expanded, empty and scalar tensors and all element types, in new, old and protocol-4 files."""
    result = convert(torch_files / f"{file}.pt")
    expected = json.loads((torch_files / "expected.json").read_text())[held]
    found, _ = read(result.target)
    assert found == {
        name: (CODES[dtype], shape, bytes.fromhex(content)) for name, (dtype, shape, content) in expected.items()
    }


def test_the_reference_library_reads_the_result(convert, torch_files):
    result = convert(torch_files / "views.pt")
    with safe_open(result.target, "np") as file:
        assert set(file.keys()) == {"a", "t", "part", "row", "step", "exp", "empty", "scalar", "param"}
        assert (file.get_tensor("t") == np.arange(24.0).reshape(4, 6).T).all()
        assert file.metadata() == {"format": "pt"}


def test_tied_tensors_are_written_once_and_named_in_the_metadata(convert, torch_files):
    """As `safetensors.torch.save_model` writes them, so that `load_model` ties them again."""
    result = convert(torch_files / "tied.pt")
    found, metadata = read(result.target)
    assert result.aliases == {"head.weight": "emb.weight"}
    assert metadata == {"format": "pt", "head.weight": "emb.weight"}
    assert "head.weight" not in found
    assert result.size < (torch_files / "tied.pt").stat().st_size


def test_what_stands_beside_the_tensors_is_kept_in_an_outline(convert, torch_files):
    _, metadata = read(convert(torch_files / "nested.pt").target)
    outline = json.dumps(json.loads(metadata["gitreg"]))
    assert '["epoch", {"plain": 3}]' in outline
    assert '{"leaf": "model.emb.weight"}' in outline


def test_one_part_of_a_checkpoint_can_be_chosen(convert, torch_files):
    with pytest.raises(FormatError, match=r"holds at 'optimizer\.state'") as caught:
        convert(torch_files / "checkpoint.pt")
    assert "--part" in caught.value.hint
    found, _ = read(convert(torch_files / "checkpoint.pt", part="model").target)
    assert "emb.weight" in found
    with pytest.raises(FormatError, match="no entry 'weights'") as caught:
        convert(torch_files / "checkpoint.pt", "other.safetensors", part="weights")
    assert "model, optimizer" in caught.value.hint


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("module", "holds __main__.Tied"),
        ("script", "is TorchScript"),
        ("c128", "ComplexDoubleStorage, which safetensors lacks"),
        ("conj", "flagged as conjugated"),
        ("sparse", "_rebuild_sparse_tensor"),
    ],
)
def test_what_is_no_plain_tensor_is_refused_by_name_and_leaves_nothing(convert, torch_files, tmp_path, file, reason):
    with pytest.raises(FormatError, match=reason):
        convert(torch_files / f"{file}.pt")
    assert list(tmp_path.rglob("*")) == [tmp_path / "out"]


class Payload:
    def __reduce__(self):
        return print, ("this must never be called",)


def torch_zip(path, pickled, storages, **extra):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m/data.pkl", pickled)
        archive.writestr("m/byteorder", extra.get("order", "little"))
        for key, content in storages.items():
            archive.writestr(f"m/data/{key}", content, extra.get("method", zipfile.ZIP_STORED))


def handmade(**changes):
    """The pickle of {"w": tensor}, opcode by opcode as torch writes it."""
    facts = {"offset": 0, "shape": (4,), "stride": (1,), "length": 4, "key": "0"} | changes

    def numbers(values):
        return b"(" + b"".join(b"J" + struct.pack("<i", value) for value in values) + b"t"

    key = facts["key"].encode()
    storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX" + struct.pack("<I", len(key)) + key
    storage += b"X\x03\0\0\0cpuJ" + struct.pack("<i", facts["length"]) + b"tQ"
    arguments = b"(" + storage + b"J" + struct.pack("<i", facts["offset"]) + numbers(facts["shape"])
    arguments += numbers(facts["stride"]) + b"\x89ccollections\nOrderedDict\n)Rt"
    return b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n" + arguments + b"Rs."


WEIGHTS = np.arange(4, dtype="<f4").tobytes()


def test_a_file_made_by_hand_is_as_good_as_torchs(convert, tmp_path):
    torch_zip(tmp_path / "m.pt", handmade(), {"0": WEIGHTS})
    found, _ = read(convert(tmp_path / "m.pt").target)
    assert found == {"w": ("F32", [4], WEIGHTS)}


@pytest.mark.parametrize(
    ("changes", "storages", "reason"),
    [
        ({"shape": (5,)}, {"0": WEIGHTS}, "reaches beyond its storage"),
        ({"offset": 1}, {"0": WEIGHTS}, "reaches beyond its storage"),
        ({"offset": -1}, {"0": WEIGHTS}, "malformed shape"),
        ({"stride": (-1,)}, {"0": WEIGHTS}, "malformed shape"),
        ({"stride": (1 << 30,)}, {"0": WEIGHTS}, "reaches beyond its storage"),
        ({"shape": (1 << 30, 1 << 30), "stride": (0, 0)}, {"0": WEIGHTS}, "repeats its values so often"),
        ({"length": 5}, {"0": WEIGHTS}, "lacks the storage '0'"),
        ({}, {}, "lacks the storage '0'"),
        ({"key": "../0"}, {"0": WEIGHTS}, "names a storage strangely"),
    ],
)
def test_a_tensor_that_leaves_its_storage_is_refused(convert, tmp_path, changes, storages, reason):
    """Otherwise a forged file would copy its neighbours' bytes, or fill the disk."""
    torch_zip(tmp_path / "m.pt", handmade(**changes), storages)
    with pytest.raises(FormatError, match=reason):
        convert(tmp_path / "m.pt")


def test_a_call_in_the_pickle_is_refused_and_never_made(convert, tmp_path, capsys):
    torch_zip(tmp_path / "m.pt", pickle.dumps({"w": Payload()}, 2), {})
    with pytest.raises(FormatError, match="print, which is not a plain tensor"):
        convert(tmp_path / "m.pt")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("extra", "reason"),
    [({"order": "big"}, "big-endian"), ({"method": zipfile.ZIP_DEFLATED}, "compresses 'm/data/0'")],
)
def test_a_byte_order_or_a_compression_that_would_change_the_bytes_is_refused(convert, tmp_path, extra, reason):
    torch_zip(tmp_path / "m.pt", handmade(), {"0": WEIGHTS}, **extra)
    with pytest.raises(FormatError, match=reason):
        convert(tmp_path / "m.pt")


def test_a_damaged_storage_is_found_by_its_checksum(convert, tmp_path):
    torch_zip(tmp_path / "m.pt", handmade(), {"0": WEIGHTS})
    data = bytearray((tmp_path / "m.pt").read_bytes())
    data[data.find(WEIGHTS) + 2] ^= 1
    (tmp_path / "m.pt").write_bytes(data)
    with pytest.raises(FormatError, match="CRC"):
        convert(tmp_path / "m.pt")


def test_memory_stays_far_below_the_size_of_the_file(convert, tmp_path):
    """A 100 GB checkpoint is converted on an ordinary machine: memory goes by pieces, not by tensors."""
    megabytes = 64
    storage = bytes(range(256)) * (4096 * megabytes)
    torch_zip(tmp_path / "m.pt", handmade(shape=(len(storage) // 4,), length=len(storage) // 4), {"0": storage})
    del storage
    tracemalloc.start()
    try:
        result = convert(tmp_path / "m.pt")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result.size > megabytes << 20
    assert peak < 32 << 20


def test_a_transposed_matrix_takes_its_own_size_and_little_more(convert, tmp_path):
    side = 2048
    storage = np.arange(side * side, dtype="<f4").tobytes()
    pickled = handmade(shape=(side, side), stride=(1, side), length=side * side)
    torch_zip(tmp_path / "m.pt", pickled, {"0": storage})
    tracemalloc.start()
    try:
        found_at = convert(tmp_path / "m.pt").target
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(storage) + (32 << 20)
    found, _ = read(found_at)
    assert found["w"][2] == np.arange(side * side, dtype="<f4").reshape(side, side).T.tobytes()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "m.pt"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(["views.pt", "tied.pt", "proto4.pt", "legacy.pt", "nested.pt"]))
def test_a_damaged_file_gives_tensors_or_a_format_error(torch_files, scratch, data, name):
    """Anything else would be a crash, or a read outside of the file."""
    content = bytearray((torch_files / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    scratch.write_bytes(content)
    with suppress(FormatError), scratch.open("rb") as file:
        found = (read_torch_legacy if name == "legacy.pt" else read_torch_zip)(scratch)
        views = named_views(found.loaded, None).views
        for tensor in torch_tensors(views, found.extents, file.fileno()):
            assert sum(map(len, tensor.pieces())) == tensor.nbytes


@settings(max_examples=300)
@given(
    st.binary(max_size=60)
    | st.lists(st.sampled_from([bytes([code]) for code in b"}](.t)0q\0h\0RQbsueax\x80\x02NK\1"])).map(b"".join)
)
def test_any_bytes_as_a_pickle_end_in_a_value_or_a_format_error(data):
    with suppress(FormatError):
        Machine(BytesIO(data), find_torch, find_storage).load()

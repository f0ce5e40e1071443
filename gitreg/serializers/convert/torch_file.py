"""Files of `torch.save`, both kinds, read without torch: the object that they hold, and where its storages lie.

Zip archives since torch 1.6 (torch/csrc: caffe2/serialize/inline_container.h); before that, five pickles and then
the storages one after the other (torch/serialization.py: `_legacy_save`).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NoReturn

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.serializers.convert.pickle_machine import Machine
from gitreg.serializers.convert.tensor import ITEM_BYTES
from gitreg.serializers.convert.torch_values import Storage, find_storage, find_torch
from gitreg.serializers.convert.zip_members import check_sum, data_offset, members_of, opened_zip, read_small

LEGACY_HEAD = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."  # the pickle of a number that only torch writes
_PICKLE = "/data.pkl"
_LONGEST_PICKLE = 256 << 20
_KEY = re.compile(r"[0-9A-Za-z_.-]{1,100}")
_BIG_ENDIAN = "was written on a big-endian machine"


@dataclass(frozen=True, slots=True)
class Extent:
    """Where a storage lies in its file, in bytes."""

    begin: int
    length: int


@dataclass(frozen=True, slots=True)
class TorchFile:
    loaded: object
    extents: Mapping[str, Extent]


def is_torch_zip(path: Path) -> bool:
    with opened_zip(path) as archive:
        return any(name.endswith(_PICKLE) for name in archive.namelist())


def read_torch_zip(path: Path) -> TorchFile:
    """Raises FormatError for what is not plain tensors, is damaged, or holds code."""
    with opened_zip(path) as archive, path.open("rb") as file:
        members = members_of(archive)
        root = _root(members)
        _refuse_code(members, root)
        storages: dict[str, Storage] = {}
        data = read_small(archive, members[root + _PICKLE], _LONGEST_PICKLE)
        loaded = Machine(BytesIO(data), find_torch, lambda pid: _noted(find_storage(pid), storages)).load()
        if (order := members.get(f"{root}/byteorder")) and read_small(archive, order, 100) != b"little":
            raise FormatError(_BIG_ENDIAN)
        extents = {}
        for key, storage in storages.items():
            member = members.get(f"{root}/data/{key}")
            if member is None or member.file_size != _bytes(storage):
                raise FormatError(f"lacks the storage '{escape(key[:60])}', or has it in another length")
            extents[key] = Extent(data_offset(file, member), member.file_size)
            check_sum(archive, member)
    return TorchFile(loaded, extents)


def read_torch_legacy(path: Path) -> TorchFile:
    """Raises FormatError for what is not plain tensors or is cut off."""
    storages: dict[str, Storage] = {}
    with path.open("rb") as file:
        file.seek(len(LEGACY_HEAD))
        if Machine(file, _no_name, _no_storage).load() != 1001:
            raise FormatError("has an unknown version of torch's old format")
        system = Machine(file, _no_name, _no_storage).load()
        if not isinstance(system, dict) or system.get("little_endian") is not True:
            raise FormatError(_BIG_ENDIAN)
        loaded = Machine(file, find_torch, lambda pid: _noted(find_storage(pid), storages)).load()
        keys = Machine(file, _no_name, _no_storage).load()
        if not isinstance(keys, list) or sorted(map(str, keys)) != sorted(storages):
            raise FormatError("does not hold the storages that it names")
        extents = {key: _next_extent(file, storages[key]) for key in map(str, keys)}
        if file.read(1):
            raise FormatError("has bytes after its last storage")
    return TorchFile(loaded, extents)


def _next_extent(file: BinaryIO, storage: Storage) -> Extent:
    """A storage in the old format: its length as eight bytes, then itself."""
    length = _bytes(storage)
    count = int.from_bytes(file.read(8), "little")
    begin = file.tell()
    if count != storage.length or file.seek(0, 2) < begin + length:
        raise FormatError(f"the storage '{escape(storage.key[:60])}' is cut off")
    file.seek(begin + length)
    return Extent(begin, length)


def _root(members: Mapping[str, zipfile.ZipInfo]) -> str:
    roots = [name.removesuffix(_PICKLE) for name in members if name.endswith(_PICKLE)]
    if len(roots) != 1:
        raise FormatError("has not exactly one data.pkl")
    return roots[0]


def _refuse_code(members: Mapping[str, zipfile.ZipInfo], root: str) -> None:
    if any(name == f"{root}/constants.pkl" or name.startswith(f"{root}/code/") for name in members):
        hint = "if you trust the file, load it with torch.jit.load and save its state_dict()"
        raise FormatError("is TorchScript, a program and not only its weights", hint=hint)


def _noted(storage: Storage, storages: dict[str, Storage]) -> Storage:
    if not _KEY.fullmatch(storage.key):
        raise FormatError(f"names a storage strangely: '{escape(storage.key[:60])}'")
    if storages.setdefault(storage.key, storage) != storage:
        raise FormatError(f"describes the storage '{escape(storage.key[:60])}' in two ways")
    return storage


def _bytes(storage: Storage) -> int:
    return storage.length * (ITEM_BYTES[storage.code] if storage.code else 1)


def _no_name(module: str, name: str) -> NoReturn:
    raise FormatError(f"names {escape(f'{module}.{name}'[:100])} where torch writes numbers only")


def _no_storage(_pid: object) -> NoReturn:
    raise FormatError("names a storage where torch writes numbers only")

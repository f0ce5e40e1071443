"""Zip archives: their members are looked at one by one; of PyTorch's, only the pickles and the directory."""

from __future__ import annotations

import re
import stat
import zlib
from functools import partial
from typing import TYPE_CHECKING

from gitreg.gates.scan.containers.inflate import deflated, seekable, spooled
from gitreg.gates.scan.containers.names import fault_of
from gitreg.gates.scan.containers.zip_directory import END, LONGEST_TAIL, Member, ZipError, read_directory
from gitreg.gates.scan.finding import shown
from gitreg.gates.scan.formats.torchscript import look_at_script
from gitreg.gates.scan.part import Part, window
from gitreg.gates.scan.pickles.look import look_at_head

if TYPE_CHECKING:
    from gitreg.gates.scan.scan import Scan

_REPACK = "pack it again with an ordinary zip program, then scan that"
_STORED, _DEFLATED = 0, 8
_HEAD = 1 << 16
_SMALL = 16 << 20
_STORAGE = re.compile(r"(data|tensors|constants)/\d+")
_PROGRAMS = frozenset({"bytecode.pkl", "constants.pkl"})
_MARKS = frozenset({"version", "byteorder", ".data/serialization_id", ".format_version", ".storage_alignment"})


def look_at_zip(part: Part, scan: Scan) -> str | None:
    head = part.head(4)
    if head not in {b"PK\x03\x04", END} and END not in part.tail(LONGEST_TAIL):
        return None
    whole = seekable(part, scan.meter)
    try:
        with whole.open() as stream:
            members = read_directory(stream, whole.size or 0)
    except ZipError as error:
        return _odd(part, scan, error) if head.startswith(b"PK") or error.certain else None
    scan.meter.member(len(members))
    _check_names(part, scan, members)
    return _look_at_members(whole, scan, members)


def _odd(part: Part, scan: Scan, error: ZipError) -> str:
    scan.unknown(
        part, "zip-ambiguous", f"is a zip archive that {error}, so that readers may see other members", _REPACK
    )
    return "zip"


def _check_names(part: Part, scan: Scan, members: tuple[Member, ...]) -> None:
    seen: set[str] = set()
    for member in members:
        fault = fault_of(member.name)
        if member.name.casefold() in seen:
            fault = "stands twice"
        elif stat.S_ISLNK(member.attributes >> 16):
            fault = "is a link"
        elif member.flags & 0x2041:
            fault = "is encrypted"
        elif member.method not in {_STORED, _DEFLATED}:
            fault = "is compressed in a way that not every reader knows"
        elif member.method == _STORED and member.packed != member.size:
            fault = "has two sizes"
        seen.add(member.name.casefold())
        if fault:
            scan.unknown(part, "zip-member", f"has a member {shown(member.name)!r} that {fault}", _REPACK)


def _look_at_members(part: Part, scan: Scan, members: tuple[Member, ...]) -> str:
    root = _torch_root(members)
    for member in members:
        if member.name.endswith("/") or member.flags & 0x2041 or member.method not in {_STORED, _DEFLATED}:
            continue
        inner = _inner(part, scan, member)
        _check_sum(inner, scan, member)
        if root is None:
            scan.inside(inner)
        else:
            _look_at_torch(inner, scan, member.name.removeprefix(root))
    names = {member.name for member in members}
    if {"config.json", "metadata.json"} <= names:
        return "keras"
    if root is not None:
        return "torch"
    return "npz" if names and all(name.endswith(".npy") for name in names) else "zip"


def _torch_root(members: tuple[Member, ...]) -> str | None:
    """The folder that all lies in, if `torch.load` would take the archive."""
    pickles = [member.name for member in members if member.name.endswith("/data.pkl") and member.name.count("/") == 1]
    if len(pickles) != 1:
        return None
    root = pickles[0].removesuffix("data.pkl")
    return root if all(member.name.startswith(root) for member in members) else None


def _look_at_torch(part: Part, scan: Scan, name: str) -> None:
    """Storages are raw numbers to PyTorch; only how they begin is looked at."""
    if _STORAGE.fullmatch(name):
        look_at_head(part, scan, _HEAD)
    elif name.startswith("code/") and part.suffix == ".py":
        look_at_script(part, scan)
    elif name in _PROGRAMS:
        look_at_script(part, scan)
        scan.inside(part)
    elif name not in _MARKS:
        scan.inside(part)


def _inner(part: Part, scan: Scan, member: Member) -> Part:
    """Stored members are read in place.  Small ones are unpacked once, so that every look can go back in them."""
    raw = window(part, member.begin, member.packed)
    if member.method == _STORED:
        return part.inner(shown(member.name), member.size, raw)
    forward = part.inner(shown(member.name), None, partial(deflated, raw, scan.meter))
    return spooled(forward, scan.meter) if member.size <= _SMALL else forward


def _check_sum(part: Part, scan: Scan, member: Member) -> None:
    """A reader that checks refuses what another one takes.  Large members are left to their reader."""
    if member.size > _SMALL:
        return
    with part.open() as stream:
        data = stream.read(member.size + 1)
    if len(data) != member.size or zlib.crc32(data) != member.crc:
        scan.unknown(part, "zip-member", "has another length or checksum than its archive says", _REPACK)

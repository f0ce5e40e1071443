"""Archives and compressed streams: what hides inside is found, what readers would see differently is not safe."""

import bz2
import gzip
import io
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import zstandard

from gitreg.gates.scan.budget import Limits
from gitreg.gates.scan.looks import LOOKS
from gitreg.gates.scan.profiles.table import DEFAULT, allow_list
from gitreg.gates.scan.scan import scan_file


def zipped(data, name="archive/data.pkl", method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("archive/version", "3\n")
        archive.writestr(name, data)
    return buffer.getvalue()


def tarred(data, name="a", kind=tarfile.REGTYPE):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size, member.type, member.linkname = len(data), kind, "x"
        archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


WRAPPINGS = {
    "gzip": gzip.compress,
    "gzip cut off": lambda data: gzip.compress(data + b"rest" * 100)[:-4],
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "zlib": zlib.compress,
    "zstd": zstandard.compress,
    "tar": tarred,
    "tar.gz": lambda data: gzip.compress(tarred(data)),
    "zip": zipped,
    "zip, stored": lambda data: zipped(data, method=zipfile.ZIP_STORED),
    "zip, other name": lambda data: zipped(data, "notes.txt"),
    "zip in zip": lambda data: zipped(zipped(data), "inner.zip"),
    "gzip in zip": lambda data: zipped(gzip.compress(data), "notes.txt"),
    "zip in gzip": lambda data: gzip.compress(zipped(data)),
}


def storage(data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}))
        archive.writestr("archive/data/0", data)
    return buffer.getvalue()


def npy_objects(data):
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


WRAPPINGS |= {"torch storage": storage, "npy": npy_objects}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("protocol", [0, 4])
def test_a_call_is_found_in_any_wrapping_and_under_any_name(scanned, payload, wrapping, protocol):
    result = scanned(WRAPPINGS[wrapping](pickle.dumps(payload, protocol)), "vocabulary.txt")
    assert result.verdict == "unsafe", result


@pytest.mark.parametrize("wrapping", sorted(set(WRAPPINGS) - {"gzip cut off"}))
def test_data_is_safe_in_any_wrapping(scanned, wrapping):
    result = scanned(WRAPPINGS[wrapping](pickle.dumps({"w": np.arange(3)})))
    assert result.safe, result


def test_arrays_in_archives_are_safe(scanned):
    for save in (np.savez, np.savez_compressed):
        buffer = io.BytesIO()
        save(buffer, x=np.arange(1000), y=np.zeros((0, 2)))
        assert (scanned(buffer.getvalue()).format, scanned(buffer.getvalue()).findings) == ("npz", ())


@pytest.mark.parametrize("kind", ["'|O'", "'i4,O'", "'object'", "[('a', 'O')]", "('O', (1,))"])
@pytest.mark.parametrize("compress", [gzip.compress, lambda data: zipped(data + bytes(17 << 20), "a.npy")])
def test_a_compressed_array_of_objects_is_not_safe_however_its_type_is_written(scanned, payload, kind, compress):
    """NumPy unpickles each of them; the zip's member is longer than what is kept to go back in."""
    header = f"{{'descr': {kind}, 'fortran_order': False, 'shape': (1,), }}".ljust(117) + "\n"
    array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + pickle.dumps(payload, 2)
    assert scanned(compress(array)).findings


def test_a_large_compressed_array_of_numbers_is_safe(scanned):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, weights=np.zeros(17 << 20, np.uint8))
    assert scanned(buffer.getvalue()).findings == ()


def local_name(data):
    return data.replace(b"archive/data.pkl", b"archive/dat2.pkl", 1)


def local_size(data):
    at = data.rindex(b"PK\x03\x04")
    return data[: at + 22] + struct.pack("<L", 7) + data[at + 26 :]


def twice(data):
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("archive/version", "other")
    return buffer.getvalue()


def flagged(data):
    at = data.rindex(b"PK\x01\x02")
    return data[: at + 8] + b"\x01" + data[at + 9 :]


DISAGREEING = {
    "bytes before": lambda data: b"x" * 10 + data,
    "bytes after": lambda data: data + b"x",
    "another archive after": lambda data: data + zipped(b"", "x"),
    "local name": local_name,
    "local size": local_size,
    "a name twice": twice,
    "encrypted in one place": flagged,
    "cut off": lambda data: data[:-5],
    "damaged": lambda data: data.replace(b"plain words", b"other words"),
    "absolute": lambda data: zipped(b"x", "/etc/x"),
    "outside": lambda data: zipped(b"x", "../x"),
    "backslash": lambda data: zipped(b"x", "..\\x"),
    "bzip2 member": lambda data: zipped(b"x", "x", zipfile.ZIP_BZIP2),
}


@pytest.mark.parametrize("way", DISAGREEING)
def test_an_archive_that_readers_may_take_differently_is_not_safe(scanned, way):
    data = zipped(b"plain words", "archive/data.pkl", zipfile.ZIP_STORED)
    assert scanned(data).safe
    assert not scanned(DISAGREEING[way](data)).safe


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_tar_member_that_is_no_file_is_not_safe(scanned, kind):
    assert not scanned(tarred(b"", kind=kind)).safe


def test_bombs_and_nesting_end_early(tmp_path):
    """A scanner that hangs is switched off."""
    bomb, nested = tmp_path / "bomb.gz", tmp_path / "nested.gz"
    bomb.write_bytes(gzip.compress(b"\x80\x04" + b"N0" * (1 << 20)))
    data = b"x"
    for _ in range(20):
        data = gzip.compress(data)
    nested.write_bytes(data)
    for file, limits in ((bomb, Limits(steps=10_000)), (bomb, Limits(inflated=1 << 16)), (nested, Limits())):
        result = scan_file(file, allow_list(DEFAULT), LOOKS, limits)
        assert [finding.rule for finding in result.findings] == ["budget"]


def test_of_a_large_torch_archive_only_the_pickles_and_the_directory_are_read(tmp_path):
    """5 GB of weights must take seconds.  Counted, not timed, by what Linux says was read."""
    file = tmp_path / "model.pt"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"w": 1}))
        archive.writestr("archive/data/0", bytes(64 << 20))
    before = characters_read()
    assert scan_file(file, allow_list(DEFAULT), LOOKS).format == "torch"
    assert characters_read() - before < 2 << 20


def characters_read():
    counters = Path("/proc/self/io")
    return int(counters.read_text().split()[1]) if counters.exists() else 0

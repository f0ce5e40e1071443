"""OpenSSH's key revocation lists in their binary form (PROTOCOL.krl), read strictly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from gitreg.errors import FormatError
from gitreg.trust.public_key import PublicKey
from gitreg.trust.revocation import KRL_MAGIC, MAX_REVOKED, Revocations, RevokedCertificates
from gitreg.trust.wire import Reader

_VERSION: Final = 1
# Sections of the list.  A signature (4) is left out: OpenSSH releases differ in what it means, and one that is not
# checked must not look as if it were.  Extensions (255) are too: what they say is unknown.
_CERTIFICATES: Final = 1
_KEYS: Final = 2
_SHA1: Final = 3
_SHA256: Final = 5
# Sections of the certificates' section.
_SERIALS: Final = 0x20
_SERIAL_RANGE: Final = 0x21
_SERIAL_BITMAP: Final = 0x22
_KEY_IDS: Final = 0x23

_MAX_BITMAP: Final = 2048  # bytes, as in OpenSSH

Ranges = list[tuple[int, int]]


def parse_krl(data: bytes) -> Revocations:
    """Read a whole KRL; FormatError for anything malformed or unknown."""
    fields = Reader(data)
    fields.take(len(KRL_MAGIC))
    version = fields.uint32()
    if version != _VERSION:
        raise FormatError(f"a key revocation list of version {version}; this program knows {_VERSION}")
    _number, _made, _flags = fields.uint64(), fields.uint64(), fields.uint64()
    _reserved, _comment = fields.string(), fields.c_string()
    named: dict[int, list[bytes]] = {_KEYS: [], _SHA1: [], _SHA256: []}
    certificates: list[RevokedCertificates] = []
    for kind, section in _sections(fields):
        if kind == _CERTIFICATES:
            certificates.append(_read_certificates(section))
        elif kind in named:
            named[kind].extend(_read_strings(section, {_SHA1: 20, _SHA256: 32}.get(kind)))
        else:
            raise FormatError(f"a key revocation list with a section of the unknown kind {kind}")
    blobs, sha1, sha256 = (frozenset(named[kind]) for kind in (_KEYS, _SHA1, _SHA256))
    return Revocations(blobs, sha1, sha256, tuple(certificates))


def _sections(fields: Reader) -> Iterator[tuple[int, Reader]]:
    while not fields.at_end():
        yield fields.byte(), Reader(fields.string(MAX_REVOKED))


def _read_strings(section: Reader, length: int | None) -> Iterator[bytes]:
    while not section.at_end():
        data = section.string()
        if length is not None and len(data) != length:
            raise FormatError(f"a key revocation list with a hash of {len(data)} bytes instead of {length}")
        yield data


def _read_certificates(section: Reader) -> RevokedCertificates:
    authority, _reserved = section.string(), section.string()
    ranges: Ranges = []
    key_ids: list[bytes] = []
    for kind, part in _sections(section):
        if kind == _KEY_IDS:
            key_ids.extend(_read_texts(part))
        else:
            ranges.extend(_read_ranges(kind, part))
    return RevokedCertificates(
        PublicKey.from_blob(authority) if authority else None, frozenset(key_ids), tuple(_merged(ranges))
    )


def _read_texts(part: Reader) -> Iterator[bytes]:
    while not part.at_end():
        yield part.c_string()


def _read_ranges(kind: int, part: Reader) -> Ranges:
    read = _RANGES.get(kind)
    if read is None:
        raise FormatError(f"a key revocation list with certificates of the unknown kind {kind}")
    ranges = list(read(part))
    part.end()
    if any(not 0 < low <= high < 2**64 for low, high in ranges):
        raise FormatError("a key revocation list with serial numbers that are none")
    return ranges


def _read_serials(part: Reader) -> Iterator[tuple[int, int]]:
    while not part.at_end():
        serial = part.uint64()
        yield serial, serial


def _read_range(part: Reader) -> Iterator[tuple[int, int]]:
    yield part.uint64(), part.uint64()


def _read_bitmap(part: Reader) -> Iterator[tuple[int, int]]:
    offset, bits = part.uint64(), part.mpint()
    if bits.bit_length() > _MAX_BITMAP * 8:
        raise FormatError("a key revocation list with a bitmap too long to be one")
    for at in range(bits.bit_length()):
        if bits >> at & 1:
            yield offset + at, offset + at


_RANGES: Final = {_SERIALS: _read_serials, _SERIAL_RANGE: _read_range, _SERIAL_BITMAP: _read_bitmap}


def _merged(ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same numbers in ranges that neither touch nor overlap, lowest first."""
    low, high = 0, -1
    for start, end in sorted(ranges):
        if start <= high + 1 and high >= 0:
            high = max(high, end)
            continue
        if high >= 0:
            yield low, high
        low, high = start, end
    if high >= 0:
        yield low, high

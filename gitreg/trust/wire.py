"""SSH's wire encoding (RFC 4251, section 5): read strictly, written canonically.  Knows nothing of keys."""

from __future__ import annotations

from gitreg.core.text import escape
from gitreg.errors import FormatError

# Far above any real field (an RSA-16384 key has 2 KiB), far below what could exhaust memory.
MAX_STRING = 64 * 1024


def pack_uint32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def pack_uint64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def pack_string(data: bytes) -> bytes:
    return pack_uint32(len(data)) + data


def pack_mpint(number: int) -> bytes:
    """A non-negative integer; the leading zero byte keeps it positive."""
    return pack_string(number.to_bytes(number.bit_length() // 8 + 1, "big") if number else b"")


class Reader:
    """Takes fields off the front of `data`; every method raises FormatError rather than guess."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._data):
            raise FormatError("SSH data ends too early")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def byte(self) -> int:
        return self.take(1)[0]

    def uint32(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def uint64(self) -> int:
        return int.from_bytes(self.take(8), "big")

    def string(self, limit: int = MAX_STRING) -> bytes:
        # `take` twice, in one step: most of what is read are strings
        start = self._at + 4
        length = int.from_bytes(self._data[self._at : start], "big")
        if length > limit:
            raise FormatError(f"SSH data has a field of {length} bytes, the limit is {limit}")
        self._at = start + length
        if self._at > len(self._data):
            raise FormatError("SSH data ends too early")
        return self._data[start : self._at]

    def c_string(self) -> bytes:
        """A string without NUL, at which OpenSSH would end it."""
        data = self.string()
        if b"\0" in data:
            raise FormatError("SSH data has a text with a NUL in it")
        return data

    def word(self) -> str:
        """A string of printable ASCII, as names of algorithms and namespaces are."""
        data = self.string()
        text = data.decode("latin-1")
        if not (text.isascii() and text.isprintable()):
            raise FormatError(f"SSH data has a name that is not plain text: '{escape(text[:40])}'")
        return text

    def mpint(self) -> int:
        """A non-negative integer in its one shortest form, so that equal keys have equal bytes."""
        data = self.string()
        if data and (data[0] & 0x80 or (data[0] == 0 and (len(data) == 1 or not data[1] & 0x80))):
            raise FormatError("SSH data has a negative or padded integer")
        return int.from_bytes(data, "big")

    def at_end(self) -> bool:
        return self._at == len(self._data)

    def end(self) -> None:
        if self._at != len(self._data):
            raise FormatError(f"SSH data has {len(self._data) - self._at} bytes too many")

"""If the reader were lax, two different byte strings could be one key, and identity would mean nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.errors import FormatError
from gitreg.trust.wire import MAX_STRING, Reader, pack_mpint, pack_string, pack_uint32


@given(st.binary(max_size=300), st.integers(0, 2**2100), st.integers(0, 2**32 - 1))
def test_what_is_packed_is_read_back(data: bytes, number: int, word: int):
    fields = Reader(pack_string(data) + pack_mpint(number) + pack_uint32(word))
    assert (fields.string(), fields.mpint(), fields.uint32()) == (data, number, word)
    fields.end()


@given(st.binary(max_size=12))
def test_an_integer_has_one_form(data: bytes):
    """Any field read as an integer is the one that would be written for it."""
    try:
        number = Reader(pack_string(data)).mpint()
    except FormatError:
        return
    assert pack_mpint(number) == pack_string(data)


@pytest.mark.parametrize("data", [b"", b"\0\0\0", b"\0\0\0\5abcd", pack_uint32(MAX_STRING + 1) + bytes(MAX_STRING + 1)])
def test_a_short_or_huge_string_is_refused(data: bytes):
    with pytest.raises(FormatError):
        Reader(data).string()


@pytest.mark.parametrize("name", [b"git\0", b"git\n", "gìt".encode(), b"\xff"])
def test_a_name_is_plain_text(name: bytes):
    """OpenSSH stops at NUL; a name that both sides read differently must not pass."""
    with pytest.raises(FormatError):
        Reader(pack_string(name)).word()


def test_trailing_bytes_are_refused():
    with pytest.raises(FormatError, match="1 bytes too many"):
        Reader(b"x").end()

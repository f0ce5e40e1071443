"""Digests: the published BLAKE3 vectors, one accepted spelling, and no way to smuggle a path in as a name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.digest import Digest
from gitreg.errors import FormatError

EMPTY = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
ABC = "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"


@pytest.mark.parametrize(("data", "expected"), [(b"", EMPTY), (b"abc", ABC)])
def test_published_vectors(data, expected):
    """Every object in every store would have another name."""
    assert Digest.of(data).hex == expected
    assert Digest.of(bytearray(data)) == Digest.of(memoryview(data)) == Digest.from_hex(expected)


@given(st.binary(max_size=100))
def test_text_round_trip(data):
    """Pointers and tags written by us could not be read back."""
    digest = Digest.of(data)
    assert Digest.parse(str(digest)) == digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        EMPTY,
        "blake3:",
        "sha256:" + EMPTY,
        "blake3:" + EMPTY[:-1],
        "blake3:" + EMPTY + "0",
        "blake3:" + EMPTY.upper(),
        "blake3:" + EMPTY + "\n",
        " blake3:" + EMPTY,
        "blake3:" + "../" * 21 + "x",
        "blake3:" + "\u0661" * 64,
    ],
)
def test_anything_else_is_refused(text):
    """A digest is used as a file name; a second spelling would be a second name for the same bytes."""
    with pytest.raises(FormatError):
        Digest.parse(text)


def test_an_unchecked_digest_cannot_be_made():
    """A store would look outside its objects directory."""
    with pytest.raises(FormatError):
        Digest("../../etc/passwd")

"""Chunk lists read the fast way say what the parser says, and refuse what it would not know."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.chunk_lines import chunk_lines, chunk_of
from gitreg.core.digest import Digest
from gitreg.core.manifest import ChunkEntry, FileEntry, Manifest, format_manifest
from gitreg.errors import FormatError

LENGTHS = st.lists(st.integers(1, 1 << 24), min_size=1, max_size=20)


def manifest_of(lengths: list[int]) -> bytes:
    chunks = tuple(ChunkEntry(Digest.of(b"%d" % length), length) for length in lengths)
    file = FileEntry("chunks 9", sum(lengths), False, hashlib.sha256().hexdigest())
    return format_manifest(Manifest((file,), chunks, "gitreg-1"))


@given(LENGTHS)
def test_they_are_those_of_the_manifest(lengths):
    """gc would delete a chunk that a manifest lists."""
    found = {chunk_of(line) for line in chunk_lines(manifest_of(lengths))}
    assert found == {ChunkEntry(Digest.of(b"%d" % length), length) for length in lengths}


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"manifest 1", b"manifest 2"),
        lambda text: text.replace(b"\nchunks 2\n", b"\nchunks 3\n"),
        lambda text: text.replace(b"\nchunks 2\n", b"\npieces 2\n"),
        lambda text: text[:-1],
        lambda text: text + b"more 1\n",
        lambda _: b"",
    ],
)
def test_an_unknown_format_is_refused(change):
    """What a newer gitreg stored would be taken for needing nothing."""
    with pytest.raises(FormatError):
        chunk_lines(change(manifest_of([5, 6])))


@pytest.mark.parametrize("line", [b"", b"x" * 64 + b" 1", b"0" * 64, b"0" * 64 + b" 0", b"0" * 64 + b" 1 zstd"])
def test_a_line_of_another_form_is_refused(line):
    """The same, for a list that has more columns one day."""
    with pytest.raises(FormatError):
        chunk_of(line)

"""Manifests: one text for each artifact, a fixed golden form, and strict reading."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.digest import Digest
from gitreg.core.limits import MAX_CHUNK_BYTES, MIB
from gitreg.core.manifest import (
    ChunkEntry,
    FileEntry,
    Manifest,
    canonical_key,
    format_manifest,
    parse_manifest,
)
from gitreg.errors import FormatError

GOLDEN = Path(__file__).parent / "golden"
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def example() -> Manifest:
    return Manifest(
        files=(
            FileEntry("weights/model.safetensors", 3 * MIB, executable=False, sha256="1" * 64),
            FileEntry("README.md", 100, executable=False, sha256="2" * 64),
            FileEntry("bin/run.sh", 20, executable=True, sha256="3" * 64),
            FileEntry("données/été.csv", 0, executable=False, sha256=EMPTY_SHA256),
        ),
        chunks=(
            ChunkEntry(Digest.from_hex("a" * 64), 2 * MIB),
            ChunkEntry(Digest.from_hex("b" * 64), MIB),
            ChunkEntry(Digest.from_hex("c" * 64), 120),
        ),
        cut_rule="gitreg-1",
    )


@st.composite
def manifests(draw):
    names = st.text("abcdefgé日.-_", min_size=1, max_size=6).map(lambda name: "f" + name + "f")
    paths = draw(st.lists(names, min_size=1, max_size=8, unique_by=str.casefold))
    sizes = st.one_of(st.integers(0, 2000), st.integers(MIB - 1, MIB + 1))
    hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
    files = [FileEntry(path, draw(sizes), draw(st.booleans()), draw(hexes)) for path in paths]
    files.sort(key=lambda entry: canonical_key(entry.path, entry.size))
    left, chunks = sum(entry.size for entry in files), []
    while left:
        length = draw(st.integers(min(left, MIB), min(left, MAX_CHUNK_BYTES)))
        chunks.append(ChunkEntry(Digest.from_hex(draw(hexes)), length))
        left -= length
    return Manifest(tuple(files), tuple(chunks), "gitreg-1")


def test_golden_file():
    """Bytes written by one version could not be read, or would be named otherwise, by another."""
    golden = (GOLDEN / "manifest-1.txt").read_bytes()
    assert format_manifest(example()) == golden
    assert parse_manifest(golden) == example()
    assert example().digest == Digest.of(golden)
    assert example().size == 3 * MIB + 120


@given(manifests())
def test_round_trip(manifest):
    """What was added could not be read back as it was."""
    data = format_manifest(manifest)
    assert parse_manifest(data) == manifest
    assert format_manifest(parse_manifest(data)) == data


@given(st.data())
def test_any_accepted_text_is_the_canonical_one(data):
    """Two texts for one artifact would give it two identities."""
    text = bytearray(format_manifest(example()))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    try:
        manifest = parse_manifest(bytes(text))
    except FormatError:
        return
    assert format_manifest(manifest) == bytes(text)


def replaced(old: str, new: str) -> bytes:
    text = format_manifest(example())
    assert old.encode() in text
    return text.replace(old.encode(), new.encode(), 1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"gitreg-manifest 1",
        format_manifest(example()) + b"\n",
        format_manifest(example())[:-1],
        format_manifest(example()).replace(b"\n", b"\r\n"),
        replaced("cut gitreg-1", "cut  gitreg-1"),
        replaced("cut gitreg-1", "cut Gitreg"),
        replaced("files 4", "files 3"),
        replaced("files 4", "files 5"),
        replaced("files 4", "files 04"),
        replaced("files 4", "files 4000001"),
        replaced("files 4", "files 99999999999999999999"),
        replaced("chunks 3", "chunks 2"),
        replaced("chunks 3", "chunks +3"),
        replaced(" 100 -", " 0100 -"),
        replaced(" 100 -", " 101 -"),
        replaced(" 100 -", " 100 X"),
        replaced("README.md", "../README.md"),
        replaced("README.md", "zz"),
        replaced("README.md", "BIN"),
        replaced("2" * 64, "F" * 64),
        replaced("b" * 64, "B" * 64),
        format_manifest(example()).replace(b"README.md", b"READ\xff.md"),
        b"gitreg-manifest 1\ncut gitreg-1\nfiles 0\nchunks 0\n",
        replaced(f"{'b' * 64} {MIB}", f"{'b' * 64} {MIB}\n{'b' * 64} 0").replace(b"chunks 3", b"chunks 4"),
    ],
)
def test_anything_not_canonical_is_refused(data):
    """A second text for the same artifact, a lie about sizes, or an escape from the directory would be accepted."""
    with pytest.raises(FormatError):
        parse_manifest(data)


def test_newer_format_says_to_upgrade():
    """Users of an old program would be told that their registry is broken."""
    with pytest.raises(FormatError) as caught:
        parse_manifest(replaced("gitreg-manifest 1", "gitreg-manifest 2"))
    assert "'2'" in caught.value.message
    assert "upgrade" in caught.value.hint


def test_chunks_have_a_greatest_length():
    """One line of a manifest could demand gigabytes of memory."""
    length = MAX_CHUNK_BYTES + 1
    files = (FileEntry("a", length, executable=False, sha256="1" * 64),)
    with pytest.raises(FormatError):
        format_manifest(Manifest(files, (ChunkEntry(Digest.of(b""), length),), "gitreg-1"))

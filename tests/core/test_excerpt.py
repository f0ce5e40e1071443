"""Excerpts: what is read of a manifest alone is what all of it says."""

from __future__ import annotations

import fnmatch
import glob

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core import manifest_text
from gitreg.core.excerpt import _needle, excerpt_of, parse_excerpt
from gitreg.core.manifest import format_manifest, parse_manifest
from gitreg.errors import FormatError, NotFoundError
from tests.core.test_manifest import EMPTY_SHA256, example, manifests, replaced


@st.composite
def patterns_for(draw, manifest):
    path = st.sampled_from([file.path for file in manifest.files])
    pattern = st.one_of(path.map(glob.escape), path.map(lambda text: glob.escape(text[:2]) + "*"), st.just("*é*"))
    return draw(st.lists(pattern, min_size=1, max_size=3))


def outcome(function, *arguments):
    try:
        return function(*arguments)
    except NotFoundError as error:
        return error.message


@given(st.data(), st.sampled_from([1, 100, 1 << 22]))
def test_reading_a_part_is_reading_all_and_taking_the_part(data, block):
    """A partial pull would bring other files, or bytes from another place in the artifact, than a full one."""
    manifest = data.draw(manifests())
    patterns = data.draw(patterns_for(manifest))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_text, "_BLOCK", block)
        assert outcome(parse_excerpt, format_manifest(manifest), patterns) == outcome(excerpt_of, manifest, patterns)


@given(st.data())
def test_text_that_is_accepted_as_a_whole_is_accepted_in_part(data):
    """Mutated text: whatever the strict reader takes, the partial one takes for the same."""
    text = bytearray(format_manifest(example()))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    try:
        whole = parse_manifest(bytes(text))
    except FormatError:
        return
    assert parse_excerpt(bytes(text), ["*"]) == excerpt_of(whole)


@given(st.data())
def test_sizes_alone_are_read_as_strictly_as_whole_lines(data):
    """A line that a full pull refuses could shift the place of every file after it in a partial one."""
    lines = "".join([f"{file.sha256} {file.size} - {file.path}\n" for file in example().files] * 2).encode()
    block = bytearray(lines)
    for _ in range(data.draw(st.integers(0, 2))):
        place = data.draw(st.integers(0, len(block) - 1))
        block[place : place + data.draw(st.integers(0, 2))] = data.draw(
            st.binary(max_size=2) | st.sampled_from([b"\n", b" ", b"0", b"F", b"-", b"x", "é".encode()])
        )
    block = bytes(block).rstrip(b"\n") + b"\n"
    try:
        expected = [int(size) for _, size, _, _ in manifest_text.file_rows(block)]
    except FormatError:
        with pytest.raises(FormatError):
            manifest_text.file_sizes(block)
    else:
        assert manifest_text.file_sizes(block) == expected


@pytest.mark.parametrize("pattern", ["d[ab]*.bin", "*[.]bin", "[d]", "?ata*", "*", "data[", "*é*"])
def test_what_a_pattern_must_hold_is_in_what_it_matches(pattern):
    """The lines that a pattern matches would be passed over."""
    paths = ["da.bin", "dbx.bin", "data", "data[", "d", "é"]
    assert all(_needle(pattern) in path.encode() for path in paths if fnmatch.fnmatchcase(path, pattern))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        replaced("cut gitreg-1", "cut Gitreg"),
        replaced("files 4", "files 3"),
        replaced("files 4", "files 4000001"),
        replaced("chunks 3", "chunks 2"),
        replaced(" 100 -", " 0100 -"),
        replaced(" 100 -", " 101 -"),
        replaced(" 100 -", " 100 X"),
        replaced("2" * 64, "F" * 64),
        replaced(EMPTY_SHA256, EMPTY_SHA256.upper()),
        replaced("bin/run.sh", "bin/../run.sh"),
        format_manifest(example()).replace(b"README.md", b"READ\xff.md"),
        format_manifest(example()) + b"\n",
    ],
)
def test_faults_are_seen_without_asking_for_the_file_they_are_in(data):
    """Sizes that do not add up would shift the bytes of every file after them; a path could lead outside."""
    with pytest.raises(FormatError):
        parse_excerpt(data, ["bin/*"])


def test_a_pattern_without_a_file():
    """A typo would look like success."""
    for read in (lambda: excerpt_of(example(), ["bin/*", "nope"]), lambda: parse_excerpt(DATA, ["bin/*", "nope"])):
        with pytest.raises(NotFoundError, match="'nope'"):
            read()


def test_globs_cross_directories():
    """`--files '*.sh'` would find only files at the top, unlike what the reference says."""
    found = parse_excerpt(DATA, ["*.sh"])
    assert [placed.file.path for placed in found.files] == ["bin/run.sh"]
    assert fnmatch.fnmatchcase("bin/run.sh", "*.sh")
    assert found.size == 20


DATA = format_manifest(example())

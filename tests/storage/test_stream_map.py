"""Dividing an artifact's stream: every byte of every wanted file exactly once, and no chunk that holds none."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.digest import Digest
from gitreg.core.excerpt import Excerpt, excerpt_of
from gitreg.storage import stream_map
from gitreg.storage.stream_map import Gap, chunk_parts, units
from tests.core.test_manifest import manifests


def numbered(manifest):
    """Chunks that can be told apart."""
    chunks = [chunk._replace(digest=Digest.of(b"%d" % n)) for n, chunk in enumerate(manifest.chunks)]
    return dataclasses.replace(manifest, chunks=tuple(chunks))


@given(manifests().map(numbered), st.data(), st.sampled_from([1, 1 << 20, 1 << 23]))
def test_units_hold_what_is_wanted(manifest, data, unit_bytes):
    """Files would be written with each other's bytes, twice or not at all, or the whole artifact fetched for one."""
    whole = excerpt_of(manifest)
    wanted = data.draw(st.lists(st.sampled_from(whole.files), unique=True).map(sorted_by(whole)))
    starts, position = {}, 0
    for chunk in manifest.chunks:
        starts[chunk] = position
        position += chunk.length
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream_map, "_UNIT_BYTES", unit_bytes)
        found = list(units(Excerpt(tuple(wanted), manifest.chunks)))
    assert [file for unit in found for file in unit.files] == [placed.file for placed in wanted]
    seen, needed = {}, set()
    for unit in found:
        assert sum(entry.size for entry in unit.entries) == sum(chunk.length for chunk in unit.chunks)
        for chunk, parts in chunk_parts(unit):
            needed.add(chunk)
            place = starts[chunk]
            for part in parts:
                if not isinstance(part.entry, Gap):
                    seen.setdefault(part.entry.path, []).append((place, place + part.length))
                place += part.length
    for file, start in wanted:
        if file.size:
            pieces = seen.pop(file.path)
            assert (pieces[0][0], pieces[-1][1]) == (start, start + file.size)
            assert all(before[1] == after[0] for before, after in pairwise(pieces))
    assert not seen
    assert needed == {
        chunk
        for chunk, start in starts.items()
        if any(p.file.size and start < p.start + p.file.size and start + chunk.length > p.start for p in wanted)
    }


def sorted_by(whole):
    return lambda chosen: [placed for placed in whole.files if placed in chosen]


@given(manifests().map(numbered), st.data())
def test_what_proves_a_file_does_not_depend_on_what_else_is_wanted(manifest, data):
    """A file could be taken for right by one command and for wrong by another."""
    whole = excerpt_of(manifest)
    wanted = data.draw(st.lists(st.sampled_from(whole.files), unique=True).map(sorted_by(whole)))
    of_all = {file.path: chunks for unit in units(whole) for file, chunks in unit.proofs()}
    some = {file.path: chunks for unit in units(Excerpt(tuple(wanted), whole.chunks)) for file, chunks in unit.proofs()}
    assert some.items() <= of_all.items()
    for placed in wanted:
        own = some[placed.file.path]
        assert not own or sum(chunk.length for chunk in own) == placed.file.size

"""Reading all of an artifact: nothing that is wrong with it goes unsaid."""

from __future__ import annotations

import dataclasses

import pytest

from gitreg.storage.full_check import faults
from gitreg.storage.ingest import ingest
from tests.storage.helpers import damage, object_file


@pytest.fixture
def manifest(tree, store):
    return ingest(tree, store).manifest


def test_an_intact_one_has_none(store, manifest):
    """Whoever verifies would be told of damage that is not there."""
    assert list(faults(manifest, store)) == []


@pytest.mark.parametrize("path", ["weights/large.bin", "data/077.bin", "empty"])
def test_a_wrong_sha256(store, manifest, path):
    """A maintainer could publish bytes under the SHA-256 of others, and nobody would ever look."""
    files = [file._replace(sha256="0" * 64) if file.path == path else file for file in manifest.files]
    (fault,) = faults(dataclasses.replace(manifest, files=tuple(files)), store)
    assert path in fault.message
    assert "SHA-256" in fault.message


def test_damaged_and_missing_chunks_are_all_named(store, manifest):
    """A repair would miss some."""
    first, last = manifest.chunks[0].digest, manifest.chunks[-1].digest
    damage(object_file(store, first), lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    object_file(store, last).unlink()
    messages = [fault.message for fault in faults(manifest, store)]
    assert len(messages) == 2
    assert first.hex in messages[0]
    assert last.hex in messages[1]

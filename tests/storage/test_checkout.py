"""Checkouts: the same files as were added, verified, and not a byte outside the destination."""

from __future__ import annotations

import dataclasses
import hashlib
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest

from gitreg.core.artifact_path import TEMP_DIRECTORY
from gitreg.core.excerpt import excerpt_of
from gitreg.core.manifest import Manifest
from gitreg.errors import GitregError, NotFoundError, RefusedError, VerificationError
from gitreg.storage.checkout import Existing, materialise
from gitreg.storage.ingest import ingest
from gitreg.storage.store import MissingObjectError
from gitreg.storage.verified import CorruptObjectError
from tests.storage.helpers import contents, damage, object_file


@pytest.fixture
def manifest(tree, store):
    return ingest(tree, store).manifest


def test_round_trip(tree, store, manifest, tmp_path):
    """What comes out would not be what went in."""
    result = materialise(manifest, store, tmp_path / "a" / "out")
    assert contents(tmp_path / "a" / "out") == contents(tree)
    assert (result.files, result.bytes, result.reused) == (len(manifest.files), manifest.size, 0)
    assert not (tmp_path / "a" / "out" / TEMP_DIRECTORY).exists()


def test_again_writes_nothing(store, manifest, tmp_path):
    """A second pull would rewrite everything."""
    out = tmp_path / "out"
    materialise(manifest, store, out)
    before = {path: path.stat().st_ino for path in out.rglob("*")}
    assert materialise(manifest, store, out).reused == len(manifest.files)
    assert {path: path.stat().st_ino for path in out.rglob("*")} == before


def test_patterns(store, manifest, tmp_path):
    """One file of a large artifact could not be had alone, or a typo would look like success."""
    out = tmp_path / "out"
    result = materialise(excerpt_of(manifest, ["README.md", "data/00?.bin"]), store, out)
    assert sorted(contents(out)) == ["README.md", *(f"data/00{number}.bin" for number in range(10))]
    assert result.files == 11
    with pytest.raises(NotFoundError, match="nope"):
        excerpt_of(manifest, ["nope*"])


def test_patterns_read_only_the_chunks_they_need(store, manifest, tmp_path):
    """One small file would cost the whole artifact's transfer."""
    large = next(file for file in manifest.files if file.path == "weights/large.bin")
    start = sum(file.size for file in manifest.files[: manifest.files.index(large)])
    place, doomed = 0, []
    for chunk in manifest.chunks:
        if start <= place < start + large.size:
            doomed.append(chunk.digest)
        place += chunk.length
    store.remove(doomed)
    materialise(excerpt_of(manifest, ["README.md", "weights/edge.bin"]), store, tmp_path / "out")
    with pytest.raises(MissingObjectError):
        materialise(manifest, store, tmp_path / "out")


def test_other_content_is_refused_before_anything_is_written(tree, store, manifest, tmp_path):
    """Somebody's work would be overwritten, or the directory left half old, half new."""
    out = tmp_path / "out"
    (out / "data").mkdir(parents=True)
    (out / "data" / "149.bin").write_bytes(b"mine")
    (out / "mine too").write_bytes(b"keep")
    with pytest.raises(RefusedError, match=r"data/149\.bin") as caught:
        materialise(manifest, store, out)
    assert "--force" in caught.value.hint
    assert sorted(contents(out)) == ["data/149.bin", "mine too"]
    materialise(manifest, store, out, existing=Existing.REPLACE)
    assert contents(out).pop("mine too") == (b"keep", False)
    assert {**contents(tree), "mine too": (b"keep", False)} == contents(out)


def test_executable_bit_alone_is_repaired(store, manifest, tmp_path):
    """A file with the right bytes would be refused, or stay unusable."""
    out = tmp_path / "out"
    materialise(manifest, store, out)
    (out / "README.md").chmod(0o644)
    assert materialise(manifest, store, out).reused == len(manifest.files)
    assert (out / "README.md").stat().st_mode & 0o111


@pytest.mark.parametrize("existing", list(Existing))
def test_a_planted_directory_link_is_not_followed(store, manifest, tmp_path, existing):
    """An artifact could be made to overwrite ~/.ssh."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "weights").symlink_to(outside, target_is_directory=True)
    with pytest.raises(RefusedError):
        materialise(manifest, store, tmp_path / "out", existing=existing)
    assert list(outside.iterdir()) == []


def test_a_planted_file_link_is_replaced_not_followed(store, manifest, tmp_path):
    """As above, for a link in a file's place."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "README.md").symlink_to(outside)
    with pytest.raises(RefusedError):
        materialise(manifest, store, tmp_path / "out")
    materialise(manifest, store, tmp_path / "out", existing=Existing.REPLACE)
    assert outside.read_bytes() == b"precious"
    assert not (tmp_path / "out" / "README.md").is_symlink()


def test_a_planted_temporary_directory_is_not_followed(store, manifest, tmp_path):
    """Half-written files would land in a directory of an attacker's choice."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / TEMP_DIRECTORY).symlink_to(outside, target_is_directory=True)
    with pytest.raises(Exception, match=r"cannot write|Not a directory"):
        materialise(manifest, store, tmp_path / "out")
    assert list(outside.iterdir()) == []


def test_a_directory_swapped_for_a_link_while_we_write(store, manifest, tmp_path):
    """The checks would be right and the writes still go astray."""
    out, outside = tmp_path / "out", tmp_path / "outside"
    outside.mkdir()
    stop = threading.Event()

    def swap():
        while not stop.is_set():
            try:
                (out / "data").rename(out / "aside")
                (out / "data").symlink_to(outside, target_is_directory=True)
                (out / "data").unlink()
                (out / "aside").rename(out / "data")
            except OSError:
                continue

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(15):
            with suppress(GitregError):
                materialise(manifest, store, out, existing=Existing.REPLACE)
            for path in out.glob("data/*"):
                path.unlink(missing_ok=True)
    finally:
        stop.set()
        thread.join()
    assert list(outside.iterdir()) == []


def test_damage_is_noticed_and_no_partial_file_seen(store, manifest, tmp_path):
    """A truncated model would be loaded."""
    digest = manifest.chunks[-1].digest
    damage(object_file(store, digest), lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(CorruptObjectError, match=digest.hex):
        materialise(manifest, store, tmp_path / "out")
    sizes = {file.path: file.size for file in manifest.files}
    assert all(len(data) == sizes[path] for path, (data, _) in contents(tmp_path / "out").items())
    assert not (tmp_path / "out" / TEMP_DIRECTORY).exists()


def lying(manifest, path, sha256="0" * 64):
    files = [file._replace(sha256=sha256) if file.path == path else file for file in manifest.files]
    return dataclasses.replace(manifest, files=tuple(files))


def test_a_lie_about_a_file_that_shares_its_chunks_is_noticed(store, manifest, tmp_path):
    """Other tools trust the SHA-256; it could be of other bytes."""
    with pytest.raises(VerificationError, match="SHA-256"):
        materialise(lying(manifest, "data/077.bin"), store, tmp_path / "out")
    assert "data/077.bin" not in contents(tmp_path / "out")


def test_a_large_file_is_what_its_chunks_say_when_written_and_when_found(tree, store, manifest, tmp_path):
    """One version could be two things: the bytes it fetches, or others of the claimed SHA-256 found in place."""
    out, path = tmp_path / "out", "weights/large.bin"
    other = random.Random(9).randbytes((tree / path).stat().st_size)
    false = lying(manifest, path, hashlib.sha256(other).hexdigest())
    (out / "weights").mkdir(parents=True)
    (out / path).write_bytes(other)
    with pytest.raises(RefusedError):
        materialise(false, store, out)
    materialise(false, store, out, existing=Existing.REPLACE)
    assert contents(out) == contents(tree)
    assert materialise(false, store, out).reused == len(manifest.files)


def test_a_chunk_longer_than_claimed_is_noticed(store, manifest, tmp_path):
    """A hostile manifest could shift bytes between files."""
    first, second = manifest.chunks[:2]
    chunks = (
        first._replace(length=first.length - 1),
        second._replace(length=second.length + 1),
    )
    with pytest.raises(CorruptObjectError):
        materialise(Manifest(manifest.files, chunks + manifest.chunks[2:], "gitreg-1"), store, tmp_path / "out")


SCRIPT = """
import sys
from pathlib import Path
from gitreg.core.digest import Digest
from gitreg.storage.checkout import materialise
from gitreg.storage.local import LocalStore
from gitreg.storage.verified import read_manifest
store = LocalStore.open(Path(sys.argv[1]))
print("ready", flush=True)
materialise(read_manifest(store, Digest.from_hex(sys.argv[2])), store, Path(sys.argv[3]))
"""


def test_killed_anywhere_and_run_again(tmp_path, store):
    """A crash would leave files that look whole and are not, or a directory that cannot be completed (W3)."""
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    generator = random.Random(5)
    (source / "large").write_bytes(generator.randbytes(60 << 20))
    for number in range(500):
        (source / f"small{number}").write_bytes(generator.randbytes(5000))
    manifest = ingest(source, store).manifest
    expected = contents(source)
    command = [sys.executable, "-c", SCRIPT, str(store.root), manifest.digest.hex, str(out)]
    for _ in range(12):
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(generator.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        seen = {path: file for path, file in contents(out).items() if not path.startswith(TEMP_DIRECTORY)}
        assert seen.items() <= expected.items()
        if generator.random() < 0.3:
            for path in list(out.glob("small*")) + list(out.glob("large")):
                path.unlink()
    materialise(manifest, store, out)
    assert contents(out) == expected


def test_set_user_id_is_dropped(tmp_path, store):
    """A shared store could plant programs that run as another user."""
    (tmp_path / "tool").write_bytes(b"#!/bin/sh\n")
    (tmp_path / "tool").chmod(0o6755)
    manifest = ingest(tmp_path / "tool", store).manifest
    materialise(manifest, store, tmp_path / "out")
    assert (tmp_path / "out" / "tool").stat().st_mode & 0o7000 == 0


def test_only_empty_files(tmp_path, store):
    """Artifacts of markers alone could not be pulled."""
    (tmp_path / "empty").touch()
    manifest = ingest(tmp_path / "empty", store).manifest
    assert materialise(manifest, store, tmp_path / "out").files == 1
    assert contents(tmp_path / "out") == {"empty": (b"", False)}


def test_a_second_call_clears_what_a_killed_one_left_although_nothing_is_missing(tree, store, manifest, tmp_path):
    """Whoever is killed at the very end would leave rubbish in a user's folder for ever."""
    out = tmp_path / "out"
    materialise(manifest, store, out)
    (out / ".gitreg-tmp" / "dead").mkdir(parents=True)
    (out / ".gitreg-tmp" / "dead" / "lock").touch()
    materialise(manifest, store, out)
    assert contents(out) == contents(tree)

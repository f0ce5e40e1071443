"""Pull and path: verified files in place, or nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitreg.api import Registry
from gitreg.errors import GitregError, NotFoundError, RefusedError, StorageError, UsageError, VerificationError
from gitreg.operations.pull import PullRequest
from gitreg.storage.checkout import Existing

WEIGHTS = bytes(range(256)) * 40


@pytest.fixture
def clone(world) -> Registry:
    return world.clone("clone")


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_into_the_usual_place(world, clone: Registry):
    pulled = clone.pull("mnist")
    assert pulled.path == clone.root / "models" / "mnist"
    assert (pulled.verified, str(pulled.version), pulled.files) == (True, "v1.0.0", 2)
    assert (pulled.path / "weights.bin").read_bytes() == WEIGHTS
    assert world.sh("git", "status", "--porcelain", cwd="clone") == ""
    assert clone.status().clean


def test_into_a_folder_and_only_some_files(clone: Registry, tmp_path: Path):
    pulled = clone.pull("mnist@v1.0.0", PullRequest(tmp_path / "out", ("*.md",)))
    assert tree(tmp_path / "out") == {"README.md": b"# A model\n"}
    assert pulled.files == 1
    with pytest.raises(NotFoundError, match=r"no file matches '\*\.onnx'"):
        clone.pull("mnist", PullRequest(tmp_path / "none", ("*.onnx",)))


def test_the_usual_place_of_another_version_is_not_used(world, registry: Registry):
    world.release(registry, b"two")
    with pytest.raises(UsageError, match="is not mnist@v1") as refused:
        registry.pull("mnist@v1.0.0")
    assert "-o" in str(refused.value.hint)
    assert (registry.root / "models" / "mnist" / "weights.bin").read_bytes() == b"two"


def test_other_content_in_a_file_s_place_is_kept_and_nothing_is_written(clone: Registry, tmp_path: Path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "weights.bin").write_bytes(b"mine")
    (out / "notes.txt").write_bytes(b"also mine")
    with pytest.raises(RefusedError, match=r"another 'weights\.bin'"):
        clone.pull("mnist", PullRequest(out))
    assert tree(out) == {"weights.bin": b"mine", "notes.txt": b"also mine"}
    clone.pull("mnist", PullRequest(out, existing=Existing.REPLACE))
    assert tree(out) == {"weights.bin": WEIGHTS, "README.md": b"# A model\n", "notes.txt": b"also mine"}


def test_pulling_twice_writes_nothing_new(clone: Registry, tmp_path: Path):
    clone.pull("mnist", PullRequest(tmp_path / "out"))
    before = (tmp_path / "out" / "weights.bin").stat()
    clone.pull("mnist", PullRequest(tmp_path / "out"))
    after = (tmp_path / "out" / "weights.bin").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_planted_link_is_not_followed(clone: Registry, tmp_path: Path):
    (tmp_path / "precious").write_text("keep")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "weights.bin").symlink_to(tmp_path / "precious")
    with pytest.raises(RefusedError):
        clone.pull("mnist", PullRequest(tmp_path / "out"))
    clone.pull("mnist", PullRequest(tmp_path / "out", existing=Existing.REPLACE))
    assert (tmp_path / "precious").read_text() == "keep"


def test_a_file_where_the_folder_should_be(clone: Registry, tmp_path: Path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(GitregError) as refused:
        clone.pull("mnist", PullRequest(tmp_path / "out"))
    assert "\n" not in refused.value.message
    assert (tmp_path / "out").read_text() == "a file"


@pytest.mark.parametrize("damage", ["flipped", "missing", "truncated"])
def test_damaged_objects_never_become_files(world, clone: Registry, tmp_path: Path, flipped, damage: str):
    victim = world.objects("hub.git")[0]
    if damage == "flipped":
        flipped(victim)
    elif damage == "missing":
        victim.unlink()
    else:
        os.truncate(victim, 10)
    with pytest.raises(GitregError) as refused:
        clone.pull("mnist", PullRequest(tmp_path / "out"))
    assert victim.name[:12] in refused.value.message
    assert not (tmp_path / "out" / "weights.bin").exists()
    with pytest.raises(GitregError):
        clone.path("mnist")


def test_a_forged_version_is_not_pulled(world, clone: Registry, tmp_path: Path):
    world.forge("mnist@v1.0.0", "The first one", "Another one", where="clone")
    with pytest.raises(VerificationError):
        clone.pull("mnist", PullRequest(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_working_pointer_is_pulled_and_said_to_be_unsigned(clone: Registry, tmp_path: Path):
    pulled = clone.pull("models/mnist.gitreg", PullRequest(tmp_path / "out"))
    assert (pulled.verified, pulled.version) == (False, None)
    assert tree(tmp_path / "out")["weights.bin"] == WEIGHTS


def test_by_manifest_and_by_stage(world, registry: Registry, tmp_path: Path):
    manifest = registry.version("mnist").manifest
    world.release(registry, b"two", "dev")
    assert str(registry.pull(f"mnist@{manifest}", PullRequest(tmp_path / "one")).version) == "v1.0.0"
    assert str(registry.pull("mnist@dev", PullRequest(tmp_path / "two")).version) == "v1.1.0"
    assert tree(tmp_path / "two")["weights.bin"] == b"two"


def test_a_checkout_is_shared_read_only_and_made_again_if_somebody_changed_it(clone: Registry, flipped):
    place = clone.path("mnist")
    assert clone.path("mnist@v1.0.0") == place
    assert tree(place)["weights.bin"] == WEIGHTS
    assert not (place / "weights.bin").stat().st_mode & 0o222
    flipped(place / "weights.bin")
    assert tree(clone.path("mnist"))["weights.bin"] == WEIGHTS


def test_without_any_store_the_bytes_are_said_to_be_missing(world, clone: Registry, tmp_path: Path):
    (world.root / "hub.git" / "gitreg").rename(world.root / "away")
    with pytest.raises(GitregError) as refused:
        clone.pull("mnist", PullRequest(tmp_path / "out"))
    assert refused.value.hint
    assert not (tmp_path / "out").exists()


def test_a_remote_that_is_away_is_the_reason_why_bytes_are_missing(world, clone: Registry, tmp_path: Path):
    """People would be told to add files that lie safely in a store whose server is down."""
    remote = tmp_path / "there"
    world.sh("git", "config", "gitreg.remote.far.seenUrl", f"file://{remote}", cwd="clone")
    (clone.root / ".gitreg" / "config.toml").write_text(
        f'{(clone.root / ".gitreg" / "config.toml").read_text()}default_remote = "far"\n\n[remotes]\nfar = "file://{remote}"\n'
    )
    with pytest.raises(StorageError, match=f"no gitreg store at {remote}"):
        world.open("clone").pull("mnist", PullRequest(tmp_path / "out"))
    assert not (tmp_path / "out").exists()

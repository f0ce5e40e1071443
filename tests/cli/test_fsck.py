"""fsck finds every fault that is put into a store, names who is affected, and repairs what can be repaired."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitreg.core.digest import Digest
from gitreg.storage.local import LocalStore
from gitreg.storage.verified import is_object, read_manifest
from tests.storage.helpers import damage, object_file


@pytest.fixture
def here(registry):
    return LocalStore.open(registry / ".git" / "gitreg")


@pytest.fixture
def hub(registry):
    return LocalStore.open(registry.parent / "hub.git" / "gitreg")


@pytest.fixture
def manifest(ask):
    return Digest.parse(ask("show", "mnist@v1.0.0")["manifest"])


def only_chunk(store, manifest):
    return read_manifest(store, manifest).chunks[0].digest


def flip(file: Path) -> None:
    damage(file, lambda data: data[:-1] + bytes([data[-1] ^ 1]))


FAULTS = {
    "corrupt": flip,
    "cut": lambda file: damage(file, lambda data: data[:10]),
    "gone": Path.unlink,
    "directory": lambda file: (file.unlink(), file.mkdir()),
}


def test_a_sound_registry_passes(registry, ask):
    """People would learn to ignore what fsck says."""
    for where in ((), ("--remote", "embedded"), ("--sample", "1")):
        result = ask("fsck", *where)
        assert result["ok"]
        assert result["faults"] == []
        assert result["checked"] == (1 if "--sample" in where else 2)


@pytest.mark.parametrize("of_manifest", [False, True], ids=["chunk", "manifest"])
@pytest.mark.parametrize("fault", ["corrupt", "cut"])
def test_local_damage_is_repaired_from_the_shared_store(here, hub, manifest, ask, fault, of_manifest):
    """Damage would stay until the last good copy is gone too."""
    victim = manifest if of_manifest else only_chunk(here, manifest)
    FAULTS[fault](object_file(here, victim))
    result = ask("fsck")
    (found,) = result["faults"]
    assert (found["object"], found["kind"], found["repaired"]) == (str(victim), "corrupt", True)
    assert found["affects"] == ["mnist@v1.0.0", "models/mnist.gitreg"]
    assert is_object(victim, here.read(victim))
    assert ask("fsck")["faults"] == []


@pytest.mark.parametrize(
    ("fault", "kind", "of_manifest"),
    [
        ("corrupt", "corrupt", False),
        ("corrupt", "corrupt", True),
        ("gone", "missing", False),
        ("directory", "unreadable", False),
    ],
)
def test_a_shared_store_is_repaired_on_demand_only(here, hub, manifest, ask, fault, kind, of_manifest):
    """Fsck would change what belongs to all, or could not help when asked to."""
    victim = manifest if of_manifest else only_chunk(hub, manifest)
    FAULTS[fault](object_file(hub, victim))
    (found,) = ask("fsck", "--remote", "embedded", code=1)["faults"]
    assert (found["object"], found["kind"], found["repaired"]) == (str(victim), kind, False)
    assert "mnist@v1.0.0" in found["affects"]
    if fault == "directory":
        object_file(hub, victim).rmdir()
    ask("fsck", "--remote", "embedded", "--repair")
    assert is_object(victim, hub.read(victim))


def test_a_manifest_that_the_shared_store_lacks_is_for_push(hub, manifest, ask):
    """A lost version would be called fine, or its manifest sent before its chunks."""
    object_file(hub, manifest).unlink()
    for options in ((), ("--repair",)):
        (found,) = ask("fsck", "--remote", "embedded", *options, code=1)["faults"]
        assert (found["object"], found["kind"], found["repaired"]) == (str(manifest), "unpushed", False)
    ask("push")
    assert ask("fsck", "--remote", "embedded")["ok"]


def test_what_nobody_has_is_named_and_adding_again_heals_it(registry, here, hub, manifest, ask):
    """A user would not know which models are lost, or could not bring them back."""
    victim = only_chunk(here, manifest)
    for store in (here, hub):
        flip(object_file(store, victim))
    (found,) = ask("fsck", code=1)["faults"]
    assert (found["repaired"], "mnist@v1.0.0" in found["affects"]) == (False, True)
    assert object_file(here, victim).exists()
    ask("fsck", "--repair", code=1)
    assert (registry / ".git/gitreg/damaged" / victim.hex).exists()
    ask("add", "models/mnist")
    assert ask("fsck")["ok"]
    ask("fsck", "--remote", "embedded", "--repair")
    assert is_object(victim, hub.read(victim))


def test_missing_everywhere_is_a_fault(here, hub, manifest, ask):
    """A registry that cannot serve its models would pass for sound."""
    victim = only_chunk(here, manifest)
    for store in (here, hub):
        object_file(store, victim).unlink()
    (found,) = ask("fsck", code=1)["faults"]
    assert (found["object"], found["kind"], found["repaired"]) == (str(victim), "missing", False)


def test_an_empty_object_is_a_fault(here, manifest, ask):
    """What a crash of a lesser program leaves would pass."""
    victim = only_chunk(here, manifest)
    damage(object_file(here, victim), lambda _: b"")
    (found,) = ask("fsck")["faults"]
    assert (found["object"], found["kind"], found["repaired"]) == (str(victim), "corrupt", True)


def test_permissions_are_put_right(here, manifest, ask):
    """Whoever opens an object for writing by mistake would change it."""
    victim = object_file(here, only_chunk(here, manifest))
    for mode in (0o644, 0o000):
        victim.chmod(mode)
        (found,) = ask("fsck")["faults"]
        assert (found["kind"], found["repaired"], found["object"]) == (
            "permissions",
            True,
            str(victim.relative_to(here.root)),
        )
        assert victim.stat().st_mode & 0o777 == 0o444


def test_a_misplaced_object_goes_where_it_belongs(registry, here, hub, manifest, ask):
    """It would be missing, although it is there."""
    right = object_file(here, only_chunk(here, manifest))
    wrong = here.root / "objects" / "00" / right.name
    wrong.parent.mkdir(exist_ok=True)
    right.rename(wrong)
    object_file(hub, only_chunk(hub, manifest)).unlink()
    kinds = {fault["kind"] for fault in ask("fsck", code=1)["faults"]}
    assert kinds == {"misplaced", "missing"}
    assert ask("fsck", "--repair")["ok"]
    assert right.exists()
    assert ask("fsck")["faults"] == []


def test_what_is_misplaced_and_damaged_is_set_aside(here, manifest, ask):
    """Damage would be moved in under a digest."""
    wrong = here.root / "objects" / "00" / only_chunk(here, manifest).hex
    wrong.parent.mkdir(exist_ok=True)
    wrong.write_bytes(b"something else")
    (found,) = ask("fsck", code=1)["faults"]
    assert (found["kind"], found["repaired"]) == ("misplaced", False)
    assert ask("fsck", "--repair")["ok"]
    assert not wrong.exists()
    assert is_object(only_chunk(here, manifest), here.read(only_chunk(here, manifest)))


@pytest.mark.parametrize("where", ["objects/notes.txt", "objects/ab/notes.txt", "objects/ab/" + "A" * 64])
def test_strangers_are_named_and_moved_on_demand(here, ask, where):
    """Somebody's files would be counted, read or deleted as if they were objects."""
    stranger = here.root / where
    stranger.parent.mkdir(exist_ok=True)
    stranger.write_text("mine")
    (found,) = ask("fsck", code=1)["faults"]
    assert (found["object"], found["kind"], found["repaired"]) == (where, "stranger", False)
    assert ask("fsck", "--repair")["ok"]
    assert not stranger.exists()
    assert [file.read_text() for file in (here.root / "damaged").iterdir()] == ["mine"]


def test_an_intact_object_that_nothing_needs_is_no_fault(here, ask):
    """It is for gc; fsck would tell people to worry about every experiment."""
    here.write(Digest.of(b"extra"), b"extra")
    here.flush()
    result = ask("fsck")
    assert (result["ok"], result["checked"]) == (True, 3)


def test_a_version_in_history_only_is_looked_for(registry, here, hub, manifest, ask, gitreg):
    """A commit's model would be lost before anybody registered it, and nobody be told."""
    (registry / "models" / "mnist" / "weights.bin").write_bytes(b"newer" * 999)
    ask("add", "models/mnist", "--commit", "Second")
    second = Digest.parse(ask("show", "models/mnist.gitreg")["manifest"])
    (registry / "models" / "mnist" / "weights.bin").write_bytes(b"newest" * 999)
    ask("add", "models/mnist", "--commit", "Third")
    victim = only_chunk(here, second)
    object_file(here, victim).unlink()
    (found,) = ask("fsck", code=1)["faults"]
    assert (found["object"], found["kind"], found["affects"]) == (str(victim), "missing", ["models/mnist.gitreg"])


def test_objects_that_only_the_shared_store_has_are_no_fault(here, manifest, ask):
    """Every clone that has not fetched would be called broken."""
    object_file(here, only_chunk(here, manifest)).unlink()
    object_file(here, manifest).unlink()
    assert ask("fsck")["ok"]


def test_people_are_told_what_is_affected_and_what_to_do(registry, here, hub, manifest, gitreg):
    """They would have to read digests."""
    victim = only_chunk(here, manifest)
    flip(object_file(here, victim))
    object_file(hub, victim).unlink()
    said = gitreg("fsck", cwd=registry)
    assert said.returncode == 1
    assert "corrupt" in said.stdout
    assert "mnist@v1.0.0" in said.stdout
    pulled = gitreg("pull", "mnist@v1.0.0", "-o", "out", cwd=registry)
    assert pulled.returncode == 1
    assert "gitreg fsck" in pulled.stderr

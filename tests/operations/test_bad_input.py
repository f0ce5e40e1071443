"""Bad input on the command line: one clear line, a hint, the documented exit code, and nothing changed or lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

PROGRAM = (sys.executable, "-m", "gitreg")


def state(world) -> tuple[str, ...]:
    """What must be the same before and after: index, work tree, refs, objects; here and on the shared side."""
    shown = [world.sh("git", "status", "--porcelain"), world.refs("work"), world.refs("hub.git")]
    shown += [str(sorted(path.name for path in world.objects(where))) for where in ("work/.git", "hub.git")]
    return tuple(shown)


def gitreg(*args: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    command = [*PROGRAM, *map(str, args)]
    environment = os.environ | env
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )


def complaint(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one line, after checking the form of it all."""
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith("note:")]
    assert lines[0].startswith("error: "), done.stderr
    assert lines[1].startswith("hint: "), done.stderr
    assert len(lines) == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.replace("\n", "").isprintable()
    return lines[0]


def refused(world, *args: str | Path, code: int, cwd: str = "work", **env: str) -> str:
    before = state(world)
    said = complaint(gitreg(*args, cwd=world.root / cwd, **env), code)
    assert state(world) == before
    return said


VERBS = [["show"], ["status"], ["add", "x"], ["register", "m"], ["promote", "m", "dev"], ["pull", "m"], ["verify"]]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_not_a_repository(tmp_path: Path, verb: list[str]):
    assert "not a" in complaint(gitreg(*verb, cwd=tmp_path), 128)


def test_not_a_registry(git_repo: Path):
    assert "not a gitreg registry" in complaint(gitreg("show", cwd=git_repo), 128)


@pytest.mark.parametrize("verb", [["show"], ["register", "mnist"], ["push"]], ids=lambda verb: verb[0])
def test_no_commits_yet(world, verb: list[str]):
    world.sh("git", "checkout", "-q", "--orphan", "empty")
    assert "no commits" in refused(world, *verb, code=128)


def test_a_detached_head(world, registry):
    world.train(registry, b"two")
    world.sh("git", "checkout", "-q", "--detach")
    world.train(registry, b"three")
    assert "branch" in refused(world, "register", "mnist", code=1)


def test_a_dirty_tree_is_said_and_left_as_it_is(world, registry):
    world.train(registry, b"two")
    pointer = world.root / "work" / "models" / "mnist.gitreg"
    pointer.write_text(pointer.read_text() + "# a thought\n")
    (world.root / "work" / "loose").write_text("loose")
    before = world.sh("git", "status", "--porcelain")
    done = gitreg("register", "mnist", cwd=world.root / "work")
    assert done.returncode == 0
    assert "not committed" in done.stderr
    assert world.sh("git", "status", "--porcelain") == before


def test_no_signing_key(world, registry, monkeypatch):
    monkeypatch.delenv("GITREG_KEY")
    world.train(registry, b"two")
    assert "no signing key" in refused(world, "register", "mnist", code=1)


def test_init_without_a_key_and_with_a_new_one(git_repo: Path, isolated_environment: Path):
    done = gitreg("init", cwd=git_repo)
    assert "--new-key" in done.stderr.splitlines()[1]
    complaint(done, 1)
    assert not (git_repo / ".gitreg").exists()
    made = gitreg("init", "--new-key", cwd=git_repo)
    assert made.returncode == 0
    assert str(isolated_environment / ".ssh" / "id_ed25519_gitreg") in made.stdout + made.stderr


def test_an_encrypted_key_without_a_terminal(world, registry):
    world.sh("ssh-keygen", "-q", "-p", "-P", "", "-N", "open sesame", "-f", "keys/ada", cwd=".")
    world.train(registry, b"two")
    said = refused(world, "register", "mnist", code=1)
    assert "passphrase" in said or "encrypted" in said
    assert "passphrase" in refused(world, "register", "mnist", code=1, GITREG_KEY_PASSPHRASE="wrong")
    done = gitreg("register", "mnist", cwd=world.root / "work", GITREG_KEY_PASSPHRASE="open sesame")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("key", ["/nowhere/key", "/etc/passwd", "/", "", "key::ssh-ed25519 AAAA", "a\x1b[2Jb"])
def test_a_key_that_is_none(world, registry, key: str):
    world.train(registry, b"two")
    done = gitreg("--key", key, "register", "mnist", cwd=world.root / "work")
    if key:
        complaint(done, done.returncode)
        assert done.returncode in (1, 2)
    else:
        assert done.returncode != 3


@pytest.mark.parametrize("name", ["Mnist", "a..b", "../x", "a b", "a\x1b[31m", "-m", "", "é", "a/", "x" * 200, "a\nb"])
def test_a_name_that_is_none(world, name: str):
    refused(world, "register", "--", name, code=2)
    refused(world, "show", "--", name, code=2)


@pytest.mark.parametrize("stage", ["moon", "Dev", "a#b", "dev!", ""])
def test_a_stage_that_does_not_exist(world, stage: str):
    refused(world, "promote", "mnist", stage, code=1 if stage == "moon" else 2)


def test_a_version_that_exists_and_one_that_does_not(world, registry):
    world.train(registry, b"two")
    refused(world, "register", "mnist", "--version", "v1.0.0", code=1)
    refused(world, "pull", "mnist@v7.0.0", code=1)
    refused(world, "register", "mnist", "--version", "1.x", code=2)


def make(root: Path, what: str) -> Path:
    thing = root / "thing"
    match what:
        case "outside":
            (root.parent / "outside").mkdir()
            return Path("../outside")
        case "empty":
            thing.mkdir()
        case "link out":
            thing.mkdir()
            (thing / "link").symlink_to("/etc/passwd")
        case "fifo":
            thing.mkdir()
            os.mkfifo(thing / "pipe")
        case "fifo itself":
            os.mkfifo(thing)
        case "device":
            return Path("/dev/zero")
        case "control":
            (root / "a\x1b]0;x\x07").mkdir()
            return root / "a\x1b]0;x\x07"
    return thing


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("outside", 2),
        ("empty", 1),
        ("link out", 1),
        ("fifo", 1),
        ("fifo itself", 1),
        ("device", 2),
        ("absent", 1),
        ("control", 2),
    ],
)
def test_a_path_that_cannot_be_added(world, what: str, code: int):
    refused(world, "add", make(world.root / "work", what), code=code)


NONSENSE = {
    "toml": (lambda text: text + "[params\n", "line"),
    "nan": (lambda text: text.replace("0.95", "nan"), "accuracy"),
    "inf": (lambda text: text.replace("0.95", "-inf"), "accuracy"),
    "no digest": (lambda text: "".join(line for line in text.splitlines(True) if "blake3" not in line), "manifest"),
    "short digest": (lambda text: text.replace('0"\n', '"\n').replace("blake3:", "blake3:ab"), ""),
    "future": (lambda text: text.replace("format = 1", "format = 2"), "format"),
    "binary": (lambda text: "\x00\x01", ""),
    "huge number": (lambda text: text.replace("files = 2", "files = " + "9" * 5000), ""),
}


@pytest.mark.parametrize("kind", NONSENSE)
def test_a_pointer_edited_into_nonsense(world, kind: str):
    change, named = NONSENSE[kind]
    pointer = world.root / "work" / "models" / "mnist.gitreg"
    pointer.write_text(change(pointer.read_text()))
    for verb in (["add", "models/mnist"], ["pull", "models/mnist.gitreg"], ["show", "models/mnist.gitreg"]):
        said = refused(world, *verb, code=1)
        assert "mnist.gitreg" in said
        assert named in said
    world.sh("git", "commit", "-q", "-a", "-m", "Oops")
    refused(world, "register", "mnist", code=1)
    status = gitreg("status", cwd=world.root / "work")
    assert "Traceback" not in status.stderr
    assert "mnist.gitreg" in status.stdout


def test_a_file_that_changes_while_it_is_read(world):
    folder = world.write("busy", {"log": b"x" * (64 << 20)})
    stop = threading.Event()

    def append() -> None:
        with (folder / "log").open("ab", buffering=0) as file:
            while not stop.is_set():
                file.write(b"y" * 4096)

    writer = threading.Thread(target=append)
    writer.start()
    try:
        done = gitreg("add", "models/busy", cwd=world.root / "work")
    finally:
        stop.set()
        writer.join()
    assert "chang" in complaint(done, 1)
    assert not (world.root / "work" / "models" / "busy.gitreg").exists()
    assert gitreg("add", "models/busy", cwd=world.root / "work").returncode == 0


def test_a_remote_directory_that_is_missing(world, registry):
    world.train(registry, b"two")
    (world.root / "hub.git").rename(world.root / "away")
    done = gitreg("push", cwd=world.root / "work")
    assert "hub.git" in complaint(done, 1)
    (world.root / "away").rename(world.root / "hub.git")
    assert gitreg("push", cwd=world.root / "work").returncode == 0


def test_no_store_and_no_git_remote(world):
    world.sh("git", "remote", "remove", "origin")
    refused(world, "push", code=1)
    refused(world, "fetch", code=1)


@pytest.mark.parametrize("args", [["shwo"], ["show", "--nope"], ["promote", "mnist"], ["history", "--limit", "x"], []])
def test_words_that_make_no_sense(world, args: list[str]):
    done = gitreg(*args, cwd=world.root / "work")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


def test_a_directory_that_is_gone(tmp_path: Path):
    (tmp_path / "here").mkdir()
    script = f"cd here && rmdir ../here && exec '{sys.executable}' -m gitreg show"
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 128, done.stderr
    assert "Traceback" not in done.stderr


def test_the_answer_as_json_even_when_it_is_no(world):
    done = gitreg("show", "nope", "--json", cwd=world.root / "work")
    assert set(json.loads(done.stdout)["error"]) == {"kind", "message", "hint"}
    assert done.returncode == 1

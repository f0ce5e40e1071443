"""gc on the command line: what it says, what it asks for before it deletes, and its exit codes."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def orphan(registry, ask):
    """An artifact that nothing names any more, unused for a month."""
    folder = registry / "models" / "orphan"
    folder.mkdir()
    (folder / "w").write_bytes(b"orphan" * 5000)
    ask("add", "models/orphan")
    (registry / "models" / "orphan.gitreg").unlink()
    os.system("git rm -q -f --cached models/orphan.gitreg")
    objects = list((registry / ".git" / "gitreg" / "objects").glob("*/*"))
    for file in objects:
        os.utime(file, (1, 1))
    return objects


def test_it_deletes_only_with_force(registry, orphan, gitreg):
    """People would lose what they wanted to look at first."""
    said = gitreg("gc", cwd=registry)
    assert (said.returncode, "Would delete 2 objects" in said.stdout, "--force" in said.stderr) == (0, True, True)
    assert all(file.exists() for file in orphan)
    said = gitreg("gc", "--force", cwd=registry)
    assert "Deleted 2 objects" in said.stdout
    assert sum(file.exists() for file in orphan) == len(orphan) - 2


def test_explain_says_why(registry, gitreg):
    """Nobody could tell what keeps the disk full."""
    said = gitreg("gc", "--explain", cwd=registry).stdout
    assert "mnist@v1.0.0" in said
    assert "models/mnist.gitreg" in said
    assert "mnist@v1.0.0" not in gitreg("gc", cwd=registry).stdout


def test_json(registry, orphan, ask):
    """Scripts could not tell what stays and what goes."""
    result = ask("gc")
    assert result["delete"]["objects"] == 2
    assert result["delete"]["bytes"] > 0
    assert (result["pushed"]["objects"], result["blocked"], result["deleted"]) == (0, [], False)
    assert {"ref", "reason", "manifest"} == set(result["keep"][0])


def test_refusal_is_exit_1(registry, ask):
    """A nightly job would never notice that nothing is freed."""
    (registry / ".git" / "shallow").write_text("")
    assert "shallow" in ask("gc", "--force", code=1)["blocked"][0]["reason"]


def test_not_trimmed_is_exit_1(registry, ask, gitreg):
    """The same, for --pushed without a remote."""
    assert ask("gc", "--pushed", code=1)["blocked"][0]["what"] == "pushed"
    assert "no remote is configured" in gitreg("gc", "--pushed", cwd=registry).stdout


def test_a_short_grace_is_warned_of(registry, gitreg):
    """An add beside it could lose its bytes, and nobody would have said so."""
    assert "nothing else" in gitreg("gc", "--grace", "5 minutes", cwd=registry).stderr
    assert "nothing else" not in gitreg("gc", "--grace", "2 hours", cwd=registry).stderr
    assert gitreg("gc", "--grace", "soon", cwd=registry).returncode == 2


def test_a_shared_store_is_cleared_only_with_force(registry, gitreg, ask):
    """What others may still need would go before anybody has looked."""
    ask("push")
    said = ask("gc", "--remote")
    assert (said["deleted"], said["blocked"], said["freed"]["objects"]) == (False, [], 0)
    assert said["store"].endswith("gitreg")
    explained = gitreg("gc", "--remote", "embedded", "--explain", "--grace", "1 hour", cwd=registry)
    assert "mnist@v1.0.0" in explained.stdout
    assert "nobody may be pushing" in explained.stderr


def test_options_of_the_other_store_are_refused(registry, gitreg):
    """Somebody would believe that the other registries were asked."""
    for options in (("--also", "x"), ("--archive", "x"), ("--remote", "--pushed")):
        assert gitreg("gc", *options, cwd=registry).returncode == 2


def test_retention_is_explained(registry, ask, gitreg):
    """Nobody would know what a policy does before gc has done it."""
    assert ask("retention") == {"rules": ["The bytes of every version stay for ever."], "archive": None, "versions": []}
    assert "stay for ever" in gitreg("retention", "--explain", cwd=registry).stdout

"""Encrypted remotes and links as people type them, at a real server."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def bucket(registry: Path, moto, gitreg):
    """The registry with a remote `shared` in an empty bucket."""
    place = moto.place()
    for key, value in place.options.items():
        subprocess.run(["git", "config", f"gitreg.remote.shared.{key}", value], cwd=registry, check=True)
    assert gitreg("remote", "add", "shared", place.url, "--default", cwd=registry).returncode == 0
    subprocess.run(["git", "commit", "-q", "-m", "A remote"], cwd=registry, check=True)
    return place


def test_a_remote_is_encrypted_shared_listed_and_taken_from_somebody(registry: Path, bucket, gitreg, tmp_path: Path):
    def run(*args: str, **env: str) -> str:
        done = gitreg(*args, cwd=registry, **env)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    bobs = str(tmp_path / "bobs identity")
    refused = gitreg("remote", "encrypt", "shared", cwd=registry)
    assert (refused.returncode, "gitreg identity --new" in refused.stderr) == (1, True)
    assert run("identity", "--new").startswith("x25519:")
    bob = run("identity", "--new", GITREG_IDENTITY=bobs).replace("person@", "bob@")
    assert "PRIVATE KEY" in Path(bobs).read_text()
    assert "Encrypted the remote shared for 2 recipients" in run("remote", "encrypt", "shared", "--recipient", bob)
    subprocess.run(["git", "commit", "-q", "-m", "Encrypt"], cwd=registry, check=True)
    run("push")
    assert "encrypted" in run("remote", "list")
    assert "bob@example.com" in run("remote", "recipients", "shared", GITREG_IDENTITY=bobs)
    left = json.loads(run("remote", "recipients", "shared", "--remove", "bob@example.com", "--json"))
    assert [(each["name"], each["you"]) for each in left["recipients"]] == [("person@example.com", True)]
    assert left["epoch"] == 2
    link = gitreg("url", "mnist", "weights.bin", "--json", cwd=registry)
    assert (link.returncode, json.loads(link.stdout)["error"]["kind"]) == (1, "refused")


def test_what_is_trusted_is_said(registry: Path, bucket, gitreg):
    """Encryption would end by a word that people type because a URL changed."""
    gitreg("identity", "--new", cwd=registry)
    gitreg("remote", "encrypt", "shared", cwd=registry)
    config = registry / ".gitreg" / "config.toml"
    same = gitreg("remote", "trust", "shared", cwd=registry).stdout
    assert "encrypted with the root key" in same
    config.write_text(config.read_text().partition("\n[sealed]")[0])
    assert "no longer encrypted" in gitreg("remote", "trust", "shared", cwd=registry).stdout
    assert "encrypted" not in gitreg("remote", "trust", "shared", cwd=registry).stdout


def test_an_encrypted_remote_is_checked_without_an_identity(registry: Path, bucket, gitreg, tmp_path: Path):
    """Whoever waits to become a recipient could not find out whether their credentials are right."""
    gitreg("identity", "--new", cwd=registry)
    gitreg("remote", "encrypt", "shared", cwd=registry)
    problems = {}
    for identity in ({}, {"GITREG_IDENTITY": str(tmp_path / "none")}):
        done = gitreg("remote", "check", "shared", "--json", cwd=registry, **identity)
        result = json.loads(done.stdout)
        problems[done.returncode] = [each["what"] for each in result["attempts"] if each["problem"]]
        assert result["pull"] is result["push"] is (not identity)
    assert problems == {0: [], 1: ["open"]}


def test_a_wrong_identity_is_told_in_words_and_as_a_kind(registry: Path, bucket, gitreg, tmp_path: Path):
    gitreg("identity", "--new", cwd=registry)
    gitreg("remote", "encrypt", "shared", cwd=registry)
    other = {"GITREG_IDENTITY": str(tmp_path / "other")}
    gitreg("identity", "--new", cwd=registry, **other)
    done = gitreg("remote", "recipients", "shared", "--json", cwd=registry, **other)
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["kind"]) == (1, "sealed")
    assert "gitreg identity" in error["hint"]


def test_the_printed_command_fetches_the_file_and_checks_it(registry: Path, bucket, gitreg, tmp_path: Path):
    """Whoever was sent it would be left with pieces."""
    assert gitreg("push", cwd=registry).returncode == 0
    script = gitreg("url", "mnist", "weights.bin", "--expires", "5 minutes", cwd=registry).stdout
    there = tmp_path / "elsewhere"
    there.mkdir()
    done = subprocess.run(["sh", "-c", script], cwd=there, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "./weights.bin: OK\n"), done.stderr
    assert (there / "weights.bin").read_bytes() == bytes(range(256)) * 40
    damaged = subprocess.run(
        ["sh", "-c", script.replace("objects/", "object/")], cwd=there, capture_output=True, check=False
    )
    assert damaged.returncode != 0

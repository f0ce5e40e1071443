"""Where `gitreg add` leaves the bytes, as the command line says it."""

from __future__ import annotations


def test_straight_to_the_remote(registry, ask):
    (registry / "models" / "mnist" / "weights.bin").write_bytes(b"trained again")
    added = ask("add", "models/mnist", "--push", "--commit", "Train")
    assert (added["keep"], added["transferred"]) == ("shared", len(b"trained again"))
    assert ask("status")["clean"]


def test_only_hashed_says_that_the_files_must_stay(registry, ask, gitreg):
    (registry / "models" / "mnist" / "weights.bin").write_bytes(b"trained again")
    said = gitreg("add", "models/mnist", "--no-copy", "--commit", "Train", cwd=registry)
    assert "not copied" in said.stdout
    assert "until gitreg push has sent them" in said.stderr
    (model,) = ask("status")["models"]
    assert model["objects"] == "local"
    assert ask("push")["transferred"] == len(b"trained again")
    assert ask("status")["clean"]


def test_both_at_once_is_a_mistake(registry, ask):
    error = ask("add", "models/mnist", "--push", "--no-copy", code=2)["error"]
    assert (error["kind"], bool(error["hint"])) == ("usage", True)

"""The verbs in a real registry: their exit codes, and the JSON keys that scripts, hooks and CI are built on."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from gitreg.cli.main import run

WHICH = {"model", "stage", "version", "n", "tag", "manifest", "commit", "at", "by", "verified"}
SHOW = {"model", "kind", "latest", "status", "stages", "size", "files", "updated"}
VERSION = {
    "version",
    "manifest",
    "commit",
    "status",
    "deployed_to",
    "approvals",
    "gates",
    "verified",
    "params",
    "metrics",
}
HISTORY = {"event", "model", "version", "stage", "n", "tag", "at", "by", "message", "verified", "reasons"}
MOVED = {"model", "manifest", "size", "files", "chunks", "new_chunks", "transferred", "seconds"}


def git(*args: str, stdin: str | None = None) -> str:
    return subprocess.run(["git", *args], check=True, capture_output=True, text=True, input=stdin).stdout.strip()


def forge(tag: str, old: str, new: str) -> None:
    """Change a signed tag's text behind everybody's back."""
    raw = git("cat-file", "tag", tag).replace(old, new) + "\n"
    oid = git("hash-object", "-t", "tag", "-w", "--stdin", "--literally", stdin=raw)
    git("update-ref", f"refs/tags/{tag}", oid)


def test_which(registry: Path, ask):
    answer = ask("which", "mnist", "dev")
    assert set(answer) >= WHICH
    assert (answer["version"], answer["n"], answer["verified"]) == ("v1.0.0", 1, True)
    assert re.fullmatch(r"blake3:[0-9a-f]{64}", answer["manifest"])
    assert ask("which", "mnist", "production", code=1)["error"]["kind"] == "not-found"
    assert ask("which", "mnist", "dev", "--at", "10 years ago", code=1)["error"]["kind"] == "not-found"
    assert ask("which", "Mnist", "dev", code=2)["error"]["kind"] == "usage"


def test_which_prints_a_ref_that_other_verbs_take(registry: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["which", "mnist", "dev"]) == 0
    assert capsys.readouterr().out == "mnist@v1.0.0\n"


def test_show(registry: Path, ask):
    (model,) = ask("show")
    assert set(model) >= SHOW
    assert set(model["stages"]["dev"]) >= {"version", "n", "at", "by"}
    assert ask("show", "mnist")["versions"][0]["version"] == "v1.0.0"
    version = ask("show", "mnist#dev")
    assert set(version) >= VERSION
    assert (version["deployed_to"], version["metrics"], version["params"]) == (
        ["dev"],
        {"accuracy": 0.98},
        {"epochs": 3},
    )
    assert ask("show", "mnist@v9.0.0", code=1)["error"]["kind"] == "not-found"
    assert ask("show", "mnist@", code=2)["error"]["kind"] == "usage"


def test_history(registry: Path, ask):
    newest, oldest = ask("history")
    assert set(newest) >= HISTORY
    assert (newest["event"], oldest["event"], oldest["message"]) == ("promote", "register", "The first one")
    assert [entry["n"] for entry in ask("history", "mnist", "--stage", "dev")] == [1]
    assert len(ask("history", "--limit", "1")) == 1
    assert ask("history", "--since", "2999-01-01") == []
    assert ask("history", "--limit", "0", code=2)["error"]["kind"] == "usage"


def test_verify_says_no_when_a_tag_was_changed(registry: Path, ask):
    good = ask("verify", "--data")
    assert (good["ok"], good["failures"]) == (True, [])
    forge("mnist@v1.0.0", "The first one", "The other one")
    bad = ask("verify", code=1)
    assert not bad["ok"]
    assert all(set(failure) == {"ref", "check", "reason"} for failure in bad["failures"])
    assert {"mnist@v1.0.0": "signature"}.items() <= {each["ref"]: each["check"] for each in bad["failures"]}.items()
    assert ask("which", "mnist", "dev", code=1)["error"]["kind"] == "verification"


def test_hostile_text_in_a_signed_message_cannot_act_on_the_terminal(
    registry: Path, capsys: pytest.CaptureFixture[str]
):
    forge("mnist@v1.0.0", "The first one", "The \x1b[2J\u202eone")
    for args in (["history"], ["show"], ["show", "mnist"], ["verify"], ["show", "mnist@v1.0.0"]):
        run(args)
        shown = capsys.readouterr()
        assert (shown.out + shown.err).replace("\n", "").isprintable()


def test_add_and_status(registry: Path, ask):
    assert ask("status")["clean"] is True
    weights = registry / "models" / "mnist" / "weights.bin"
    weights.write_bytes(weights.read_bytes() + b"more")
    (model,) = ask("status")["models"]
    assert model["bytes"] == "changed"
    added = ask("add", "models/mnist", "--metric", "accuracy=0.99")
    assert set(added) >= MOVED
    assert ask("status")["models"][0]["pointer_state"] == "modified"
    assert ask("add", "models/mnist", "--metric", "loss=nan", code=2)["error"]["kind"] == "usage"
    assert ask("add", "nowhere", code=1)["error"]["kind"] == "source"


def test_add_reads_metrics_and_params_from_files(registry: Path, ask):
    Path("metrics.json").write_text('{"accuracy": 0.5, "test": {"f1": 1}}')
    Path("params.toml").write_text("epochs = 9\n[optimizer]\nname = 'adam'\n")
    ask(
        "add",
        "models/mnist",
        "--metrics-file",
        "metrics.json",
        "--params-file",
        "params.toml",
        "--metric",
        "accuracy=0.6",
    )
    shown = ask("show", "models/mnist.gitreg")
    assert shown["metrics"] == {"accuracy": 0.6, "test.f1": 1}
    assert shown["params"] == {"epochs": 9, "optimizer": {"name": "adam"}}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.json", '{"loss": NaN}'),
        ("m.json", '{"loss": "low"}'),
        ("m.json", '{"loss": null}'),
        ("m.json", '{"loss": true}'),
        ("m.json", "[1]"),
        ("m.json", "{"),
        ("m.json", "[" * 100_000),
        ("m.toml", "loss = inf"),
        ("m.toml", "loss ="),
        ("m.txt", "loss 1"),
    ],
)
def test_a_nonsensical_metrics_file_is_a_usage_mistake(registry: Path, ask, name: str, text: str):
    Path(name).write_text(text)
    assert ask("add", "models/mnist", "--metrics-file", name, code=2)["error"]["kind"] == "usage"
    assert ask("status")["clean"] is True


def test_promote_refuses_what_the_policy_does_and_says_why(registry: Path, ask):
    assert ask("promote", "mnist", "dev", code=1)["error"]["kind"] == "refused"
    assert ask("promote", "mnist", "moon", code=1)["error"]["kind"] == "not-found"
    ready = ask("promote", "mnist", "staging", "--dry-run")
    assert (ready["allowed"], ready["n"]) == (True, 1)
    assert ask("promote", "models/mnist.gitreg", "staging", code=2)["error"]["kind"] == "usage"


def test_a_second_version_and_back_again(registry: Path, ask):
    (registry / "models" / "mnist" / "weights.bin").write_bytes(b"better")
    ask("add", "models/mnist", "--commit", "Train again")
    assert ask("register", "mnist", "--bump", "major", "-m", "Better")["version"] == "v2.0.0"
    assert ask("promote", "mnist", "dev", "--push")["pushed"] is True
    assert ask("rollback", "mnist", "dev", "-m", "It was not")["version"] == "v1.0.0"
    assert ask("which", "mnist", "dev")["n"] == 3
    assert ask("unassign", "mnist", "dev")["event"] == "unassign"
    assert ask("deregister", "mnist@v2.0.0")["event"] == "deregister"
    assert ask("deregister", "mnist", code=2)["error"]["kind"] == "usage"
    assert ask("deprecate", "mnist")["event"] == "deprecate"
    assert ask("register", "mnist", "--version", "v3.0.0", "--bump", "minor", code=2)["error"]["kind"] == "usage"
    pushed = ask("push")["refs"]
    assert {"refs/tags/mnist#dev#3", "refs/tags/mnist#dev!#4", "refs/tags/mnist@v2.0.0!"} <= set(pushed)
    assert ask("push")["refs"] == []


def test_pull_and_path_in_a_fresh_clone(registry: Path, ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    git("clone", "-q", str(tmp_path / "hub.git"), str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    pulled = ask("pull", "mnist#dev", "-o", "out")
    assert set(pulled) >= MOVED
    assert (pulled["verified"], Path("out/weights.bin").stat().st_size) == (True, 10240)
    assert Path(ask("path", "mnist")["path"], "weights.bin").stat().st_size == 10240
    assert ask("pull", "mnist", "-o", "out", "--files", "*.onnx", code=1)["error"]["kind"] == "not-found"
    Path("out/weights.bin").chmod(0o644)
    Path("out/weights.bin").write_bytes(b"mine")
    assert ask("pull", "mnist", "-o", "out", code=1)["error"]["kind"] == "refused"
    assert ask("pull", "mnist", "-o", "out", "--force")["files"] == 1
    fetched = ask("fetch")
    assert (fetched["accepted"], fetched["refused"], fetched["git_remote"]) == ([], [], "origin")


def test_fetch_says_no_to_a_tag_that_does_not_verify(registry: Path, ask, tmp_path: Path):
    os.chdir(tmp_path / "hub.git")
    forge("mnist#dev#1", "dev", "dev ")
    git("tag", "mnist#dev#2", "mnist@v1.0.0^{}")
    os.chdir(registry)
    answer = ask("fetch", code=1)
    assert {failure["ref"] for failure in answer["refused"]} >= {"mnist#dev#2"}


@pytest.mark.parametrize(("form", "start"), [("text", "mnist@v1.0.0"), ("mermaid", "flowchart"), ("dot", "digraph")])
def test_lineage_forms(registry: Path, capsys: pytest.CaptureFixture[str], form: str, start: str):
    assert run(["lineage", "mnist", "--format", form]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(start)
    assert "mnist@v1.0.0" in shown


def test_remotes_hooks_gates_and_doctor(registry: Path, ask, gitreg):
    doctor = ask("doctor")
    assert doctor["ok"] is True
    assert {"name", "health", "detail", "fix"} == set(doctor["checks"][0])
    assert ask("remote", "list")[0]["embedded"] is True
    assert ask("remote", "add", "cold", "file:///tmp/x?secret=1", code=2)["error"]["kind"] == "usage"
    assert ask("remote", "add", "cold", f"file://{registry.parent}/cold")["default"] is True
    assert ask("remote", "trust", "warm", code=1)["error"]["kind"] == "not-found"
    assert ask("hooks", "uninstall") == {"hooks": ["pre-push"]}
    assert ask("hooks", "install") == {"hooks": ["pre-push"]}
    assert ask("gate", "run", "mnist", "staging") == []
    assert gitreg("hooks", "run", "pre-push", "origin", "url", cwd=registry).returncode == 0


def test_init_tells_what_is_missing_and_makes_it_on_request(git_repo: Path, ask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(git_repo.parent)
    assert ask("init", code=128)["error"]["kind"] == "not-a-registry"
    assert ask("-C", "repo", "init", code=1)["error"]["kind"] == "signing"
    monkeypatch.chdir(git_repo)
    made = ask("init", "--new-key", "--stages", "test, live")
    assert Path(made["key_file"]).is_file()
    assert ask("init", code=1)["error"]["kind"] == "refused"


@pytest.mark.parametrize("place", ["a" * 5000, "a" * 5000 + ".gitreg", "\udcff", "-", "a\nb"])
def test_odd_names_are_mistakes_and_no_bugs(registry: Path, ask, place: str):
    for verb in ("show", "pull", "path", "verify", "lineage"):
        assert "error" in ask(verb, place, code=2)
    assert "error" in ask("add", place, code=1)
    assert "error" in ask("add", "models/mnist", "--base", place, code=2)


def test_an_empty_path_is_refused_because_a_variable_was_unset(registry: Path, ask):
    assert ask("pull", "mnist", "-o", "", code=2)["error"]["kind"] == "usage"
    assert ask("add", "", code=2)["error"]["kind"] == "usage"


def test_c_moves_relative_paths_too(registry: Path, ask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(registry.parent)
    assert ask("-C", "work", "add", "models/mnist")["pointer"] == "models/mnist.gitreg"

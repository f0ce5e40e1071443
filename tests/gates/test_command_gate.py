"""A program decides: by exit code, by a JSON answer, and never by anything else than what the protected branch has."""

from __future__ import annotations

import hashlib
import json

import pytest

from gitreg.errors import FormatError, NotFoundError, VerificationError
from gitreg.gates.gate import Candidate, Verdict
from gitreg.gates.table import build_gate

ECHO = b"""#!/usr/bin/env python3
import json, pathlib, sys
asked = json.load(sys.stdin)
weights = pathlib.Path(asked["checkout"], "weights").read_text()
json.dump({"verdict": "pass", "figure": weights, "reason": " ".join([asked["model"], asked["version"], asked["stage"],
    asked["manifest"], str(asked["baseline"]["accuracy"])]), "evidence": "long report"}, sys.stdout)
"""


def check(script: bytes, tmp_path, **options):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_text("7")
    branch = {"gates/check.py": script}
    candidate = Candidate(
        {"artifact": {"name": "mnist", "manifest": "blake3:00"}, "metrics": {"accuracy": 0.9}},
        lambda: tmp_path / "model",
        {"accuracy": 0.8},
        "v1.0.0",
        "production",
        branch.__getitem__,
    )
    return build_gate("fair", "command", {"program": ["gates/check.py"], "timeout": 20} | options).check(candidate)


def said(answer: object, code: int = 0) -> bytes:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return f"#!/usr/bin/env python3\nimport sys\nprint({text!r})\nsys.exit({code})\n".encode()


def test_the_program_gets_the_facts_and_the_files_and_its_answer_counts(tmp_path):
    result = check(ECHO, tmp_path)
    assert (result.verdict, result.figure, result.evidence) == (Verdict.PASS, "7", "long report")
    assert result.reason == "mnist v1.0.0 production blake3:00 0.8"


def test_words_for_people_become_the_reason(tmp_path):
    result = check(said("all 12 groups within bounds"), tmp_path)
    assert (result.verdict, result.figure, result.reason) == (
        Verdict.PASS, "exit code 0", "all 12 groups within bounds",
    )  # fmt: skip


def test_another_exit_code_fails_whatever_it_says(tmp_path):
    result = check(said({"verdict": "pass", "reason": "fine"}, code=1), tmp_path)
    assert (result.verdict, result.reason) == (Verdict.FAIL, "fine")


def test_the_verdict_fails_whatever_the_exit_code(tmp_path):
    assert check(said({"verdict": "fail", "reason": "unfair to group 3"}), tmp_path).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    "answer", ['{"verdict": "pass"', '{"verdict": "maybe"}', '{"verdict": 1}', '{"passed": "yes"}']
)
def test_an_answer_that_is_not_in_the_contract_never_passes(answer, tmp_path):
    assert check(said(answer), tmp_path).verdict is Verdict.FAIL


def test_a_program_that_takes_too_long_has_decided_nothing(tmp_path):
    result = check(b"#!/bin/sh\nsleep 60\n", tmp_path, timeout=0.5)
    assert (result.verdict, result.reason) == (Verdict.ERROR, "the program took longer than it may")


def test_a_program_that_leaves_a_process_behind_has_decided_nothing(tmp_path):
    result = check(b"#!/bin/sh\nsetsid sleep 60 > /dev/null 2>&1 &\nexit 0\n", tmp_path)
    assert (result.verdict, result.reason) == (Verdict.ERROR, "the program left processes behind")


def test_a_flood_has_decided_nothing(tmp_path):
    assert "more output than it may" in check(b"#!/bin/sh\nyes\n", tmp_path).reason


def test_a_pinned_program_must_be_the_pinned_one(tmp_path):
    good = said("ok")
    assert check(good, tmp_path, sha256=hashlib.sha256(good).hexdigest()).passed
    with pytest.raises(VerificationError, match="not the pinned one"):
        check(good + b"# changed", tmp_path / ".." / tmp_path.name / "model", sha256=hashlib.sha256(good).hexdigest())


def test_a_program_of_the_machine_gets_files_of_the_branch(tmp_path):
    result = check(said("ok"), tmp_path, program=["python3", "gates/check.py"], files=["gates/check.py"])
    assert (result.verdict, result.reason) == (Verdict.PASS, "ok")


def test_a_program_that_is_nowhere_is_named(tmp_path):
    with pytest.raises(NotFoundError, match="no program no-such-program"):
        check(b"", tmp_path, program=["no-such-program"])


@pytest.mark.parametrize("path", ["../x", "a//b", "a/./b"])
def test_files_are_paths_inside_the_branch(path):
    with pytest.raises(FormatError, match="must be paths on the protected branch"):
        build_gate("g", "command", {"program": [path]})


def test_the_program_is_required():
    with pytest.raises(FormatError, match="gate g: program is missing"):
        build_gate("g", "command", {})

"""The gate that keeps out what could run code when it is opened, and lets data in that is stored as a pickle."""

import os
import pickle

import numpy as np
import pytest

from gitreg.errors import FormatError
from gitreg.gates.gate import Candidate, Verdict
from gitreg.gates.run import run_gates
from gitreg.gates.table import build_gate


class Payload:
    """Unpickling this would call os.getcwd: harmless, and still a call."""

    def __reduce__(self):
        return os.getcwd, ()


def check(directory, **options):
    (result,) = run_gates([build_gate("safe", "safety", options)], Candidate({}, checkout=lambda: directory))
    return result


def test_data_passes_and_the_profiles_are_named(tmp_path):
    (tmp_path / "weights.pkl").write_bytes(pickle.dumps({"w": np.arange(3)}))
    (tmp_path / "README.md").write_text("# Digits\n")
    result = check(tmp_path)
    assert (result.verdict, result.figure) == (Verdict.PASS, "2 files safe")
    assert "numpy" in result.reason


def test_a_call_fails_and_the_worst_file_is_named(tmp_path):
    """Whoever reads the tag must learn which file it was, and what to do."""
    (tmp_path / "a.bin").write_bytes(b"\x01\x00\x02")
    (tmp_path / "b.txt").write_bytes(pickle.dumps(Payload()))
    result = check(tmp_path)
    assert (result.verdict, result.figure) == (Verdict.FAIL, "2 of 2 files not safe")
    assert result.reason.startswith("b.txt: imports posix.getcwd (at ")


def test_the_policy_chooses_the_profiles(tmp_path):
    (tmp_path / "weights.pkl").write_bytes(pickle.dumps({"w": np.arange(3)}))
    assert check(tmp_path, profiles=["data"]).verdict is Verdict.FAIL
    with pytest.raises(FormatError, match="names 'torhc', which is none"):
        build_gate("safe", "safety", {"profiles": ["torhc"]})


def test_an_empty_artifact_does_not_pass(tmp_path):
    assert check(tmp_path).verdict is Verdict.FAIL

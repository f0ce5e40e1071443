"""Automatic checks that a version must pass to enter a stage.  Knows nothing of Git, stores, signatures or policies."""

from __future__ import annotations

from gitreg.gates.gate import Candidate, Gate, GateResult, Verdict
from gitreg.gates.run import run_gates
from gitreg.gates.table import build_gate

__all__ = ["Candidate", "Gate", "GateResult", "Verdict", "build_gate", "run_gates"]

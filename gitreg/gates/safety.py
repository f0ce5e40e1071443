"""The gate `safety`: no file of the artifact could run code when it is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitreg.gates.gate import GateResult, Verdict
from gitreg.gates.scan.looks import scan_paths
from gitreg.gates.scan.profiles.table import DEFAULT, PROFILES

if TYPE_CHECKING:
    from pathlib import Path

    from gitreg.gates.gate import Candidate
    from gitreg.gates.options import Options
    from gitreg.gates.scan.finding import ScanResult


@dataclass(frozen=True, slots=True)
class SafetyGate:
    """Scans all files, so that the figure says how many are not safe; the reason is the first finding."""

    name: str
    profiles: tuple[str, ...]

    def check(self, candidate: Candidate) -> GateResult:
        root = candidate.checkout()
        results = tuple(scan_paths([root], self.profiles))
        if not results:
            return GateResult(self.name, Verdict.FAIL, "0 files", "the artifact is empty")
        bad = [result for result in results if not result.safe]
        if bad:
            figure = f"{len(bad)} of {len(results)} files not safe"
            return GateResult(self.name, Verdict.FAIL, figure, _reason(root, bad))
        reason = f"opening them runs no code, by the profiles {', '.join(self.profiles)}"
        return GateResult(self.name, Verdict.PASS, f"{len(results)} files safe", reason)


def build_safety_gate(options: Options) -> SafetyGate:
    """Option: `profiles`, whose pickles are allowed; by default those of plain data, NumPy, PyTorch and joblib."""
    options.only("profiles")
    profiles = options.texts("profiles") or DEFAULT
    for profile in profiles:
        if profile not in PROFILES:
            hint = f"there are {', '.join(PROFILES)}"
            raise options.wrong("profiles", f"names {profile!r}, which is none", hint=hint)
    return SafetyGate(options.gate, profiles)


def _reason(root: Path, bad: list[ScanResult]) -> str:
    worst = next((result for result in bad if result.verdict == "unsafe"), bad[0])
    finding = next(finding for finding in worst.findings if finding.verdict is worst.verdict)
    place = f" ({finding.where})" if finding.where else ""
    return f"{worst.path.removeprefix(f'{root}/')}: {finding.detail}{place}; {finding.advice}"

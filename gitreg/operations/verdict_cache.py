"""What gates said before of the same bytes and facts, on this machine: a hint to who promotes, no proof to others."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import gitreg
from gitreg.core.digest import Digest
from gitreg.core.policy_rules import GateDefinition
from gitreg.errors import GitregError
from gitreg.gates.edition import edition
from gitreg.gates.gate import Candidate, GateResult, Verdict
from gitreg.operations.atomic import write_file
from gitreg.operations.context import Context
from gitreg.operations.draft import AssignmentDraft

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_FOLDER = "verdicts"
_LARGEST = 1 << 16


class Reuse(Enum):
    """Whether verdicts from before count."""

    ALLOWED = "allowed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class VerdictCache:
    """For one candidate.  Everything that a repeatable gate can look at is in the name of an entry."""

    folder: Path
    facts: tuple[object, ...]
    metrics_of: Callable[[str], Mapping[str, float]]

    @classmethod
    def of(cls, context: Context, draft: AssignmentDraft, candidate: Candidate) -> VerdictCache:
        pointer = str(draft.event.pointer.digest)
        baseline = (
            sorted((candidate.baseline_metrics or {}).items()) if candidate.baseline_metrics is not None else None
        )
        facts = (gitreg.__version__, str(draft.found.manifest), pointer, baseline)
        return cls(context.repo.local_state / _FOLDER, facts, candidate.metrics_of)

    def known(self, definition: GateDefinition) -> GateResult | None:
        """None also if the entry cannot be read: the gate can be run."""
        with suppress(GitregError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            data = self._place(definition).read_bytes()
            entry = json.loads(data) if len(data) <= _LARGEST else {}
            verdict, figure, reason = Verdict(entry["verdict"]), entry["figure"], entry["reason"]
            if verdict is not Verdict.ERROR and isinstance(figure, str) and isinstance(reason, str):
                return GateResult(definition.name, verdict, figure, reason)
        return None

    def keep(self, definition: GateDefinition, result: GateResult) -> None:
        """What was not decided may be the next time; and losing an entry costs time only."""
        if result.verdict is Verdict.ERROR or result.evidence:
            return
        entry = {"verdict": result.verdict.value, "figure": result.figure, "reason": result.reason}
        with suppress(GitregError):
            write_file(self._place(definition), json.dumps(entry).encode())

    def _place(self, definition: GateDefinition) -> Path:
        kind = definition.kind
        described = [*self.facts, edition(kind), self._named(definition), definition.name, kind, definition.options]
        return self.folder / Digest.of(json.dumps(described, sort_keys=True, default=repr).encode()).hex

    def _named(self, definition: GateDefinition) -> list[tuple[str, float]] | None:
        """Figures of the version that the definition names.  Raises GitregError if nobody can vouch for them."""
        baseline = definition.options.get("baseline")
        return sorted(self.metrics_of(baseline).items()) if isinstance(baseline, str) else None

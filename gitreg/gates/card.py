"""The gate `card`: the pointer's fields and the model card that people need are there.  Judges no content."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitreg.gates.gate import GateResult, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from gitreg.gates.gate import Candidate
    from gitreg.gates.options import Options

_CARD = "card"
_CARD_FILE = "README.md"
_DEFAULT = ("model.owner", "model.license", _CARD)
_FIELD = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_ENTRY = re.compile(r"[A-Za-z0-9_-]+:( |$)")
_LONGEST_CARD = 1 << 20


@dataclass(frozen=True, slots=True)
class CardGate:
    """`required`: dotted fields of the pointer, and the word `card` for README.md with front matter.

    `licenses`: those that `model.license` may be; None allows any.
    """

    name: str
    required: tuple[str, ...]
    licenses: tuple[str, ...] | None

    def check(self, candidate: Candidate) -> GateResult:
        problems = [problem for item in self.required if (problem := _problem(item, candidate)) is not None]
        figure = f"{len(self.required) - len(problems)} of {len(self.required)} present"
        if self.licenses is not None and (held := _license(candidate.pointer_data)) not in self.licenses:
            problems.append(f"the license {held} is none of {', '.join(self.licenses)}")
        if problems:
            return GateResult(self.name, Verdict.FAIL, figure, "; ".join(problems))
        return GateResult(self.name, Verdict.PASS, figure, ", ".join(self.required))


def build_card_gate(options: Options) -> CardGate:
    """Options: `required`, a list of dotted pointer fields and `card`; by default owner, license and card.

    `licenses`, a list of allowed ones.  `lineage` is what the model was made from, each pinned by its manifest.
    """
    options.only("required", "licenses")
    required = options.texts("required") or _DEFAULT
    for field in required:
        if not _FIELD.fullmatch(field):
            raise options.wrong("required", "must list dotted fields of the pointer", hint='like "model.owner"')
    return CardGate(options.gate, required, options.texts("licenses"))


def _problem(item: str, candidate: Candidate) -> str | None:
    if item == _CARD:
        return _card_problem(candidate.checkout() / _CARD_FILE)
    return None if _present(candidate.pointer_data, item) else f"the pointer has no {item}"


def _license(data: Mapping[str, object]) -> str:
    model = data.get("model")
    value = model.get("license") if isinstance(model, Mapping) else None
    return value if isinstance(value, str) else "that is not given"


def _present(data: Mapping[str, object], field: str) -> bool:
    value: object = data
    for key in field.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, Mapping | list | tuple):
        return len(value) > 0
    return value is not None


def _card_problem(path: Path) -> str | None:
    """What is wrong with the card.  Front matter is YAML between two `---` lines at the very beginning."""
    if path.is_symlink() or not path.is_file():
        return f"the artifact has no {_CARD_FILE}"
    with path.open("rb") as file:
        content = file.read(_LONGEST_CARD)
    try:
        lines = content.decode("utf-8", "strict" if len(content) < _LONGEST_CARD else "ignore").splitlines()
    except UnicodeDecodeError:
        return f"{_CARD_FILE} is not UTF-8"
    if not lines or lines[0].rstrip() != "---":
        return f"{_CARD_FILE} does not begin with front matter"
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        return f"the front matter of {_CARD_FILE} does not end"
    if not any(_ENTRY.match(line) for line in lines[1:end]):
        return f"the front matter of {_CARD_FILE} is empty"
    return None

"""Is what a pickle does allowed?  Turns the machine's events into findings, each kind of event once per name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from gitreg.gates.scan.finding import Finding, Verdict, shown
from gitreg.gates.scan.pickles.events import Built, Called, Event, Fetched, Filled, Imported, Odd, Oddity
from gitreg.gates.scan.pickles.values import Global, Made, Plain, Table, Value, is_hook
from gitreg.gates.scan.profiles.profile import AllowList
from gitreg.gates.scan.profiles.table import profile_with

ASK = "do not open it; ask for safetensors, ONNX or skops, which hold data only"
# Said of what frameworks write themselves: convert would refuse anything else.
CONVERT = "do not open it; gitreg convert makes safetensors or skops of it, running nothing that it names"
_MOST_FINDINGS = 50


@dataclass(slots=True)
class Judge:
    """Called with every event of one pickle; `imports` and `acts` count what happened, allowed or not."""

    allowed: AllowList
    where: str
    findings: list[Finding] = field(default_factory=list)
    imports: int = 0
    acts: int = 0
    names: set[tuple[str, str]] = field(default_factory=set)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def __call__(self, event: Event) -> None:
        match event:
            case Imported():
                self.imports += 1
                self.names.add(event.what.key)
                self._import(event)
            case Called():
                self.acts += 1
                self._call(event)
            case Built():
                self.acts += 1
                self._build(event)
            case Filled():
                self._fill(event)
            case Fetched():
                self._fetch(event)
            case Oddity():
                self._odd(event)
            case _:
                assert_never(event)

    @property
    def modules(self) -> set[str]:
        """Top-level packages that were imported from."""
        return {module.partition(".")[0] for module, _ in self.names}

    def _import(self, event: Imported) -> None:
        key = event.what.key
        if self.allowed.may_import(key):
            return
        profile = profile_with(key)
        if profile is None:
            self.add("pickle-import", Verdict.UNSAFE, event.offset, f"imports {name_of(event.what)}", ASK)
        else:
            advice = f"if you trust its source, --profile {profile} allows it; better: {CONVERT}"
            self.add("pickle-import", Verdict.UNKNOWN, event.offset, f"imports {name_of(event.what)}", advice)

    def _call(self, event: Called) -> None:
        if self.allowed.may_call(event.callee, event.arguments):
            return
        what = f"calls {name_of(event.callee)}"
        if isinstance(event.callee, Global) and self.allowed.may_import(event.callee.key):
            what += " in a way that its profile does not allow"
        known = isinstance(event.callee, Global) and profile_with(event.callee.key) is not None
        verdict, advice = (Verdict.UNKNOWN, CONVERT) if known else (Verdict.UNSAFE, ASK)
        self.add("pickle-call", verdict, event.offset, what, advice)

    def _build(self, event: Built) -> None:
        if not isinstance(event.target, Made):
            if isinstance(event.target, Global) or event.target is Plain.PERSISTENT:
                what = f"changes attributes of {name_of(event.target)} itself"
                self.add("pickle-build", Verdict.UNSAFE, event.offset, what, ASK)
        elif hooks := sorted(_hooks(event.state)):
            what = f"sets {hooks[0]} of an object, which unpickling itself would call"
            self.add("pickle-build", Verdict.UNSAFE, event.offset, what, ASK)

    def _fill(self, event: Filled) -> None:
        made = event.target
        if isinstance(made, Made) and isinstance(made.by, Global) and made.by.key in self.allowed.filled:
            return
        what = f"adds to {name_of(made)}, by a method of its own"
        self.add("pickle-fill", Verdict.UNSAFE, event.offset, what, ASK)

    def _fetch(self, event: Fetched) -> None:
        if not self.allowed.may_fetch(event.id):
            what = "has a persistent id, which means what its reader makes of it"
            self.add("pickle-persistent-id", Verdict.UNKNOWN, event.offset, what, ASK)

    def _odd(self, event: Oddity) -> None:
        rules = {Odd.READERS: "pickle-ambiguous", Odd.EXTENSION: "pickle-extension", Odd.BUFFER: "pickle-buffer"}
        rule = rules.get(event.kind, "pickle-memory")
        self.add(rule, Verdict.UNKNOWN, event.offset, event.detail, ASK)

    def add(self, rule: str, verdict: Verdict, offset: int, detail: str, advice: str) -> None:
        """The same thing is said once, at its first place."""
        if (rule, detail) in self._seen or len(self.findings) >= _MOST_FINDINGS:
            return
        self._seen.add((rule, detail))
        where = f"{self.where} at {offset}" if self.where else f"at {offset}"
        self.findings.append(Finding(rule, verdict, where, detail, advice))


def name_of(value: Value) -> str:
    if isinstance(value, Global):
        return shown(f"{value.module}.{value.name}")
    if isinstance(value, Made):
        return f"what {name_of(value.by)} returned" if isinstance(value.by, Global) else "what a call returned"
    return value.value if isinstance(value, Plain) else "something that is no function"


def _hooks(state: Value) -> set[str]:
    parts = state if isinstance(state, tuple) and len(state) == 2 else (state,)
    tables = [part for part in parts if isinstance(part, Table)]
    computed = {"a computed attribute" for table in tables if table.computed}
    return computed | {shown(key) for table in tables for key in table.entries if is_hook(key)}

"""`.gitreg/policy.toml`: people, roles, stages, gates, and who may do what.  What no rule allows is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from gitreg.core.model_pattern import ModelPattern, matching, wider
from gitreg.core.names import ModelName, Person, Principal, StageName
from gitreg.core.oid import Oid
from gitreg.core.policy_rules import NOBODY, ApprovalRule, GateDefinition, ModelRules, ReceiptRule, StageRule
from gitreg.core.policy_tables import (
    Defined,
    read_gates,
    read_people,
    read_receipts,
    read_roles,
    read_rules,
    read_signatures,
    read_stages,
)
from gitreg.core.retention import Retention, read_model_retention, read_retention
from gitreg.core.text import escape
from gitreg.core.toml import Table, load_toml
from gitreg.errors import NotFoundError

POLICY_PATH: Final = ".gitreg/policy.toml"
MAX_STAGES_IN_A_ROW: Final = 32
MAX_PATTERNS: Final = 1000
_NOT_IN_BRANCHES: Final = re.compile(r"[ ~^:?*\[\\]|\.\.|@\{|//|\.(?:/|$)|\.lock(?:/|$)|^[-/]|(?:^|/)\.|/$")


class Policy(NamedTuple):
    """A parsed policy.  `rules`, `stages` and `retention` are the general ones; ask `for_model` for those of a model.

    Where archived bytes go is the same for all models.
    """

    epoch: int
    branch: str
    roles: Mapping[str, tuple[Principal, ...]]
    rules: Mapping[str, tuple[str, ...]]
    stages: Mapping[StageName, StageRule]
    gates: Mapping[str, GateDefinition]
    people: Mapping[Person, tuple[Principal, ...]] = MappingProxyType({})
    models: Mapping[ModelPattern, ModelRules] = MappingProxyType({})
    admins: ApprovalRule = NOBODY
    receipts: ReceiptRule = ReceiptRule()
    accepted: tuple[Oid, ...] = ()  # tags that count although their key was revoked
    retention: Retention | None = None  # None: every version's bytes stay

    def holds(self, principal: Principal, roles: tuple[str, ...]) -> bool:
        """Whether the person has one of the roles."""
        return any(principal in self.roles.get(role, ()) for role in roles)

    def person_of(self, principal: Principal) -> Person:
        """Who a principal is: two of one person never count as two.  Who is not in `[people]` has one principal."""
        owner = next((person for person, theirs in self.people.items() if principal in theirs), None)
        return owner or Person(principal)

    def for_model(self, name: ModelName) -> Policy:
        """The policy as it is for one model: the most exact pattern's rules, stages and retention."""
        if not self.models:
            return self
        found = next((self.models[each] for each in matching(name) if each in self.models), None)
        if found is None:
            return self._replace(models={})
        return self._replace(rules=found.rules, stages=found.stages, retention=found.retention, models={})

    def stage(self, name: StageName) -> StageRule:
        if name not in self.stages:
            known = ", ".join(self.stages) or "none"
            raise NotFoundError(f"no stage '{name}' in {POLICY_PATH}", hint=f"its stages: {known}")
        return self.stages[name]


def parse_policy(data: bytes) -> Policy:
    """Parse policy.toml.  Raises FormatError; names used but never defined count as mistakes."""
    root = load_toml(data, POLICY_PATH)
    people = read_people(root.table("people"))
    gates = read_gates(root.table("gates"))
    stages, admins = root.table("stages"), root.table("admins")
    defined = Defined(people, read_roles(root.table("roles"), people), stages.names(), gates)
    retention = read_retention(root.table("retention"), defined.stages) if "retention" in root.names() else None
    general = ModelRules(read_rules(root.table("rules"), defined, {}), read_stages(stages, defined, {}), retention)
    _check_order(stages, general)
    policy = Policy(
        epoch=root.count("epoch"),
        branch=_branch(root),
        roles=defined.roles,
        rules=general.rules,
        stages=general.stages,
        gates=gates,
        people=people,
        models=_models(root.table("models"), defined, general),
        admins=_admins(admins, defined) if "admins" in root.names() else NOBODY,
        receipts=read_receipts(root.table("receipts"), defined),
        accepted=root.all_parsed("accepted", Oid.parse),
        retention=retention,
    )
    root.finish()
    return policy


def _branch(root: Table) -> str:
    branch = root.required("branch", str)
    if not branch or escape(branch) != branch or _NOT_IN_BRANCHES.search(branch):
        raise root.fail("branch", "must be a branch name")
    return branch


def _admins(table: Table, defined: Defined) -> ApprovalRule:
    rule = read_signatures(table, defined, default=1)
    if not rule.count:
        raise table.fail("count", "must not be 0", hint="leave [admins] out if nobody shall change the policy")
    table.finish()
    return rule


def _models(table: Table, defined: Defined, general: ModelRules) -> dict[ModelPattern, ModelRules]:
    """Shorter patterns first, so that each finds what it inherits from already read."""
    if len(table.names()) > MAX_PATTERNS:
        raise table.fail(table.names()[-1], f"more than {MAX_PATTERNS} patterns", hint="join some with '*'")
    patterns = [table.named(key, ModelPattern.parse) for key in table.names()]
    models: dict[ModelPattern, ModelRules] = {}
    for pattern in sorted(patterns, key=lambda each: (len(each.literal), -len(each))):
        inherited = next((models[each] for each in wider(pattern) if each in models), general)
        models[pattern] = _model_rules(table.table(pattern), defined, inherited)
    return models


def _model_rules(table: Table, defined: Defined, inherited: ModelRules) -> ModelRules:
    stages = table.table("stages")
    for key in stages.names():
        if key not in defined.stages:
            raise stages.fail(key, "no such stage", hint=f"define it for all models first: [stages.{escape(key[:80])}]")
    retention = inherited.retention
    if "retention" in table.names():
        retention = read_model_retention(table.table("retention"), defined.stages, retention or Retention())
    rules = ModelRules(
        read_rules(table.table("rules"), defined, inherited.rules),
        read_stages(stages, defined, inherited.stages),
        retention,
    )
    table.finish()
    _check_order(stages, rules)
    return rules


def _check_order(table: Table, rules: ModelRules) -> None:
    """Stages that wait for each other could never be entered; following them would not come to an end."""
    for name in rules.stages if table.names() else ():
        way = [name]
        while (after := rules.stages[way[-1]].after) is not None:
            if after in way or len(way) == MAX_STAGES_IN_A_ROW:
                reason = "waits for itself" if after in way else f"waits for more than {MAX_STAGES_IN_A_ROW} stages"
                shown = " -> ".join([*way, after][-4:])
                raise table.fail(
                    f"{name}: after", f"{reason}: {shown}", hint="some stage must be the first: one without `after`"
                )
            way.append(after)

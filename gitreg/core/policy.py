"""`.gitreg/policy.toml`: roles, stages, gates, and who may do what.  What no rule allows is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from gitreg.core.names import Principal, StageName
from gitreg.core.text import escape
from gitreg.core.toml import Table, load_toml
from gitreg.errors import FormatError, GitregError, NotFoundError

POLICY_PATH = ".gitreg/policy.toml"
RULES = ("register", "deregister", "deprecate")
MAX_STAGES_IN_A_ROW = 32
_GATE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")  # as a tag's trailer can carry it
_NOT_IN_BRANCHES = re.compile(r"[ ~^:?*\[\\]|\.\.|@\{|//|\.(?:/|$)|\.lock(?:/|$)|^[-/]|(?:^|/)\.|/$")


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """How many distinct people of which roles must approve a promotion."""

    count: int = 0
    from_roles: tuple[str, ...] = ()
    allow_self: bool = False


class StageRule(NamedTuple):
    """What it takes to get a version into one stage."""

    name: StageName
    promote: tuple[str, ...] = ()
    rollback: tuple[str, ...] = ()
    unassign: tuple[str, ...] = ()
    after: StageName | None = None
    gates: tuple[str, ...] = ()
    approvals: ApprovalRule = ApprovalRule()


class GateDefinition(NamedTuple):
    """A gate's kind and options, as the gates themselves will read them."""

    name: str
    kind: str
    options: Mapping[str, object]


class Policy(NamedTuple):
    """A parsed policy."""

    epoch: int
    branch: str
    roles: Mapping[str, tuple[Principal, ...]]
    rules: Mapping[str, tuple[str, ...]]
    stages: Mapping[StageName, StageRule]
    gates: Mapping[str, GateDefinition]

    def holds(self, principal: Principal, roles: tuple[str, ...]) -> bool:
        """Whether the person has one of the roles."""
        return any(principal in self.roles.get(role, ()) for role in roles)

    def stage(self, name: StageName) -> StageRule:
        if name not in self.stages:
            known = ", ".join(self.stages) or "none"
            raise NotFoundError(f"no stage '{name}' in {POLICY_PATH}", hint=f"its stages: {known}")
        return self.stages[name]


def parse_policy(data: bytes) -> Policy:
    """Parse policy.toml.  Raises FormatError; names used but never defined count as mistakes."""
    root = load_toml(data, POLICY_PATH)
    roles_table, rules_table = root.table("roles"), root.table("rules")
    stages, gates = root.table("stages"), root.table("gates")
    policy = Policy(
        epoch=root.count("epoch"),
        branch=_branch(root),
        roles={role: roles_table.all_parsed(role, Principal.parse) for role in roles_table.names()},
        rules={rule: rules_table.strings(rule) for rule in RULES},
        stages={_stage_name(stages, key): _stage(stages.table(key), key) for key in stages.names()},
        gates={key: _gate(gates.table(key), key) for key in gates.names()},
    )
    rules_table.finish()
    root.finish()
    _check_names(policy)
    for rule in policy.stages.values():
        _check_order(rule, policy)
    return policy


def _branch(root: Table) -> str:
    branch = root.required("branch", str)
    if not branch or escape(branch) != branch or _NOT_IN_BRANCHES.search(branch):
        raise root.fail("branch", "must be a branch name")
    return branch


def _stage_name(stages: Table, key: str) -> StageName:
    try:
        return StageName.parse(key)
    except GitregError as error:
        raise stages.fail(key, error.message, hint=error.hint) from None


def _stage(table: Table, name: str) -> StageRule:
    approvals = table.table("approvals")
    rule = StageRule(
        name=StageName.parse(name),
        promote=table.strings("promote"),
        rollback=table.strings("rollback"),
        unassign=table.strings("unassign"),
        after=table.parsed("after", StageName.parse) if "after" in table.names() else None,
        gates=table.strings("gates"),
        approvals=ApprovalRule(
            approvals.count("count", default=0),
            approvals.strings("from"),
            approvals.optional("allow_self", bool) or False,
        ),
    )
    approvals.finish()
    table.finish()
    return rule


def _gate(table: Table, name: str) -> GateDefinition:
    if not _GATE_NAME.fullmatch(name):
        raise table.fail("kind", "a gate's name is one word", hint="use lowercase letters, digits, '-' and '_'")
    kind = table.required("kind", str)
    options = {key: value for key, value in table.values().items() if key != "kind"}
    return GateDefinition(name, kind, options)


def _check_names(policy: Policy) -> None:
    for where, roles in _role_uses(policy):
        for role in roles:
            if role not in policy.roles:
                raise _undefined(where, "role", role, policy.roles)
    for rule in policy.stages.values():
        where = f"stages: {rule.name}"
        if rule.after is not None and rule.after not in policy.stages:
            raise _undefined(f"{where}: after", "stage", rule.after, policy.stages)
        for gate in rule.gates:
            if gate not in policy.gates:
                raise _undefined(where, "gate", gate, policy.gates)
        if rule.approvals.count and not rule.approvals.from_roles:
            raise FormatError(
                f"{POLICY_PATH}: {where}: approvals: nobody may approve", hint='name roles: from = ["reviewer"]'
            )


def _undefined(where: str, kind: str, name: str, known: Iterable[str]) -> FormatError:
    close = get_close_matches(name, list(known), n=1)
    hint = f"did you mean '{escape(close[0])}'?" if close else f"define it in [{kind}s]"
    return FormatError(f"{POLICY_PATH}: {where}: no {kind} '{escape(name[:80])}' in [{kind}s]", hint=hint)


def _check_order(rule: StageRule, policy: Policy) -> None:
    """Stages that wait for each other could never be entered; following them would not come to an end."""
    way = [rule.name]
    while (after := policy.stages[way[-1]].after) is not None:
        if after in way or len(way) == MAX_STAGES_IN_A_ROW:
            reason = "waits for itself" if after in way else f"waits for more than {MAX_STAGES_IN_A_ROW} stages"
            shown = " -> ".join([*way, after][-4:])
            raise FormatError(
                f"{POLICY_PATH}: stages: {rule.name}: after: {reason}: {shown}",
                hint="some stage must be the first: one without `after`",
            )
        way.append(after)


def _role_uses(policy: Policy) -> list[tuple[str, tuple[str, ...]]]:
    uses = [(f"rules: {rule}", roles) for rule, roles in policy.rules.items()]
    for rule in policy.stages.values():
        where = f"stages: {rule.name}"
        uses += [(where, (*rule.promote, *rule.rollback, *rule.unassign, *rule.approvals.from_roles))]
    return uses

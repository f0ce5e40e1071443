"""`.gitreg/policy.toml`: roles, stages, gates, and who may do what.  What no rule allows is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitreg.core.names import Principal, StageName
from gitreg.core.text import escape
from gitreg.core.toml import Table, load_toml
from gitreg.errors import FormatError, GitregError, NotFoundError

POLICY_PATH = ".gitreg/policy.toml"
RULES = ("register", "deregister", "deprecate")


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """How many distinct people of which roles must approve a promotion."""

    count: int = 0
    from_roles: tuple[str, ...] = ()
    allow_self: bool = False


@dataclass(frozen=True, slots=True)
class StageRule:
    """What it takes to get a version into one stage."""

    name: StageName
    promote: tuple[str, ...] = ()
    rollback: tuple[str, ...] = ()
    unassign: tuple[str, ...] = ()
    after: StageName | None = None
    gates: tuple[str, ...] = ()
    approvals: ApprovalRule = field(default_factory=ApprovalRule)


@dataclass(frozen=True, slots=True)
class GateDefinition:
    """A gate's kind and options, as the gates themselves will read them."""

    name: str
    kind: str
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Policy:
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
    return policy


def _branch(root: Table) -> str:
    branch = root.required("branch", str)
    if not branch or escape(branch) != branch or branch.startswith("-") or ".." in branch or " " in branch:
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
    kind = table.required("kind", str)
    options = {key: value for key, value in table.values().items() if key != "kind"}
    return GateDefinition(name, kind, options)


def _check_names(policy: Policy) -> None:
    for where, roles in _role_uses(policy):
        for role in roles:
            if role not in policy.roles:
                raise FormatError(f"{POLICY_PATH}: {where}: no role '{escape(role)}' in [roles]")
    for rule in policy.stages.values():
        if rule.after is not None and (rule.after not in policy.stages or rule.after == rule.name):
            raise FormatError(f"{POLICY_PATH}: stages: {rule.name}: after: no other stage '{rule.after}'")
        for gate in rule.gates:
            if gate not in policy.gates:
                raise FormatError(f"{POLICY_PATH}: stages: {rule.name}: no gate '{escape(gate)}' in [gates]")
        if rule.approvals.count and not rule.approvals.from_roles:
            raise FormatError(f"{POLICY_PATH}: stages: {rule.name}: approvals: from: name the roles that may approve")


def _role_uses(policy: Policy) -> list[tuple[str, tuple[str, ...]]]:
    uses = [(f"rules: {rule}", roles) for rule, roles in policy.rules.items()]
    for rule in policy.stages.values():
        where = f"stages: {rule.name}"
        uses += [(where, (*rule.promote, *rule.rollback, *rule.unassign, *rule.approvals.from_roles))]
    return uses

"""Reading a policy's tables: each list is checked where it is read, against the names that the file defines."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple, assert_never

from gitreg.core.freeze import read_freeze
from gitreg.core.names import Person, Principal, StageName
from gitreg.core.near import did_you_mean
from gitreg.core.policy_rules import ApprovalRule, Decide, GateDefinition, ReceiptRule, StageRule
from gitreg.core.text import escape
from gitreg.core.toml import Table

RULES: Final = ("register", "deregister", "deprecate", "archive")
MAX_STAGES: Final = 256
_GATE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")  # as a tag's trailer can carry it
_ROLE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

People = Mapping[Person, tuple[Principal, ...]]


class Defined(NamedTuple):
    """The names that rules may use, with what is behind a role: people, and each one's principals."""

    people: People
    roles: Mapping[str, tuple[Principal, ...]]
    stages: Collection[str]
    gates: Collection[str]

    def heads(self, roles: tuple[str, ...]) -> int:
        """How many people hold at least one of the roles."""
        principals = {principal for role in roles for principal in self.roles[role]}
        named = [principals.intersection(theirs) for theirs in self.people.values()]
        return len(principals.difference(*named)) + sum(map(bool, named))


def read_people(table: Table) -> People:
    """`[people]`: each principal is one person's."""
    people = {table.named(name, Person.parse): table.all_parsed(name, Principal.parse) for name in table.names()}
    owners: dict[str, Person] = {}
    for person, principals in people.items():
        if not principals:
            raise table.fail(person, "has no principal", hint='name one: ann = ["ann@example.com"]')
        for principal in principals:
            if owners.setdefault(principal, person) != person:
                reason = f"{principal} is {owners[principal]} already"
                raise table.fail(person, reason, hint="a principal belongs to one person")
    for person in people:
        if owners.get(person, person) != person:
            raise table.fail(person, f"is also a principal of {owners[person]}", hint="choose another name")
    return people


def read_roles(table: Table, people: People) -> dict[str, tuple[Principal, ...]]:
    """`[roles]`: lists of people and principals; a person stands for all their principals."""
    roles = {}
    for role in table.names():
        if not _ROLE_NAME.fullmatch(role):
            raise table.fail(role, "not a role's name", hint="one word of letters, digits, '.', '-' and '_'")
        named = table.all_parsed(role, Principal.parse)
        behind = [principal for name in named for principal in people.get(Person(name), (name,))]
        roles[role] = tuple(dict.fromkeys(behind))
    return roles


def read_rules(table: Table, defined: Defined, inherited: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """`[rules]`: who may register and so on; what is not said is inherited."""
    rules = {rule: read_role_list(table, rule, defined, inherited.get(rule, ())) for rule in RULES}
    table.finish()
    return rules


def read_stages(table: Table, defined: Defined, inherited: Mapping[StageName, StageRule]) -> dict[StageName, StageRule]:
    """`[stages.*]`: the inherited ones in their order, changed where the table says something."""
    if len(table.names()) > MAX_STAGES:
        raise table.fail(table.names()[-1], f"more than {MAX_STAGES} stages", hint="leave some out")
    stages = dict(inherited)
    for key in table.names():
        name = table.named(key, StageName.parse)
        stages[name] = _read_stage(table.table(key), defined, stages.get(name, StageRule(name)))
    return stages


def _read_stage(table: Table, defined: Defined, inherited: StageRule) -> StageRule:
    said = table.names()
    after = inherited.after
    if "after" in said:
        after = table.parsed("after", StageName.parse)
        _check_defined(table, "after", "stage", (after,), defined.stages)
    gates = table.strings("gates") if "gates" in said else inherited.gates
    _check_defined(table, "gates", "gate", gates, defined.gates)
    rule = StageRule(
        name=inherited.name,
        promote=read_role_list(table, "promote", defined, inherited.promote),
        rollback=read_role_list(table, "rollback", defined, inherited.rollback),
        unassign=read_role_list(table, "unassign", defined, inherited.unassign),
        after=after,
        gates=gates,
        approvals=_read_approvals(table, "approvals", defined, inherited.approvals),
        rollback_approvals=_read_approvals(table, "rollback_approvals", defined, inherited.rollback_approvals),
        freeze=tuple(map(read_freeze, table.tables("freeze"))) if "freeze" in said else inherited.freeze,
        decide=_read_decide(table) if "decide" in said else inherited.decide,
    )
    table.finish()
    _check_decide(table, rule)
    return rule


def _read_decide(table: Table) -> Decide:
    said = table.required("decide", str)
    found = next((each for each in Decide if each.value == said), None)
    if found is None:
        raise table.fail("decide", f"not a way to decide: '{escape(said[:80])}'", hint='"auto", "manual" or "hybrid"')
    return found


def _check_decide(table: Table, rule: StageRule) -> None:
    """A stage that says one thing and asks for another would surprise whoever relies on it."""
    match rule.decide:
        case Decide.MANUAL:
            return
        case Decide.AUTO:
            if rule.approvals.count:
                raise table.fail("decide", '"auto" with approvals', hint='say "hybrid" or "manual", or count = 0')
        case Decide.HYBRID:
            if not rule.approvals.count:
                raise table.fail("decide", '"hybrid" without approvals', hint="say how many people are asked otherwise")
            if not rule.gates:
                raise table.fail("decide", '"hybrid" without gates', hint="name the gates that decide")
        case _:
            assert_never(rule.decide)


def _read_approvals(table: Table, key: str, defined: Defined, inherited: ApprovalRule) -> ApprovalRule:
    inner = table.table(key)
    if key not in table.names():
        return inherited
    rule = read_signatures(inner, defined, default=0, allow_self=inner.optional("allow_self", bool) or False)
    inner.finish()
    return rule


def read_signatures(table: Table, defined: Defined, *, default: int, allow_self: bool = False) -> ApprovalRule:
    """`count` and `from`, as approvals and admins have them; the roles must have that many people."""
    rule = ApprovalRule(table.count("count", default=default), read_role_list(table, "from", defined, ()), allow_self)
    if not rule.count:
        return rule
    if not rule.from_roles:
        raise table.fail("from", "nobody may sign", hint='name roles: from = ["reviewer"]')
    heads = defined.heads(rule.from_roles)
    if heads < rule.count:
        have = f"{heads} person" if heads == 1 else f"{heads} people"
        roles = ", ".join(rule.from_roles)
        reason = f"asks for {rule.count} people, but {roles} has {have}"
        raise table.fail("count", reason, hint="add people to the roles, or lower the count")
    return rule


def read_role_list(table: Table, key: str, defined: Defined, inherited: tuple[str, ...]) -> tuple[str, ...]:
    """A list of roles that exist; an absent one is inherited."""
    roles = table.strings(key)
    if key not in table.names():
        return inherited
    _check_defined(table, key, "role", roles, defined.roles)
    return roles


def read_receipts(table: Table, defined: Defined) -> ReceiptRule:
    rule = ReceiptRule(read_role_list(table, "from", defined, ()), table.optional("required", bool) or False)
    table.finish()
    if rule.required and not rule.from_roles:
        raise table.fail("required", "nobody may write receipts", hint='name roles: from = ["server"]')
    return rule


def read_gates(table: Table) -> dict[str, GateDefinition]:
    """`[gates.*]`: names and kinds; what the options mean is for the gates to say."""
    return {name: _read_gate(table.table(name), name) for name in table.names()}


def _read_gate(table: Table, name: str) -> GateDefinition:
    if not _GATE_NAME.fullmatch(name):
        raise table.fail("kind", "a gate's name is one word", hint="use lowercase letters, digits, '-' and '_'")
    kind = table.required("kind", str)
    options = {key: value for key, value in table.values().items() if key != "kind"}
    return GateDefinition(name, kind, options)


def _check_defined(table: Table, key: str, kind: str, names: tuple[str, ...], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f"define it in [{kind}s]"
            raise table.fail(key, f"no {kind} '{escape(name[:80])}' in [{kind}s]", hint=hint)

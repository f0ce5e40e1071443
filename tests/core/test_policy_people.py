"""People and counts: one person under two names would be two, or a rule would ask for more people than there are."""

from __future__ import annotations

import pytest

from gitreg.core.names import Person, Principal
from gitreg.core.policy import parse_policy
from gitreg.core.policy_rules import NOBODY, ApprovalRule, ReceiptRule
from gitreg.errors import FormatError

HEAD = 'format = 1\nepoch = 1\nbranch = "main"\n'
ANN = '[people]\nann = ["ann@example.com", "ann@work.example"]\n'


def parse(text: str, top: str = ""):
    return parse_policy((HEAD + top + text).encode())


def test_all_principals_of_a_person_are_that_person():
    """Ann would approve twice, once from home and once from work."""
    policy = parse(ANN)
    assert {policy.person_of(Principal(name)) for name in ("ann@example.com", "ann@work.example")} == {Person("ann")}
    assert policy.person_of(Principal("bob@example.com")) == Person("bob@example.com")


def test_a_role_names_people_or_principals():
    """A role for Ann's key at work would be held at home too, or a role for Ann by nobody."""
    policy = parse(ANN + '[roles]\nall = ["ann"]\nwork = ["ann@work.example", "bob"]\n')
    home, work, bob = Principal("ann@example.com"), Principal("ann@work.example"), Principal("bob")
    assert [policy.holds(each, ("all",)) for each in (home, work, bob)] == [True, True, False]
    assert [policy.holds(each, ("work",)) for each in (home, work, bob)] == [False, True, True]
    assert not policy.holds(Principal("ann"), ("all",))


@pytest.mark.parametrize(
    ("people", "reason"),
    [
        ('ann = ["a@x"]\nbob = ["b@x", "a@x"]', "people: bob: a@x is ann already"),
        ('ann = ["bob"]\nbob = ["b@x"]', "people: bob: is also a principal of ann"),
        ("ann = []", "people: ann: has no principal"),
        ('ann = ["a b"]', "people: ann: not a principal"),
        ('"a b" = ["a@x"]', "people: a b: not a person's name"),
        ('ann = "a@x"', "people: ann: must be a list"),
    ],
)
def test_unclear_people_are_refused(people, reason):
    """Nobody could tell who a signature is by."""
    with pytest.raises(FormatError) as caught:
        parse(f"[people]\n{people}\n")
    assert caught.value.message.startswith(f".gitreg/policy.toml: {reason}")
    assert caught.value.hint


ROLES = ANN + '[roles]\nlead = ["ann"]\nreviewer = ["ann@work.example", "bob"]\nempty = []\n'


@pytest.mark.parametrize("key", ["approvals", "rollback_approvals"])
@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ('{ count = 2, from = ["lead"] }', "count: asks for 2 people, but lead has 1 person"),
        ('{ count = 3, from = ["lead", "reviewer"] }', "count: asks for 3 people, but lead, reviewer has 2 people"),
        ('{ count = 1, from = ["empty"] }', "count: asks for 1 people, but empty has 0 people"),
        ("{ count = 1 }", "from: nobody may sign"),
        ('{ count = 1, from = ["leads"] }', "from: no role 'leads'"),
        ('{ count = 1, from = ["lead"], self = true }', "self: unknown key"),
    ],
)
def test_counts_that_no_people_can_reach_are_refused(key, rule, reason):
    """Nobody could ever promote, and would learn of it at the worst time."""
    with pytest.raises(FormatError) as caught:
        parse(f"{ROLES}[stages.production]\n{key} = {rule}\n")
    assert caught.value.message.startswith(f".gitreg/policy.toml: stages: production: {key}: {reason}")
    assert caught.value.hint


def test_counts_that_can_be_reached_are_accepted():
    """A person in two roles would be counted twice, or not at all."""
    policy = parse(f'{ROLES}[stages.production]\nrollback_approvals = {{ count = 2, from = ["lead", "reviewer"] }}\n')
    (rule,) = policy.stages.values()
    assert rule.rollback_approvals == ApprovalRule(2, ("lead", "reviewer"))
    assert rule.approvals == ApprovalRule()


def test_admins_are_who_the_policy_says_and_otherwise_nobody():
    """Default deny: a policy without admins could be changed by everybody."""
    assert parse(ROLES).admins == NOBODY
    assert NOBODY.count > 0 == len(NOBODY.from_roles)
    assert parse(f'{ROLES}[admins]\nfrom = ["lead"]\n').admins == ApprovalRule(1, ("lead",))


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("[admins]\n", "admins: from: nobody may sign"),
        ('[admins]\nfrom = ["lead"]\ncount = 0\n', "admins: count: must not be 0"),
        ('[admins]\nfrom = ["lead"]\ncount = 2\n', "admins: count: asks for 2 people"),
        ('[admins]\nfrom = ["lead"]\nallow_self = true\n', "admins: allow_self: unknown key"),
        ('[receipts]\nfrom = ["server"]\n', "receipts: from: no role 'server'"),
        ("[receipts]\nrequired = true\n", "receipts: required: nobody may write receipts"),
        ('[receipts]\nfrom = ["lead"]\nrequire = true\n', "receipts: require: unknown key"),
        ('[roles]\n"\\u001b[31m" = []\n', "roles: \\x1b[31m: not a role's name"),
    ],
)
def test_mistakes_about_admins_receipts_and_roles_are_refused(table, reason):
    """A rule with a typing error would be a rule that does not hold."""
    text = table if table.startswith("[roles]") else ROLES + table
    with pytest.raises(FormatError) as caught:
        parse(text)
    assert caught.value.message.startswith(f".gitreg/policy.toml: {reason}")
    assert caught.value.hint


def test_receipts_and_accepted_tags_are_read():
    """A tag that the admins vouch for would fail for ever after its key was revoked."""
    oids = ("1" * 40, "a" * 64)
    policy = parse(f'{ROLES}[receipts]\nfrom = ["lead"]\nrequired = true\n', top=f"accepted = {list(oids)}\n")
    assert policy.receipts == ReceiptRule(("lead",), required=True)
    assert policy.accepted == oids
    with pytest.raises(FormatError, match="accepted: not a full git object name"):
        parse(ROLES, top='accepted = ["1234"]\n')

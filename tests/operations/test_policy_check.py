"""`policy check`: what each person may do, and what is allowed but hardly meant."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from gitreg.cli.json_form import plain
from gitreg.core.names import Principal
from gitreg.core.policy import parse_policy
from gitreg.core.policy_templates import Template, policy_template
from gitreg.errors import FormatError, RefusedError, SourceError
from gitreg.operations.policy.check import PolicyCheck, check_policy
from gitreg.operations.policy.powers import PersonPowers
from gitreg.operations.policy.warnings import policy_warnings
from gitreg.trust.allowed_signers import AllowedSigners, format_line
from gitreg.trust.private_key import generate_key

DOCS = Path(__file__).parents[2] / "docs" / "reference"
NOW = datetime(2026, 11, 21, tzinfo=UTC)
ADA = Principal("ada@example.com")


def examples() -> list[str]:
    page = (DOCS / "policy.md").read_text()
    return re.findall(r"^```toml\n(.*?)^```", page[page.index("## Examples") :], re.MULTILINE | re.DOTALL)


def checked(tmp_path: Path, text: str) -> PolicyCheck:
    (tmp_path / "policy.toml").write_text(text)
    return check_policy(tmp_path / "policy.toml")


def person(check: PolicyCheck, name: str) -> PersonPowers:
    (found,) = [each for each in check.people if each.person == name]
    return found


@pytest.mark.parametrize(("template", "place"), [(template, place) for place, template in enumerate(Template)])
def test_the_examples_in_the_docs_are_what_policy_init_writes(template, place):
    """People would copy an example that does not parse, or get another than they read."""
    assert examples()[place] == policy_template(template, ADA, "main").decode()


@pytest.mark.parametrize(("template", "kinds"), [("one-person", {"one-admin"}), ("team", set()), ("regulated", set())])
def test_the_examples_can_be_lived_with(tmp_path, template, kinds):
    """A published example would lock its people out."""
    check = checked(tmp_path, policy_template(Template(template), ADA, "main").decode())
    assert {warning.kind for warning in check.warnings} == kinds


@pytest.mark.parametrize("text", examples())
def test_the_schema_accepts_the_examples_and_refuses_slips(text):
    """Editors would underline what gitreg takes, or nothing at all."""
    schema = json.loads((DOCS / "policy.schema.json").read_text())
    document = plain({"policy": tomllib.loads(text)})["policy"]
    jsonschema.Draft202012Validator(schema).validate(document)
    for slip in (
        {"admin": {}},
        {"epoch": -1},
        {"stages": {"dev": {"promotes": []}}},
        {"models": {"*/x": {}}},
        {"retention": {"last": 3}},
        {"models": {"x": {"retention": {"archive": "cold"}}}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(schema).validate(document | slip)


def test_the_schema_knows_retention():
    """Editors would underline the example of the documentation."""
    schema = json.loads((DOCS / "policy.schema.json").read_text())
    page = (DOCS / "policy.md").read_text()
    page = page[page.index("## Retention") : page.index("## When")]
    (example,) = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    head = 'format = 1\nepoch = 1\nbranch = "main"\n' + "".join(f"[stages.{name}]\n" for name in STAGES)
    jsonschema.Draft202012Validator(schema).validate(tomllib.loads(head + example))
    assert parse_policy((head + example).encode()).retention is not None


STAGES = ("dev", "staging", "production")


def test_what_a_person_may_do_is_told_by_pattern(tmp_path):
    """A team would believe that it owns models which it does not."""
    check = checked(tmp_path, policy_template(Template.REGULATED, ADA, "main").decode())
    general, own = person(check, "dan@example.com").may
    assert (general.models, general.rules, general.promote) == (("*",), (), ("dev",))
    assert (own.models, own.rules, own.promote) == (("credit/*",), ("register",), ("dev",))
    ada = person(check, "ada")
    assert (ada.principals, ada.roles, ada.admin) == ((ADA, "ada@admin.example.com"), ("officer",), True)
    assert set(ada.may[0].models) == {"*", "credit/*", "fraud/*"}
    assert ada.may[0].approve == ada.may[0].approve_rollback == ("production",)


def test_what_a_stage_takes_is_told_by_pattern(tmp_path):
    check = checked(tmp_path, policy_template(Template.REGULATED, ADA, "main").decode())
    terms = {(str(each.stage), str(each.models)): each for each in check.stages}
    assert terms["production", "*"].approvals.count == 2
    assert terms["production", "fraud/*"].approvals.count == 3
    assert ("production", "credit/*") not in terms
    assert terms["production", "*"].freeze[1] == "every fri 15:00 to mon 06:00 UTC (weekend)"


HEAD = 'format = 1\nepoch = 1\nbranch = "main"\n[roles]\nlead = ["ann"]\ndev = ["bob"]\nnobody = []\n'
REST = '[admins]\nfrom = ["lead"]\n[rules]\nregister = ["dev"]\n'


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("", "empty-role", "the role nobody has no people"),
        ("", "unused-role", "the role nobody may do nothing: no rule names it"),
        ("", "one-admin", "one stolen key suffices to change this policy: that of ann"),
        ('[stages.p]\npromote = ["lead"]\nrollback = ["lead"]\napprovals = { count = 1, from = ["lead"] }\n',
         "impossible-approval", "p can never get its 1 approvals"),
        ('[stages.p]\npromote = ["lead"]\nrollback = ["lead"]\nrollback_approvals = { count = 1, from = ["lead"] }\n',
         "impossible-approval", "a rollback of p can never get its approvals"),
        ('[stages.p]\npromote = ["lead"]\nrollback = ["lead"]\napprovals = { count = 1, from = ["dev"] }\n',
         "impossible-approval", "p can never get its 1 approvals"),
        ("[stages.p]\n", "closed-stage", "nobody may promote to p"),
        ('[stages.p]\npromote = ["lead"]\n', "no-rollback", "nobody may roll back p"),
        ('[stages.p]\n[models."a/*"]\nstages.p.promote = ["dev"]\n', "no-rollback", "nobody may roll back p of a/*"),
        ('[models."team*"]\n', "wide-pattern", "team* is also for teamx/..., a team of another name"),
        ('[gates.g]\nkind = "magic"\n', "gate", "the gate g would not run here"),
        ('[stages.p]\n[[stages.p.freeze]]\nfrom = 2020-01-01T00:00:00Z\nuntil = 2020-01-02T00:00:00Z\n',
         "past-freeze", "a freeze window of p is over"),
    ],
)  # fmt: skip
def test_what_is_hardly_meant_is_mentioned(text, kind, message):
    """Somebody would find out when the release waits for it."""
    found = policy_warnings(parse_policy((HEAD + REST + text).encode()), None, NOW)
    assert [each for each in found if each.kind == kind and each.message.startswith(message)], found


@pytest.mark.parametrize(
    "rule",
    ['{ count = 1, from = ["lead"], allow_self = true }', '{ count = 1, from = ["lead", "dev", "third"] }'],
)
def test_approvals_that_can_be_given_are_not_complained_of(rule):
    """Warnings that are wrong are not read."""
    text = HEAD.replace("nobody = []", 'third = ["cat"]') + REST
    stage = f'[stages.p]\npromote = ["lead"]\nrollback = ["lead"]\napprovals = {rule}\n'
    found = policy_warnings(parse_policy((text + stage).encode()), None, NOW)
    assert "impossible-approval" not in {each.kind for each in found}


@pytest.mark.parametrize(
    ("admins", "kind"), [("", "no-admins"), ('[admins]\nfrom = ["lead", "dev"]\ncount = 2\n', "all-admins")]
)
def test_who_can_change_the_policy_is_looked_at(admins, kind):
    """One lost key would freeze the rules for ever."""
    found = policy_warnings(parse_policy((HEAD + admins).encode()), None, NOW)
    assert kind in {each.kind for each in found}


def test_keys_and_people_are_held_against_each_other(tmp_path):
    """Somebody with a role could not sign, or a key of somebody who left could."""
    key = generate_key(tmp_path / "key", "ann")
    lines = format_line([Principal("ann")], key) + format_line([Principal("eve")], key) + "what is this\n"
    policy = parse_policy((HEAD + REST).encode())
    found = {(each.kind, each.message) for each in policy_warnings(policy, AllowedSigners.parse(lines.encode()), NOW)}
    assert ("no-key", "bob has no key in allowed_signers, or only revoked ones") in found
    assert ("idle-key", "line 2 of allowed_signers lets eve sign, who has no role") in found
    assert not [message for kind, message in found if kind == "no-key" and "ann" in message]
    assert [message for kind, message in found if kind == "signers" and message.startswith("line 3:")]


def test_a_revoked_key_is_nobodys_key(tmp_path):
    """A person whose laptop was stolen would look able to sign."""
    key = generate_key(tmp_path / "key", "ann")
    (tmp_path / "allowed_signers").write_text(format_line([Principal("ann")], key))
    assert "ann has no key in allowed_signers, or only revoked ones" not in [
        each.message for each in checked(tmp_path, HEAD).warnings
    ]
    (tmp_path / "revoked_keys").write_text(f"{key.line}\n")
    assert "ann has no key in allowed_signers, or only revoked ones" in [
        each.message for each in checked(tmp_path, HEAD).warnings
    ]


def test_a_file_that_is_no_policy_is_refused(tmp_path):
    """`policy check` would pass in CI for a policy that allows nothing."""
    with pytest.raises(FormatError, match="no role 'boss'"):
        checked(tmp_path, HEAD + '[rules]\nregister = ["boss"]\n')
    with pytest.raises(SourceError, match="cannot read"):
        check_policy(tmp_path / "none.toml")


def test_the_policy_in_force_is_the_branchs(world, registry):
    """People would read their own unfinished edits as the rules that count."""
    before = registry.policy()
    (registry.root / ".gitreg" / "policy.toml").write_text("nonsense")
    assert registry.policy() == before
    assert (before.branch, before.epoch) == ("main", before.policy["epoch"])
    assert before.policy["stages"]["production"]["after"] == "staging"
    assert parse_policy(before.text.encode()).epoch == before.epoch


def reasons(needs) -> dict[str, str]:
    return {each.check: each.reason for each in needs.missing}


def test_what_a_promotion_still_needs_is_told_without_a_key(world, registry):
    """A reviewer would have to try, or to ask the promoter, what everybody waits for."""
    needs = registry.promotion_needs("mnist@v1.0.0", "production")
    assert reasons(needs) == {"after": "v1.0.0 has not been in staging", "approvals": "0 of 2 approvals"}
    registry.promote("mnist@v1.0.0", "staging")
    world.open(who="bob").approve("mnist@v1.0.0", "production")
    anybody = world.open(who="eve")
    needs = anybody.promotion_needs("mnist@v1.0.0", "production")
    assert reasons(needs) == {"approvals": "1 of 2 approvals"}
    assert (needs.approvals.by, needs.could_approve) == (("bob@example.com",), ("carol@example.com",))
    world.open(who="carol").approve("mnist@v1.0.0", "production")
    needs = anybody.promotion_needs("mnist@v1.0.0", "production")
    assert (needs.missing, needs.could_approve, needs.terms.after) == ((), (), "staging")


def test_gates_that_would_fail_are_among_the_needs(world, registry):
    """The promotion would be planned, and stop at its last step."""
    world.train(registry, b"worse", accuracy=0.5)
    registry.register("mnist")
    needs = registry.promotion_needs("mnist", "staging")
    assert set(reasons(needs)) == {"gates"}
    assert [gate.figure for gate in needs.gates] == ["accuracy 0.5"]


def test_a_template_is_the_next_change_and_replaces_nothing_unasked(world, registry):
    """Somebody's policy would be overwritten, or the new one have an epoch that is refused."""
    file = registry.root / ".gitreg" / "policy.toml"
    written = file.read_text()
    with pytest.raises(RefusedError, match="exists already"):
        registry.init_policy("team")
    assert file.read_text() == written
    made = registry.init_policy("team", force=True)
    policy = parse_policy(file.read_bytes())
    assert policy.epoch == made.epoch == registry.policy().epoch + 1
    assert Principal("person@example.com") in policy.roles["lead"]
    assert registry.check_policy().epoch == made.epoch

"""`gitreg policy` as people and CI run it: exit codes, JSON, and text from a stranger's file."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from gitreg.operations.context import Context, Settings
from gitreg.operations.policy.sign import sign_policy

POLICY = """\
format = 1
epoch = 3
branch = "main"
[people]
ann = ["ann@example.com", "ann@work.example"]
[roles]
lead = ["ann"]
helper = ["bob@example.com"]
[admins]
from = ["lead"]
[rules]
register = ["lead"]
[stages.production]
promote = ["lead"]
rollback = ["lead"]
approvals = { count = 1, from = ["lead"] }
[[stages.production.freeze]]
weekly = "fri 16:00 - mon 06:00"
reason = "\\u001b[31mweekend\\u202e"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(POLICY)
    return path


def test_a_valid_policy_is_explained_in_sentences(gitreg, file):
    """The one who has to sign it would have to know TOML."""
    done = gitreg("policy", "check", file)
    assert (done.returncode, done.stderr) == (0, "")
    for sentence in (
        "A change of the policy or the keys is signed by ann.",
        "  Must be approved by ann, not whoever registers or promotes it.",
        "  Closed to promotions: every fri 16:00 to mon 06:00 UTC (\\x1b[31mweekend\\u202e).",
        "ann (ann@example.com, ann@work.example) lead",
        "  May register; promote to production; roll back production; approve promotions to production (any model).",
        "  May do nothing.",
    ):
        assert f"{sentence}\n" in done.stdout
    assert "impossible-approval: production can never get its 1 approvals" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_policy_that_is_not_valid_fails_and_names_the_key(gitreg, file):
    """CI would let a policy in that stops every command."""
    file.write_text(POLICY.replace('register = ["lead"]', 'register = ["laed"]'))
    done = gitreg("policy", "check", file, "--json")
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["kind"], error["hint"]) == (1, "format", "did you mean 'lead'?")
    assert error["message"] == ".gitreg/policy.toml: rules: register: no role 'laed' in [roles]"


def test_scripts_get_the_explanation_as_data(gitreg, file):
    """A dashboard would parse sentences."""
    found = json.loads(gitreg("policy", "check", file, "--json").stdout)
    assert (found["epoch"], found["models"], found["keys"]) == (3, ["*"], False)
    assert found["people"][0]["principals"] == ["ann@example.com", "ann@work.example"]
    assert found["stages"][0]["approvals"] == {"count": 1, "people": ["ann"], "allow_self": False}
    assert {"impossible-approval", "one-admin", "unused-role"} == {each["kind"] for each in found["warnings"]}


def test_a_registrys_own_policy_is_checked_and_shown(gitreg, registry):
    """The working tree's is what one is about to commit; the branch's is what counts."""
    checked = gitreg("policy", "check", cwd=registry)
    assert checked.returncode == 0
    assert "no-key" not in checked.stdout
    shown = gitreg("policy", "show", cwd=registry)
    assert shown.stdout == (registry / ".gitreg" / "policy.toml").read_text()
    as_data = json.loads(gitreg("policy", "show", "--json", cwd=registry).stdout)
    assert as_data["policy"]["epoch"] == as_data["epoch"]
    replaced = gitreg("policy", "init", "--template", "team", "--force", cwd=registry)
    assert replaced.returncode == 0
    assert "lin@example.com has no key" in gitreg("policy", "check", cwd=registry).stdout
    assert gitreg("policy", "show", cwd=registry).stdout == shown.stdout


def test_the_answer_about_a_promotion_is_an_exit_code_too(gitreg, registry, file):
    """A pipeline would go on to a promotion that is refused."""
    done = gitreg("policy", "check", "--for", "mnist@v1.0.0", "staging", cwd=registry)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "mnist@v1.0.0 needs nothing more to enter staging")
    policy = registry / ".gitreg" / "policy.toml"
    policy.write_text(
        policy.read_text().replace("epoch = 1", "epoch = 2")
        + '[[stages.staging.freeze]]\nweekly = "mon 00:00 - sun 23:59"\n'
        '[[stages.staging.freeze]]\nweekly = "sun 23:59 - mon 00:00"\n'
    )
    signed_and_committed(registry)
    done = gitreg("policy", "check", "--for", "mnist@v1.0.0", "staging", cwd=registry)
    assert done.returncode == 1
    assert "freeze: staging takes no promotions every " in done.stdout
    refused = gitreg("promote", "mnist@v1.0.0", "staging", cwd=registry)
    assert (refused.returncode, "rollback and unassign stay possible" in refused.stderr) == (1, True)
    assert gitreg("policy", "check", file, "--for", "mnist", "staging", cwd=registry).returncode == 2


def signed_and_committed(registry: Path) -> None:
    sign_policy(Context.open(registry, Settings()))
    subprocess.run(["git", "commit", "-q", "-a", "-m", "Freeze"], cwd=registry, check=True)


def test_a_hybrid_stage_says_when_nobody_is_asked(gitreg, file):
    """An admin would sign that approvals are needed, where they mostly are not."""
    hybrid = 'gates = ["ok"]\ndecide = "hybrid"\n[[stages.production.freeze]]'
    file.write_text(POLICY.replace("[[stages.production.freeze]]", hybrid) + '[gates.ok]\nkind = "format"\n')
    said = "Must be approved by ann, not whoever registers or promotes it, unless every gate passes with its margin."
    assert said in gitreg("policy", "check", file).stdout

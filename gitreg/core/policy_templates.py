"""Policies to start from, for three kinds of owners.  They name you and invented people, whom you replace."""

from __future__ import annotations

from enum import Enum
from typing import assert_never

from gitreg.core.names import Principal, StageName
from gitreg.core.policy_text import starting_policy

_STAGES = ("dev", "staging", "production")


class Template(Enum):
    """Who the registry belongs to."""

    ONE_PERSON = "one-person"
    TEAM = "team"
    REGULATED = "regulated"


def policy_template(template: Template, you: Principal, branch: str) -> bytes:
    """A whole policy.toml with epoch 1; the caller has checked the branch name."""
    match template:
        case Template.ONE_PERSON:
            return starting_policy(you, branch, tuple(map(StageName, _STAGES)))
        case Template.TEAM:
            return _filled(_TEAM, you, branch)
        case Template.REGULATED:
            return _filled(_REGULATED, you, branch)
        case _:
            assert_never(template)


def _filled(text: str, you: Principal, branch: str) -> bytes:
    quoted = branch.replace("\\", "\\\\").replace('"', '\\"')
    return text.replace("@BRANCH@", quoted).replace("@YOU@", you).encode()


_TEAM = """\
# A team of five: everybody works, two of three leads decide about the rules.
format = 1
epoch = 1
branch = "@BRANCH@"

[roles]
lead = ["@YOU@", "lin@example.com", "max@example.com"]
engineer = ["@YOU@", "lin@example.com", "max@example.com", "noa@example.com", "oli@example.com"]

[admins]
from = ["lead"]
count = 2

[rules]
register = ["engineer"]
deregister = ["lead"]
deprecate = ["lead"]
archive = ["lead"]

[stages.dev]
promote = ["engineer"]
rollback = ["engineer"]
unassign = ["engineer"]

[stages.staging]
promote = ["engineer"]
rollback = ["engineer"]
unassign = ["engineer"]
gates = ["formats"]

[stages.production]
promote = ["lead"]
rollback = ["engineer"]  # at night, whoever is awake
unassign = ["lead"]
after = "staging"
gates = ["formats", "documented"]
approvals = { count = 1, from = ["engineer"] }

[[stages.production.freeze]]
weekly = "fri 15:00 - mon 06:00"
reason = "weekend"

[gates.formats]
kind = "format"

[gates.documented]
kind = "card"
"""

_REGULATED = """\
# A regulated organisation: who builds does not validate, who validates does not release, teams own their models.
format = 1
epoch = 1
branch = "@BRANCH@"

[people]  # one person each, however many principals
ada = ["@YOU@", "ada@admin.example.com"]

[roles]
officer = ["ada", "ben@example.com", "cleo@example.com"]
credit = ["dan@example.com", "eva@example.com"]
fraud = ["finn@example.com", "gus@example.com"]
validator = ["hana@example.com", "ian@example.com", "jo@example.com"]
release = ["kim@example.com", "lea@example.com"]
oncall = ["kim@example.com", "lea@example.com", "mia@example.com"]
server = ["registry-server"]

[admins]
from = ["officer"]
count = 2

[receipts]
from = ["server"]
required = false  # true once the server writes them

[rules]  # models that no team owns
deregister = ["officer"]
deprecate = ["officer"]
archive = ["officer"]

[stages.dev]
promote = ["credit", "fraud"]
rollback = ["credit", "fraud"]
unassign = ["credit", "fraud"]

[stages.validation]
promote = ["validator"]
rollback = ["validator"]
unassign = ["validator"]
after = "dev"
gates = ["formats", "documented"]

[stages.production]
promote = ["release"]
rollback = ["oncall"]
unassign = ["officer"]
after = "validation"
gates = ["formats", "documented", "accuracy"]
approvals = { count = 2, from = ["validator", "officer"] }
rollback_approvals = { count = 1, from = ["oncall", "officer"] }

[[stages.production.freeze]]
from = 2026-12-18T17:00:00Z
until = 2027-01-04T07:00:00Z
reason = "end of the year"

[[stages.production.freeze]]
weekly = "fri 15:00 - mon 06:00"
reason = "weekend"

[models."credit/*"]
rules.register = ["credit"]
stages.dev.promote = ["credit"]
stages.dev.rollback = ["credit"]
stages.dev.unassign = ["credit"]

[models."fraud/*"]
rules.register = ["fraud"]
stages.dev.promote = ["fraud"]
stages.dev.rollback = ["fraud"]
stages.dev.unassign = ["fraud"]
stages.production.approvals = { count = 3, from = ["validator", "officer"] }

[gates.formats]
kind = "format"

[gates.documented]
kind = "card"
required = ["model.owner", "model.license", "card"]

[gates.accuracy]
kind = "metric"
metric = "accuracy"
min = 0.9
max_regression = 0.01
"""

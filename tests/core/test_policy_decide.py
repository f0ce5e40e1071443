"""`decide` of a stage: a policy that contradicts itself about who decides is refused."""

from __future__ import annotations

import pytest

from gitreg.core.names import ModelName, StageName
from gitreg.core.policy import Policy, parse_policy
from gitreg.core.policy_rules import Decide
from gitreg.errors import FormatError

PROD = StageName("prod")
HEAD = 'format = 1\nepoch = 1\nbranch = "main"\n[roles]\nlead = ["ann@example.com"]\n[gates.ok]\nkind = "format"\n'
GATES, APPROVALS = 'gates = ["ok"]', 'approvals = { count = 1, from = ["lead"] }'


def parsed(*lines: str) -> Policy:
    return parse_policy("\n".join((HEAD, "[stages.prod]", *lines, "")).encode())


@pytest.mark.parametrize(
    ("lines", "decide"),
    [
        ((APPROVALS, GATES), Decide.MANUAL),
        ((APPROVALS, 'decide = "manual"'), Decide.MANUAL),
        (('decide = "auto"',), Decide.AUTO),
        ((APPROVALS, GATES, 'decide = "hybrid"'), Decide.HYBRID),
    ],
)
def test_who_decides(lines, decide):
    assert parsed(*lines).stage(PROD).decide is decide


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((APPROVALS, 'decide = "auto"'), '"auto" with approvals'),
        ((GATES, 'decide = "hybrid"'), '"hybrid" without approvals'),
        ((APPROVALS, 'decide = "hybrid"'), '"hybrid" without gates'),
        (('decide = "perhaps"',), "not a way to decide: 'perhaps'"),
        (("decide = true",), "decide"),
    ],
)
def test_a_contradiction_is_refused(lines, reason):
    """A stage without gates would let everything in, and people would count on being asked."""
    with pytest.raises(FormatError, match=reason):
        parsed(*lines)


def test_a_models_rules_are_checked_with_what_they_inherit():
    hybrid = (APPROVALS, GATES, 'decide = "hybrid"', '[models."m".stages.prod]')
    assert parsed(*hybrid, "promote = []").for_model(ModelName("m")).stage(PROD).decide is Decide.HYBRID
    for change in ("gates = []", "approvals = { count = 0 }", 'decide = "auto"'):
        with pytest.raises(FormatError, match="decide"):
            parsed(*hybrid, change)

"""Patterns of models and what they inherit: a team would own another team's models, or lose its own."""

from __future__ import annotations

import fnmatch

import pytest
from format_strategies import model_names, only_gitreg_errors
from hypothesis import example, given
from hypothesis import strategies as st

from gitreg.core.model_pattern import ModelPattern, matching, wider
from gitreg.core.names import ModelName, StageName
from gitreg.core.policy import MAX_PATTERNS, parse_policy
from gitreg.core.policy_tables import MAX_STAGES
from gitreg.errors import FormatError, UsageError

PRODUCTION = StageName("production")
TEAMS = """\
format = 1
epoch = 1
branch = "main"
[roles]
lead = ["lea"]
team-a = ["ann"]
team-b = ["bob"]
[rules]
register = ["lead"]
deprecate = ["lead"]
[stages.staging]
promote = ["lead"]
[stages.production]
promote = ["lead"]
rollback = ["lead"]
after = "staging"
approvals = { count = 1, from = ["team-a", "team-b"] }
[[stages.production.freeze]]
weekly = "fri 16:00 - mon 06:00"
[models."team-a/*"]
rules.register = ["team-a"]
stages.production.promote = ["team-a"]
stages.production.freeze = []
[models."team-a/secret"]
rules.register = []
stages.production.approvals = { count = 0 }
"""


def team_policy(name: str):
    return parse_policy(TEAMS.encode()).for_model(ModelName(name))


def test_models_without_a_pattern_have_the_general_rules():
    """A pattern would change models that it does not name."""
    general = parse_policy(TEAMS.encode())
    for name in ("mnist", "team-b/ner", "team-ab", "team-a"):
        assert team_policy(name) == general._replace(models={})


def test_what_a_pattern_says_replaces_and_the_rest_is_inherited():
    """A team's own rule would silently drop the gates and approvals of everybody."""
    general, team = parse_policy(TEAMS.encode()), team_policy("team-a/vision/ner")
    assert (team.rules["register"], team.rules["deprecate"]) == (("team-a",), ("lead",))
    assert team.stage(PRODUCTION) == general.stage(PRODUCTION)._replace(promote=("team-a",), freeze=())
    assert team.stage(StageName("staging")) == general.stage(StageName("staging"))
    assert list(team.stages) == list(general.stages)


def test_the_most_exact_pattern_inherits_from_the_next():
    """`team-a/secret` would fall back to everybody's rules, which its team had replaced."""
    secret = team_policy("team-a/secret")
    assert (secret.rules["register"], secret.rules["deprecate"]) == ((), ("lead",))
    assert secret.stage(PRODUCTION).promote == ("team-a",)
    assert secret.stage(PRODUCTION).approvals.count == 0


def test_a_models_view_is_settled():
    """Asking twice, as layered code does, would ask a third time."""
    policy = team_policy("team-a/secret")
    assert policy.for_model(ModelName("team-a/secret")) is policy


@given(model_names, st.data())
def test_matching_lists_exactly_the_patterns_that_match_longest_first(name, data):
    """The rules of another model would count; compared with Python's own globs."""
    found = list(matching(name))
    assert [len(each.literal) for each in found[1:]] == list(range(len(name), -1, -1))
    other = data.draw(model_names)
    for pattern in [*matching(other), *found]:
        assert fnmatch.fnmatchcase(name, pattern) == (pattern in found)


@given(model_names)
def test_wider_patterns_match_all_that_a_narrower_one_does(name):
    """A pattern would inherit from one that has nothing to do with it."""
    for pattern in matching(name):
        literals = [each.literal for each in wider(pattern)]
        assert all(pattern.literal.startswith(literal) for literal in literals)
        assert pattern not in wider(pattern)
        assert len(set(literals)) == len(literals) == len(pattern.literal) + (not pattern.endswith("*"))


@pytest.mark.parametrize("text", ["mnist", "team/ner", "team/*", "team*", "team-*", "a/b_*", "*"])
def test_ordinary_patterns_are_accepted(text):
    assert ModelPattern.parse(text) == text


@given(st.text(max_size=20) | st.from_regex(r"[a-zA-Z0-9/*_.-]{1,20}", fullmatch=True))
@example("a/-*")
@example("a//*")
@example("-*")
@example("/*")
@example("a-/b*")
@example("a" * 128 + "*")
def test_a_pattern_that_is_accepted_can_match(text):
    """A rule that never applies reads like one that does."""
    pattern = only_gitreg_errors(lambda: ModelPattern.parse(text))
    if isinstance(pattern, ModelPattern) and pattern.endswith("*"):
        assert ModelName.parse(pattern.literal + "0")


@pytest.mark.parametrize("text", ["Team/*", "a//*", "/*", "-a*", "a b*", "*/ner", "a*b*", "**", "", "a/", "a-/*"])
def test_what_no_name_can_match_is_refused(text):
    """A rule that never applies reads like one that does."""
    with pytest.raises(UsageError) as caught:
        ModelPattern.parse(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"team-a/*"', '"Team-A/*"', "models: Team-A/*: no model's name can match"),
        ('"team-a/*"', '"*/a"', "models: */a: not a model name"),
        ('rules.register = ["team-a"]', 'rules.register = ["team-c"]', "models: team-a/*: rules: register: no role"),
        ("rules.register = []", "rules.registers = []", "models: team-a/secret: rules: registers: unknown key"),
        ("rules.register = []", "rule.register = []", "models: team-a/secret: rule: unknown key"),
        ("count = 0", "count = 2", "models: team-a/secret: stages: production: approvals: from: nobody may sign"),
        ("stages.production.freeze = []", "stages.prod.freeze = []", "models: team-a/*: stages: prod: no such stage"),
        ("stages.production.freeze = []", 'stages.staging.after = "production"',
         "models: team-a/*: stages: staging: after: waits for itself"),
    ],
)  # fmt: skip
def test_mistakes_name_the_pattern(old, new, reason):
    """Of ten teams' tables, somebody would mend the wrong one."""
    assert old in TEAMS
    with pytest.raises(FormatError) as caught:
        parse_policy(TEAMS.replace(old, new, 1).encode())
    assert caught.value.message.startswith(f".gitreg/policy.toml: {reason}")
    assert caught.value.hint


def test_there_are_only_so_many_patterns_and_stages():
    """Each pattern fills in each stage: a small hostile file would take all memory."""
    head = 'format = 1\nepoch = 1\nbranch = "main"\n'
    patterns = "".join(f'[models."m{n}"]\n' for n in range(MAX_PATTERNS + 1))
    stages = "".join(f"[stages.s{n}]\n" for n in range(MAX_STAGES + 1))
    with pytest.raises(FormatError, match="more than 1000 patterns"):
        parse_policy((head + patterns).encode())
    with pytest.raises(FormatError, match="more than 256 stages"):
        parse_policy((head + stages).encode())

"""policy.toml: a rule that is misspelt, undefined or circular is refused, never silently without effect."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from format_strategies import golden, mutated, only_gitreg_errors, principals, stage_names
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.names import Principal, StageName
from gitreg.core.policy import Policy, parse_policy
from gitreg.core.policy_rules import ApprovalRule, GateDefinition, StageRule
from gitreg.core.policy_templates import Template, policy_template
from gitreg.core.policy_text import starting_policy
from gitreg.errors import FormatError, NotFoundError

FOLDER = Path(__file__).parent / "golden"
GOLDEN = FOLDER / "policy-1.toml"
ALICE, BOB = Principal("alice@example.com"), Principal("bob@example.com")
STAGING, PRODUCTION = StageName("staging"), StageName("production")
EXAMPLE = Policy(
    epoch=7,
    branch="release/main",
    roles={"maintainer": (ALICE,), "reviewer": (ALICE, BOB), "unused": ()},
    rules={"register": ("maintainer",), "deregister": ("maintainer",), "deprecate": (), "archive": ()},
    stages={
        STAGING: StageRule(STAGING, ("maintainer",), ("maintainer",), ("maintainer",)),
        PRODUCTION: StageRule(
            PRODUCTION,
            promote=("maintainer", "reviewer"),
            rollback=("maintainer",),
            after=STAGING,
            gates=("accuracy", "format"),
            approvals=ApprovalRule(2, ("reviewer",), allow_self=True),
        ),
    },
    gates={
        "accuracy": GateDefinition("accuracy", "metric", {"metric": "accuracy", "min": 0.95}),
        "format": GateDefinition("format", "format", {}),
    },
)


def test_the_golden_policy_means_what_it_always_meant():
    """A registry's rules would change under it with a new release of gitreg."""
    assert parse_policy(GOLDEN.read_bytes()) == EXAMPLE


def test_the_starting_policy_is_golden_too():
    """`init` would write something that nobody reviewed."""
    golden(FOLDER / "starting-policy-1.toml", starting_policy(ALICE, "main", [STAGING, PRODUCTION]))


@given(
    principals,
    st.sampled_from(["main", "release/1.x", "größe", "it's", "{admin}", "%s", "a-b_c+d"]),
    st.lists(stage_names, unique=True),
)
def test_every_starting_policy_parses_and_lets_its_admin_do_everything(admin, branch, stages):
    """`init` would leave a registry in which nobody may do anything."""
    policy = parse_policy(starting_policy(admin, branch, stages))
    assert (policy.epoch, policy.branch, list(policy.stages)) == (1, branch, stages)
    for rule in policy.stages.values():
        for roles in (rule.promote, rule.rollback, rule.unassign, *policy.rules.values()):
            assert policy.holds(admin, roles)
    assert policy.admins.count == 1
    assert policy.holds(admin, policy.admins.from_roles)


WHOLE = [GOLDEN.read_bytes(), *(policy_template(template, ALICE, "main") for template in Template)]


@given(st.data())
def test_a_damaged_policy_is_parsed_or_refused(data):
    """One bad commit would stop every command with what looks like a bug of ours."""
    text = mutated(data.draw, data.draw(st.sampled_from(WHOLE)))
    only_gitreg_errors(lambda: parse_policy(text))


values = st.recursive(
    st.sampled_from(["ann", "lead", "dev", "team/*", "fri 16:00 - mon 06:00", "f" * 40, "\x1b[31m", ""])
    | st.sampled_from(["2026-12-20T00:00:00Z", "2026-12-20", "0001-01-01T00:00:00+23:59", "nan", "true", "-1", "1"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["count", "from", "dev"]), inner),
    max_leaves=4,
)
PLACES = [
    *("people.ann", "roles.lead", "rules.archive", "admins", "receipts", "accepted", "gates.g", "stages.dev.promote"),
    *("stages.dev.after", "stages.dev.gates", "stages.dev.approvals", "stages.dev.freeze", 'models."team/*"'),
    *('models."team/*".rules.register', 'models."team/*".stages.dev', "stages.dev.freeze.from", "branch", "epoch"),
    "stages.dev.decide",
]


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    bare = str(value)[:1].isdigit() or value in ("nan", "true", "-1")
    return str(value) if bare and value != "f" * 40 else json.dumps(value)


@given(st.dictionaries(st.sampled_from(PLACES), values, max_size=5))
def test_any_value_in_any_place_is_parsed_or_refused(found):
    """A date where a list belongs, or a table where a name belongs, would end in a traceback."""
    lines = {"epoch": "1", "branch": '"main"'} | {place: toml(value) for place, value in found.items()}
    text = "format = 1\n" + "".join(f"{place} = {value}\n" for place, value in lines.items())
    only_gitreg_errors(lambda: parse_policy(text.encode()))


def big_policies() -> list[bytes]:
    head = 'format = 1\nepoch = 1\nbranch = "main"\n'
    many = [f"p{n}" for n in range(15_000)]
    crowd = f"[roles]\nall = {many}\n"
    stage = '[stages.s]\napprovals = { count = 9, from = ["all"] }\n'
    people = "[people]\n" + "".join(f"{name} = ['{name}']\n" for name in many)
    teams = "".join(f'[models."t{n}/*"]\nstages.s.promote = ["all"]\n' for n in range(1000))
    roles = "[roles]\n" + "".join(f"{name} = []\n" for name in many) + "[rules]\nregister = ['q']\n"
    return [(head + text).encode() for text in (crowd + stage + teams, people + crowd + stage, roles)]


@pytest.mark.parametrize("text", big_policies(), ids=["teams", "people", "roles"])
def test_the_largest_policies_are_read_in_time(text):
    """One commit of some kilobytes would stop everybody's commands for hours."""
    started = time.process_time()
    only_gitreg_errors(lambda: parse_policy(text))
    assert time.process_time() - started < 5


NO_BRANCHES = [
    *("", "-x", "a..b", "a b", "a\\u001b", "a:b", "a~1", "a^", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "@{u}", "*"),
    *("a\\\\b", "a\\n", "a?", "a[b"),
]
AFTER = 'after = "staging"'


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("epoch = 7\n", "", "epoch: is missing"),
        ("epoch = 7", "epoch = -1", "epoch: must not be negative"),
        ("epoch = 7", 'epoch = "7"', "epoch: must be a whole number"),
        ('branch = "release/main"\n', "", "branch: is missing"),
        *(("release/main", name, "branch: must be a branch name") for name in NO_BRANCHES),
        ('register = ["maintainer"]', 'register = ["mantainer"]', "rules: register: no role 'mantainer'"),
        ('register = ["maintainer"]', 'register = "maintainer"', "rules: register: must be a list"),
        ('register = ["maintainer"]', "register = [1]", "rules: register: must be a list of strings"),
        ('promote = ["maintainer", "reviewer"]', 'promote = ["boss"]', "stages: production: promote: no role 'boss'"),
        ('from = ["reviewer"]', 'from = ["reviewers"]', "stages: production: approvals: from: no role 'reviewers'"),
        ('from = ["reviewer"]', "from = []", "stages: production: approvals: from: nobody may sign"),
        ("count = 2", "count = -2", "stages: production: approvals: count: must not be negative"),
        ("count = 2", "count = 1.5", "stages: production: approvals: count: must be a whole number"),
        ("count = 2", "count = true", "stages: production: approvals: count: must be a whole number"),
        ("allow_self = true", "allow_self = 1", "stages: production: approvals: allow_self: must be true or false"),
        ('gates = ["accuracy", "format"]', 'gates = ["acuracy"]', "stages: production: gates: no gate 'acuracy'"),
        ('kind = "metric"', "", "gates: accuracy: kind: is missing"),
        ("[gates.accuracy]", '[gates."Accuracy"]', "gates: Accuracy: kind: a gate's name is one word"),
        ("[gates.accuracy]", '[gates."a b"]', "gates: a b: kind: a gate's name is one word"),
        ("min = 0.95", "min = nan", "gates: accuracy: min: must be finite"),
        ("[stages.staging]", "[stages.Staging]", "stages: Staging: not a stage name"),
        ("[stages.staging]", "[stages.latest]", "stages: latest: not a stage name"),
        ("[stages.staging]", "[stages.stagin]", "stages: production: after: no stage 'staging'"),
        (AFTER, 'after = "production"', "stages: production: after: waits for itself"),
        (AFTER, "after = 1", "stages: production: after: must be a string"),
        (AFTER, 'after = ""', "stages: production: after: not a stage name"),
        ('"bob@example.com"', '"bob example.com"', "roles: reviewer: not a principal"),
        ('"bob@example.com"', '"*"', "roles: reviewer: not a principal"),
    ],
)  # fmt: skip
def test_mistakes_are_refused_and_named(old, new, reason):
    """A rule with a typing error would be a rule that does not hold."""
    text = GOLDEN.read_text()
    assert old in text
    with pytest.raises(FormatError) as caught:
        parse_policy(text.replace(old, new, 1).encode())
    assert caught.value.message.startswith(f".gitreg/policy.toml: {reason}")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("wrong", "close"), [("mantainer", "maintainer"), ("acuracy", "accuracy"), ("stagng", "staging")]
)
def test_what_was_probably_meant_is_said(wrong, close):
    """People would compare two words letter by letter."""
    text = GOLDEN.read_text().replace(f'["{close}"', f'["{wrong}"').replace(f'after = "{close}"', f'after = "{wrong}"')
    with pytest.raises(FormatError) as caught:
        parse_policy(text.encode())
    assert caught.value.hint == f"did you mean '{close}'?"


def chain(*links: tuple[str, str | None]) -> bytes:
    stages = (f"[stages.{stage}]\n" + (f'after = "{after}"\n' if after else "") for stage, after in links)
    return ('format = 1\nepoch = 1\nbranch = "main"\n' + "".join(stages)).encode()


@pytest.mark.parametrize(
    "links",
    [
        [("a", "a")],
        [("a", "b"), ("b", "a")],
        [("a", "b"), ("b", "c"), ("c", "a")],
        [("x", "a"), ("a", "b"), ("b", "a")],
        [("ok", None), ("a", "b"), ("b", "a")],
    ],
)
def test_stages_that_wait_for_each_other_are_refused(links):
    """No version could ever enter them, and verifying one might not end."""
    with pytest.raises(FormatError, match=r"after: waits for itself: .* -> ") as caught:
        parse_policy(chain(*links))
    assert caught.value.hint


def test_long_rows_of_stages_are_refused_and_ordinary_ones_pass():
    """Deciding about the last stage decides about all before it: a thousand of them would exhaust the stack."""
    row = [("s0", None), *((f"s{n}", f"s{n - 1}") for n in range(1, 40))]
    assert len(parse_policy(chain(*row[:20])).stages) == 20
    with pytest.raises(FormatError, match="waits for more than 32 stages"):
        parse_policy(chain(*row))


def test_an_unknown_stage_is_answered_with_the_known_ones():
    """`gitreg promote mnist prod` would leave people guessing."""
    with pytest.raises(NotFoundError) as caught:
        EXAMPLE.stage(StageName("prod"))
    assert caught.value.hint == "its stages: staging, production"


def test_no_role_is_held_by_nobody():
    """Default deny: an empty rule must not let everybody in."""
    assert not EXAMPLE.holds(ALICE, ())
    assert not EXAMPLE.holds(ALICE, ("unused", "unheard-of"))
    assert EXAMPLE.holds(BOB, ("unused", "reviewer"))

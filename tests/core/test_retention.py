"""Retention: what each term says of one version, which of several decides, and what the file may say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.names import StageName
from gitreg.core.policy import parse_policy
from gitreg.core.retention import Fate, Retention, Stay, Term, Then, fate, strongest
from gitreg.core.retention_sentences import retention_sentences
from gitreg.errors import FormatError

DAY = 86_400
DEV, STAGING, PRODUCTION = map(StageName, ("dev", "staging", "production"))
# production and the last 3 versions for ever, staging one week, dev archived at once
TEXT = """\
format = 1
epoch = 1
branch = "main"
[stages.dev]
[stages.staging]
[stages.production]
[retention]
latest = 3
archive = "cold"
[retention.stages]
production = { then = "keep" }
staging = { then = "delete", days = 7 }
dev = { then = "archive" }
"""
RULES = Retention(
    latest=3,
    stages={PRODUCTION: Term(Then.KEEP), STAGING: Term(Then.DELETE, 7), DEV: Term(Then.ARCHIVE)},
    archive=StageName("cold"),
)


def test_the_example_of_the_documents_is_read():
    """People would copy rules that mean something else."""
    assert parse_policy(TEXT.encode()).retention == RULES
    assert parse_policy(TEXT.partition("[retention]")[0].encode()).retention is None


def due(*stays: Stay, day: float = 100, latest: bool = False, rules: Retention = RULES) -> Then:
    return fate(rules, 0, stays, int(day * DAY), latest=latest).then


NOW = None


@pytest.mark.parametrize(
    ("stays", "day", "latest", "then"),
    [
        ([Stay(PRODUCTION, 0)], 9999, False, Then.KEEP),
        ([Stay(DEV, NOW)], 9999, False, Then.KEEP),
        ([Stay(DEV, 0)], 0, False, Then.ARCHIVE),
        ([Stay(STAGING, 0)], 6.99, False, Then.KEEP),
        ([Stay(STAGING, 0)], 7, False, Then.DELETE),
        ([Stay(STAGING, 0)], 7, True, Then.KEEP),
        ([Stay(DEV, 0), Stay(STAGING, 0)], 6, False, Then.KEEP),
        ([Stay(DEV, 0), Stay(STAGING, 0)], 8, False, Then.ARCHIVE),
        ([Stay(STAGING, 0), Stay(PRODUCTION, 0)], 8, False, Then.KEEP),
        ([Stay(StageName("elsewhere"), 0)], 9999, False, Then.KEEP),
        ([], 9999, False, Then.KEEP),
    ],
)
def test_the_strongest_term_decides(stays, day: float, latest: bool, then: Then):
    """A version would go that one of the rules keeps."""
    assert due(*stays, day=day, latest=latest) is then


def test_versions_of_no_stage_go_by_their_registration():
    """Experiments that nobody promoted would stay for ever although the policy says otherwise."""
    rules = RULES._replace(other=Term(Then.DELETE, 30))
    assert (due(day=29, rules=rules), due(day=30, rules=rules)) == (Then.KEEP, Then.DELETE)
    assert due(Stay(PRODUCTION, 0), day=30, rules=rules) is Then.KEEP


def test_what_waits_says_until_when():
    """Nobody could tell how long one has to fetch it."""
    found = fate(RULES, 0, [Stay(STAGING, 3 * DAY)], 4 * DAY, latest=False)
    assert found == Fate(Then.KEEP, "left staging on 1970-01-04 and stays 7 days", 10 * DAY)


stays = st.builds(Stay, st.sampled_from([DEV, STAGING, PRODUCTION]), st.none() | st.integers(0, 100 * DAY))
terms = st.builds(Term, st.sampled_from(Then), st.integers(0, 50))
rules = st.builds(Retention, st.just(0), st.dictionaries(st.sampled_from([DEV, STAGING]), terms), terms)


@given(rules, st.lists(stays), st.integers(0, 200 * DAY), st.booleans())
def test_one_more_reason_to_keep_never_makes_a_version_go(retention, many, now, latest):
    """A promotion would cost a version its bytes."""
    order = list(Then)
    before = fate(retention, 0, many, now, latest=latest).then
    assert order.index(fate(retention, 0, many, now, latest=True).then) <= order.index(before)
    if many:
        more = fate(retention, 0, [*many, Stay(PRODUCTION, 0)], now, latest=latest)
        assert more.then is Then.KEEP


@given(st.lists(st.builds(Fate, st.sampled_from(Then), st.just("")), min_size=1))
def test_keep_is_stronger_than_archive_and_archive_than_delete(fates):
    assert strongest(fates).then is min((each.then for each in fates), key=list(Then).index)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("latest = -1", "negative"),
        ("latst = 3", "unknown key"),
        ('archive = "s3://bucket"', "archive"),
        ("stages.dev = {}", "then: is missing"),
        ('stages.dev = { then = "burn" }', "not a fate"),
        ('stages.dev = { then = "keep", days = 3 }', "nothing comes after"),
        ('stages.dev = { then = "delete", days = 99999 }', "more than 36525"),
        ('stages.dev = { then = "delete", day = 9 }', "unknown key"),
        ('stages.nowhere = { then = "keep" }', "no such stage"),
        ("other = { days = 3 }", "then: is missing"),
    ],
)
def test_a_mistake_is_refused(line: str, complaint: str):
    """A slip of the pen would decide what is deleted."""
    text = TEXT.partition("latest")[0] + line + "\n"
    with pytest.raises(FormatError, match=complaint):
        parse_policy(text.encode())


def test_it_is_explained_in_sentences():
    """An admin would sign what deletes versions without knowing."""
    said = "\n".join(retention_sentences(parse_policy(TEXT.encode())))
    meanings = ("last 3 versions", "in production stays", "deleted 7 days after", "archived at once", "remote cold")
    for words in meanings:
        assert words in said
    without = parse_policy(TEXT.partition("[retention]")[0].encode())
    assert list(retention_sentences(without)) == ["The bytes of every version stay for ever."]

"""Retention for some models: bytes of one team would go by the terms of another."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.names import ModelName, StageName
from gitreg.core.policy import parse_policy
from gitreg.core.retention import Retention, Term, Then
from gitreg.core.retention_sentences import retention_sentences
from gitreg.errors import FormatError

DEV, STAGING = map(StageName, ("dev", "staging"))
HEAD = """\
format = 1
epoch = 1
branch = "main"
stages.dev = {}
stages.staging = {}
"""
GENERAL = """\
retention.latest = 3
retention.archive = "cold"
retention.stages.dev = { then = "archive" }
"""
PATTERNS = ("*", "team*", "team/*", "team/n*", "team/ner", "other")
NAMES = ("team/ner", "team/nlp/big", "team/x", "teams", "other", "else")

leaving = st.builds(Term, st.sampled_from([Then.ARCHIVE, Then.DELETE]), st.integers(0, 9))
terms = st.just(Term(Then.KEEP)) | leaving
says = st.fixed_dictionaries(
    {}, optional={"latest": st.integers(0, 9), "other": terms, "stages.dev": terms, "stages.staging": terms}
)


def written(said: dict[str, int | Term]) -> str:
    return "".join(f"retention.{key} = {_value(value)}\n" for key, value in said.items())


def _value(value: int | Term) -> str:
    if not isinstance(value, Term):
        return str(value)
    days = f", days = {value.days}" if value.days else ""
    return f'{{ then = "{value.then.value}"{days} }}'


def policy(general: str, models: dict[str, str]):
    tables = "".join(f'[models."{pattern}"]\n{said}' for pattern, said in models.items())
    return parse_policy((HEAD + general + tables).encode())


@given(st.dictionaries(st.sampled_from(PATTERNS), says), says, st.sampled_from(NAMES))
def test_each_key_is_that_of_the_most_exact_pattern_that_says_it(patterns, general, name):
    """What a team keeps would be deleted by a term that its own was to replace; compared with Python's own globs."""
    order = sorted(
        (each for each in patterns if fnmatch.fnmatchcase(name, each)),
        key=lambda each: (not each.endswith("*"), len(each)),
    )
    said = general | {key: value for pattern in order for key, value in patterns[pattern].items()}
    found = policy(written(general), {each: written(value) for each, value in patterns.items()})
    expected = Retention(
        latest=said.get("latest", 0),
        stages={StageName(key[7:]): value for key, value in said.items() if key.startswith("stages.")},
        other=said.get("other", Term(Then.KEEP)),
    )
    assert found.for_model(ModelName(name)).retention == (expected if said else None)


def test_one_archive_for_all_models():
    """What is archived by a team's own term would be looked for where it is not."""
    found = policy(GENERAL, {"team/*": "retention.latest = 1\n"})
    assert found.for_model(ModelName("team/ner")).retention == Retention(
        1, {DEV: Term(Then.ARCHIVE)}, archive=StageName("cold")
    )
    with pytest.raises(FormatError, match="unknown key"):
        policy(GENERAL, {"team/*": 'retention.archive = "elsewhere"\n'})


@pytest.mark.parametrize("line", ["latest = -1", 'stages.nowhere = { then = "keep" }', 'other = { then = "burn" }'])
def test_a_mistake_in_a_pattern_is_refused(line: str):
    """A slip of the pen would decide what is deleted."""
    with pytest.raises(FormatError, match=r"team/\*.*retention"):
        policy("", {"team/*": f"retention.{line}\n"})


def test_what_a_pattern_replaces_is_said_and_what_it_inherits_is_not():
    """An admin would sign what deletes one team's versions without knowing."""
    kept = {"team/*": 'retention.other = { then = "delete" }\n', "team/ner": ""}
    said = list(retention_sentences(policy(GENERAL, kept)))
    assert "What was in no stage stays." in said
    assert "Of team/*: What was in no stage is deleted at once when it was registered." in said
    assert not any("team/ner" in sentence for sentence in said)
    general_again = kept | {"team/ner": 'retention.other = { then = "keep" }\n'}
    assert "Of team/ner: What was in no stage stays." in retention_sentences(policy(GENERAL, general_again))

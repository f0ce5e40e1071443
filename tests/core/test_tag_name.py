"""Tag names: GTO's grammar, and every other tag is somebody else's."""

from __future__ import annotations

from pathlib import Path

import pytest
from format_strategies import golden, model_names, numbers, stage_names, versions
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.names import ModelName, StageName
from gitreg.core.tag_name import (
    AssignedTag,
    DeprecatedTag,
    DeregisteredTag,
    UnassignedTag,
    VersionTag,
    parse_tag_name,
)
from gitreg.core.version import Version

GOLDEN = Path(__file__).parent / "golden" / "tag-names.txt"
MODEL, STAGE = ModelName("team/ner"), StageName("production")
EXAMPLES = [
    VersionTag(MODEL, Version(1, 20, 0)),
    DeregisteredTag(MODEL, Version(1, 20, 0)),
    AssignedTag(MODEL, STAGE, 4),
    UnassignedTag(MODEL, STAGE, 5),
    DeprecatedTag(MODEL),
]

tag_names = st.one_of(
    st.builds(VersionTag, model_names, versions),
    st.builds(DeregisteredTag, model_names, versions),
    st.builds(AssignedTag, model_names, stage_names, numbers),
    st.builds(UnassignedTag, model_names, stage_names, numbers),
    st.builds(DeprecatedTag, model_names),
)


def test_golden_file():
    """GTO, and registries of before, would not be understood."""
    golden(GOLDEN, "".join(f"{name}\n" for name in EXAMPLES).encode())
    assert [parse_tag_name(line) for line in GOLDEN.read_text().splitlines()] == EXAMPLES


@given(tag_names)
def test_round_trip(name):
    """An event could not be found by its tag."""
    assert parse_tag_name(str(name)) == name


def test_events_of_different_kinds_are_never_the_same():
    """The withdrawal of a version would take the version's place."""
    version = Version(1, 2, 0)
    of_version = {VersionTag(MODEL, version), DeregisteredTag(MODEL, version), DeprecatedTag(MODEL)}
    assert len(of_version | {AssignedTag(MODEL, STAGE, 4), UnassignedTag(MODEL, STAGE, 4)}) == 5


@given(st.text(max_size=40) | st.from_regex(r"[a-z/]{0,6}[@#][a-z0-9v.!#@]{0,12}", fullmatch=True))
def test_any_text_is_one_event_or_none(text):
    """Two refs could stand for one event, or a foreign tag stop a command."""
    name = parse_tag_name(text)
    assert name is None or str(name) == text


@pytest.mark.parametrize(
    "text",
    ["", "v1.0.0", "mnist", "Mnist@v1.0.0", "mnist@v1.0.0\n", "mnist@1.0.0", "mnist@v1.0", "mnist@v01.0.0", "mnist#",
     "mnist@v1.0.0!!", "mnist#production", "mnist#production#0", "mnist#production#04", "mnist#production#-1",
     "mnist#production#\u0664", "mnist#production#1000000000", "mnist#latest#1", "mnist#a/b#1", "mnist#production#4!",
     "mnist@deprecated!", "../mnist@v1.0.0", "a//b@v1.0.0", "mnist@v1.0.0^{}", "--upload-pack=x",
     "mnist@v" + "9" * 5000,     "m" * 200 + "@v1.0.0"],
)  # fmt: skip
def test_other_tags_are_nobodys_event(text):
    """A release tag of the repository, or a hostile one, would count in the registry."""
    assert parse_tag_name(text) is None

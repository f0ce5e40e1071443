"""Names are refused at the edge: they become ref names, file names, and lines of what is signed."""

from __future__ import annotations

import pytest
from format_strategies import UUID, only_gitreg_errors
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.names import MAX_NAME_LENGTH, ModelName, Principal, StageName
from gitreg.core.registry_id import RegistryId
from gitreg.core.version import Bump, Version
from gitreg.errors import FormatError, UsageError

BAD = [
    "", " ", "Mnist", "mnist ", " mnist", "mnist\n", "\nmnist", "mn\x00ist", "mn\x1bist", "mn ist", "..", "a/../b",
    "../a", "a..b", "/a", "a/", "a//b", "-a", "a-", "_a", "a\\b", "a:b", "a#b", "a@b", "a!", "a.b", "é", "a\u202eb",
    "refs/heads/*", "--upload-pack=x", "$(id)", "\uff41", "a" * (MAX_NAME_LENGTH + 1), "a\u2028", "\udcff",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize("kind", [ModelName, StageName])
def test_bad_names_are_refused_with_a_hint(kind, text):
    """A name could leave its directory, forge a line of a signed text, or hide in a terminal."""
    with pytest.raises(UsageError) as caught:
        kind.parse(text)
    assert caught.value.message.isprintable()
    assert caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["a/b", "latest", "greatest", "deprecated", "created"])
def test_stages_are_single_words_that_mean_nothing_else(text):
    """`mnist@latest` would have two meanings."""
    with pytest.raises(UsageError):
        StageName.parse(text)


@pytest.mark.parametrize("text", ["", "a b", "a\n", "a,b", "*", "!a", '"a"', "a\x00", "é@x", "a" * 129])
def test_principals_have_no_wildcards_and_no_spaces(text):
    """A principal is written into allowed_signers and into trailers, where these characters have a meaning."""
    with pytest.raises(UsageError):
        Principal.parse(text)


@pytest.mark.parametrize("text", ["mnist", "0", "team/ner", "a-b_c", "a" * MAX_NAME_LENGTH])
def test_ordinary_names_pass_unchanged(text):
    """People could not use their names."""
    assert ModelName.parse(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "1", "v1", "1.2", "v1.2.3.4", "v01.2.3", "v1.2.3\n", "V1.2.3", "v1.2.-3", "v1.2.x", "vv1.2.3", "v1.2.3-rc1",
     "v1.2.3+b", "v\u0661.2.3", "v1000000000.0.0", "v" + "9" * 5000 + ".0.0"],
)  # fmt: skip
def test_bad_versions_are_refused(text):
    """Two spellings of one version would be two versions; unbounded ones are slow to compare."""
    with pytest.raises(UsageError):
        Version.parse(text)


def test_versions_order_by_number_and_bump():
    """v1.10.0 would count as older than v1.9.0."""
    assert Version.parse("v1.10.0") > Version.parse("1.9.0")
    assert [str(Version(1, 2, 3).bump(part)) for part in Bump] == ["v2.0.0", "v1.3.0", "v1.2.4"]


@given(st.integers(0, 999_999_999), st.integers(0, 999_999_999), st.integers(0, 999_999_999))
def test_versions_are_read_back(major, minor, patch):
    """A version could not be found under the name it was written with."""
    version = Version(major, minor, patch)
    assert Version.parse(str(version)) == version


@pytest.mark.parametrize("text", ["", UUID.upper(), UUID + "\n", UUID.replace("-", ""), "{" + UUID + "}", UUID[:-1]])
def test_registry_ids_have_one_spelling(text):
    """A signed id would compare unequal to the same id in the config."""
    with pytest.raises(FormatError):
        RegistryId.parse(text)


@given(st.text(max_size=200))
def test_any_text_is_a_name_or_refused(text):
    """A crash would look like a bug of ours, and stop whoever reads a foreign registry."""
    for kind in (ModelName, StageName, Principal, Version, RegistryId):
        value = only_gitreg_errors(lambda kind=kind: kind.parse(text))
        assert value is None or str(value).removeprefix("v") == text.removeprefix("v")

"""The gate that asks for an owner, a licence and a model card."""

import pytest

from gitreg.errors import FormatError
from gitreg.gates.gate import Candidate, Verdict
from gitreg.gates.table import build_gate

CARD = "---\nlicense: apache-2.0\ntags:\n- digits\n---\n# Digits\n"
POINTER = {"model": {"owner": "ana", "license": "apache-2.0"}}


def check(tmp_path, card=CARD, pointer=POINTER, options=None):
    if card is not None:
        (tmp_path / "README.md").write_bytes(card if isinstance(card, bytes) else card.encode())
    return build_gate("docs", "card", options or {}).check(Candidate(pointer, checkout=lambda: tmp_path))


def test_a_documented_version_passes(tmp_path):
    result = check(tmp_path)
    assert (result.verdict, result.figure) == (Verdict.PASS, "3 of 3 present")


@pytest.mark.parametrize("owner", ["", "  ", None, [], {}])
def test_an_empty_field_counts_as_missing(tmp_path, owner):
    result = check(tmp_path, pointer={"model": {"owner": owner, "license": "mit"}})
    assert (result.verdict, result.reason) == (Verdict.FAIL, "the pointer has no model.owner")


def test_zero_and_false_are_values(tmp_path):
    pointer = {"params": {"seed": 0, "shuffle": False}}
    assert check(tmp_path, pointer=pointer, options={"required": ["params.seed", "params.shuffle"]}).passed


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        (None, "the artifact has no README.md"),
        ("# Digits\n", "does not begin with front matter"),
        ("", "does not begin with front matter"),
        ("---\nlicense: mit\n", "does not end"),
        ("---\n---\n", "is empty"),
        (b"---\nlicense: \xff\n---\n", "is not UTF-8"),
    ],
)
def test_a_card_without_front_matter_fails_and_says_why(tmp_path, card, reason):
    result = check(tmp_path, card=card)
    assert result.verdict is Verdict.FAIL
    assert reason in result.reason


def test_a_card_that_is_a_link_is_none(tmp_path):
    """A link could show one card here and another where the artifact is checked out."""
    (tmp_path / "elsewhere").write_text(CARD)
    (tmp_path / "README.md").symlink_to("elsewhere")
    assert check(tmp_path, card=None).verdict is Verdict.FAIL


def test_bytes_are_not_fetched_when_only_fields_are_asked_for():
    candidate = Candidate(POINTER, checkout=lambda: pytest.fail("fetched"))
    assert build_gate("docs", "card", {"required": ["model.owner"]}).check(candidate).passed


@pytest.mark.parametrize("required", [[], "model.owner", ["model owner"], [1], ["model..owner"]])
def test_a_requirement_that_cannot_be_met_or_says_nothing_is_refused(required):
    with pytest.raises(FormatError, match="gate docs: required"):
        build_gate("docs", "card", {"required": required})


@pytest.mark.parametrize(
    ("licence", "reason"),
    [("gpl-3.0", "the license gpl-3.0 is none of mit, apache-2.0"), (None, "the license that is not given is none of")],
)
def test_a_license_that_nobody_allowed_fails(tmp_path, licence, reason):
    options = {"required": ["model.owner"], "licenses": ["mit", "apache-2.0"]}
    result = check(tmp_path, pointer={"model": {"owner": "ana", "license": licence}}, options=options)
    assert result.verdict is Verdict.FAIL
    assert reason in result.reason
    assert check(tmp_path, options=options).passed


def test_what_a_model_was_made_from_can_be_required(tmp_path):
    options = {"required": ["lineage"]}
    assert check(tmp_path, pointer=POINTER | {"lineage": []}, options=options).verdict is Verdict.FAIL
    assert check(tmp_path, pointer=POINTER | {"lineage": [{"ref": "digits@v1.0.0"}]}, options=options).passed

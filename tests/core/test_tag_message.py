"""Tag messages: one text for one event, and nothing that two readers could take for different events."""

from __future__ import annotations

from pathlib import Path

import pytest
from format_strategies import UUID, events, golden, mutated, only_gitreg_errors
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.digest import Digest
from gitreg.core.event import (
    ApprovalRecord,
    Assignment,
    Cause,
    Deprecation,
    Deregistration,
    GateRecord,
    PointerAt,
    Registration,
    Unassignment,
)
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.oid import Oid
from gitreg.core.registry_id import RegistryId
from gitreg.core.tag_message import MAX_MESSAGE_BYTES, TagMessage, clean_text, format_message, parse_message
from gitreg.core.tag_name import AssignedTag, VersionTag
from gitreg.core.version import Version
from gitreg.errors import FormatError, UsageError

FOLDER = Path(__file__).parent / "golden"
REGISTRY, MODEL, STAGE, VERSION = RegistryId(UUID), ModelName("mnist"), StageName("production"), Version(1, 2, 0)
MANIFEST, POINTER = Digest("a" * 64), PointerAt("models/mn ist.gitreg", Digest("b" * 64))
TAG, PREVIOUS, POLICY = (Oid(digit * 40) for digit in "123")


def assignment(cause: Cause, previous: Oid | None, gates=(), approvals=()) -> Assignment:
    return Assignment(
        cause, REGISTRY, MODEL, VERSION, TAG, STAGE, 4, MANIFEST, POINTER, previous, POLICY, gates, approvals
    )  # fmt: skip


GATES = (GateRecord("accuracy", "pass", "0.981"), GateRecord("format", "pass", "-"))
APPROVALS = (
    ApprovalRecord(Principal("bob@example.com"), "2026-12-01T00:00:00Z", "U1NIU0lH"),
    ApprovalRecord(Principal("carol@example.com"), "never", "U1NIU0lHAQ=="),
)
EVIDENCE = (GateRecord("speed", "pass", "p95 3.1 ms, 312/s", Digest("c" * 64)), *GATES)
MARGIN = (GateRecord("accuracy", "pass+margin", "0.981"), GateRecord("format", "pass+margin", "-"))
EXAMPLES = {
    "register": TagMessage(
        Registration(REGISTRY, MODEL, VERSION, MANIFEST, POINTER, POLICY), "First words.\n\nÜ: more."
    ),
    "deregister": TagMessage(Deregistration(REGISTRY, MODEL, VERSION, TAG, POLICY), "Leaks."),
    "promote": TagMessage(assignment(Cause.PROMOTE, PREVIOUS, GATES, APPROVALS)),
    "promote-evidence": TagMessage(assignment(Cause.PROMOTE, PREVIOUS, EVIDENCE, APPROVALS)),
    "promote-margin": TagMessage(assignment(Cause.PROMOTE, PREVIOUS, MARGIN)),
    "rollback": TagMessage(assignment(Cause.ROLLBACK, PREVIOUS), "Too slow at noon."),
    "unassign": TagMessage(Unassignment(REGISTRY, MODEL, STAGE, 5, None, POLICY)),
    "deprecate": TagMessage(Deprecation(REGISTRY, MODEL, POLICY)),
}
PROMOTED = format_message(EXAMPLES["promote"])
NAME = AssignedTag(MODEL, STAGE, 4)


@pytest.mark.parametrize("action", EXAMPLES)
def test_golden_file(action):
    """Signed tags cannot be rewritten: a reader that changes its mind makes them worthless."""
    path, message = FOLDER / f"tag-{action}-1.txt", EXAMPLES[action]
    golden(path, format_message(message).encode())
    assert parse_message(path.read_bytes().decode(), message.event.tag_name) == message


def test_a_figure_that_begins_like_evidence_and_is_none_stays_a_figure():
    for figure in (f"blake3:{'c' * 64}", f"blake3:{'c' * 63} x", "blake3: of what"):
        message = TagMessage(assignment(Cause.PROMOTE, None, (GateRecord("a", "pass", figure),)))
        assert parse_message(format_message(message), NAME) == message


lines = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029"), max_size=20
)
free_texts = st.lists(lines, max_size=5).map("\n".join)


@given(events, free_texts)
def test_round_trip(event, text):
    """What was signed would be read as something else, or not at all."""
    try:
        cleaned = clean_text(text)
    except UsageError:
        return
    message = TagMessage(event, cleaned)
    assert parse_message(format_message(message), event.tag_name) == message


@given(st.text(max_size=60))
def test_cleaning_comes_to_an_end(text):
    """A message accepted once would be refused when it is read back."""
    cleaned = only_gitreg_errors(lambda: clean_text(text))
    assert cleaned is None or clean_text(cleaned) == cleaned


@given(st.data())
def test_any_accepted_text_is_the_canonical_one(data):
    """Two spellings of one event would be a place to hide in."""
    message = data.draw(st.sampled_from(list(EXAMPLES.values())))
    text = mutated(data.draw, format_message(message).encode()).decode("utf-8", "surrogateescape")
    name = message.event.tag_name
    parsed = only_gitreg_errors(lambda: parse_message(text, name))
    assert parsed is None or format_message(parsed) == text


@given(st.text(max_size=200))
def test_arbitrary_text_is_refused(text):
    """A foreign tag would stop `gitreg history`."""
    assert only_gitreg_errors(lambda: parse_message(text, NAME)) is None
    assert only_gitreg_errors(lambda: parse_message(PROMOTED + text, NAME)) is None or not text


TO_TRAILERS = "production\n\nGitreg-F"
STAGE_LINE, MODEL_LINE = "Gitreg-Stage: production\n", "Gitreg-Model: mnist\n"
ACTION = "Gitreg-Action: promote\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(STAGE_LINE, STAGE_LINE * 2, id="a trailer twice"),
        pytest.param(STAGE_LINE, STAGE_LINE + "Gitreg-Stage: staging\n", id="a trailer with two values"),
        pytest.param(STAGE_LINE, "", id="a trailer missing"),
        pytest.param("Gitreg-Policy: " + POLICY + "\n", "", id="the policy missing"),
        pytest.param("Gitreg-Format: 1\n", "", id="the format missing"),
        pytest.param(ACTION + MODEL_LINE, MODEL_LINE + ACTION, id="another order"),
        pytest.param(STAGE_LINE, "Gitreg-Colour: red\n" + STAGE_LINE, id="an unknown trailer"),
        pytest.param(STAGE_LINE, "Signed-off-by: me\n" + STAGE_LINE, id="a foreign trailer"),
        pytest.param(STAGE_LINE, STAGE_LINE.lower(), id="a trailer in lowercase"),
        pytest.param(STAGE_LINE, STAGE_LINE.replace(": ", ":  "), id="two spaces"),
        pytest.param(STAGE_LINE, STAGE_LINE.replace("\n", " \n"), id="a space at the end"),
        pytest.param(STAGE_LINE, " " + STAGE_LINE, id="an indented trailer"),
        pytest.param(STAGE_LINE, "Gitreg-Stage: produc\n tion\n", id="a folded trailer"),
        pytest.param("\n", "\r\n", id="Windows line ends"),
        pytest.param(STAGE_LINE, STAGE_LINE.replace("\n", "\r\n"), id="one Windows line end"),
        pytest.param(STAGE_LINE, STAGE_LINE.replace("prod", "pr\0od"), id="NUL"),
        pytest.param(STAGE_LINE, STAGE_LINE.replace("prod", "Prod"), id="a stage in capitals"),
        pytest.param("to production", "to staging", id="a subject that says something else"),
        pytest.param("Promote mnist v1.2.0 to production\n\n", "", id="no subject"),
        pytest.param(TO_TRAILERS, "production\n\nGitreg-Stage: staging\n\nGitreg-F", id="a trailer in the text"),
        pytest.param(TO_TRAILERS, "production\nGitreg-F", id="trailers beside the subject"),
        pytest.param(TO_TRAILERS, "production\n\n\nGitreg-F", id="a blank line too many"),
        pytest.param(TO_TRAILERS, "production\n\ntext \n\nGitreg-F", id="text that is not cleaned"),
        pytest.param(TO_TRAILERS, "production\n\n\u2028\n\nGitreg-F", id="a line separator in the text"),
        pytest.param(TO_TRAILERS, "production\n\na\x9b31m\n\nGitreg-F", id="a C1 control in the text"),
        pytest.param(TO_TRAILERS, "production\n\n-----BEGIN SSH SIG\n\nGitreg-F", id="a signature in the text"),
        pytest.param("Gitreg-Version: v1.2.0", "Gitreg-Version: 1.2.0", id="a version without v"),
        pytest.param("Gitreg-Version: v1.2.0", "Gitreg-Version: v1.2.1", id="a version of another subject"),
        pytest.param("accuracy pass 0.981", "accuracy pass", id="a gate without a figure"),
        pytest.param("accuracy pass 0.981", "accuracy PASS 0.981", id="a gate with another verdict"),
        pytest.param("accuracy pass 0.981", "accuracy pass 0.981\r", id="a gate with a control character"),
        pytest.param("accuracy pass 0.981", "accuracy pass 0\x1b[31m", id="a gate that writes to the terminal"),
        pytest.param("accuracy pass 0.981", "accuracy pass \u202e189.0", id="a gate read from right to left"),
        pytest.param("accuracy pass 0.981", "accuracy pass " + "9" * 201, id="a gate with a long figure"),
        pytest.param("bob@example.com 2026-12-01T00:00:00Z", "bob@example.com 2026-12-01", id="another expiry"),
        pytest.param("bob@example.com 2026-", "* 2026-", id="an approval by everybody"),
        pytest.param("Z U1NIU0lH\n", "Z \n", id="an approval without a signature"),
        pytest.param("Z U1NIU0lH\n", "Z U1NI U0lH\n", id="an approval with two signatures"),
        pytest.param("mn ist.gitreg", "../mnist.gitreg", id="a pointer outside"),
        pytest.param("models/mn", "/models/mn", id="a pointer from the root"),
        pytest.param("models/mn", "models\x7f/mn", id="a pointer with a control character"),
        pytest.param("models/mn", "m" * 1001, id="a pointer with a long path"),
        pytest.param("Gitreg-Manifest: blake3:aa", "Gitreg-Manifest: blake3:a", id="a short digest"),
        pytest.param(f"Gitreg-Previous: {PREVIOUS}", f"Gitreg-Previous: {PREVIOUS[:12]}", id="a short object name"),
        pytest.param(f"Gitreg-Previous: {PREVIOUS}", "Gitreg-Previous: None", id="another word for none"),
        pytest.param("Gitreg-Action: promote", "Gitreg-Action: rollback", id="an action of another subject"),
        pytest.param("Gitreg-Action: promote", "Gitreg-Action: delete", id="an unknown action"),
    ],
)  # fmt: skip
def test_any_other_form_is_refused(old, new):
    """One reader could see another event than the next: the last trailer, the first, the one in the text."""
    text = PROMOTED.replace(old, new)
    assert text != PROMOTED
    with pytest.raises(FormatError) as caught:
        parse_message(text, NAME)
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("ending", ["", "\n\n", "\n \n", "\nmore\n"])
def test_the_end_is_fixed(ending):
    """Text could follow the trailers unseen."""
    with pytest.raises(FormatError):
        parse_message(PROMOTED.removesuffix("\n") + ending, NAME)


@pytest.mark.parametrize("action", ["register", "deregister", "unassign", "deprecate"])
@pytest.mark.parametrize("line", ["Gitreg-Gate: accuracy pass 1\n", "Gitreg-Approval: bob never U1NI\n"])
def test_only_stage_events_carry_gates_and_approvals(action, line):
    """An approval nobody asked for and nobody checks would be shown as one."""
    message = EXAMPLES[action]
    with pytest.raises(FormatError, match="gates or approvals"):
        parse_message(format_message(message) + line, message.event.tag_name)


def test_gates_come_before_approvals():
    """The order is part of the one form."""
    *head, gate, approval, _last = PROMOTED.splitlines(keepends=True)
    with pytest.raises(FormatError):
        parse_message("".join([*head, approval, gate]), NAME)


def test_a_newer_format_says_to_upgrade():
    """Users of an old program would hear that their tags are forged."""
    with pytest.raises(FormatError, match="unknown tag format") as caught:
        parse_message(PROMOTED.replace("Gitreg-Format: 1", "Gitreg-Format: 2\nGitreg-New: x"), NAME)
    assert "upgrade" in caught.value.hint


def test_a_stage_event_needs_a_stage_tags_name():
    """Its number is in the name: without it nothing orders the event."""
    with pytest.raises(FormatError, match="not a stage event"):
        parse_message(PROMOTED, VersionTag(MODEL, VERSION))


@pytest.mark.parametrize("size", [MAX_MESSAGE_BYTES + 1, MAX_MESSAGE_BYTES * 4])
def test_a_huge_message_is_refused(size):
    """Reading one tag would take as long as its author likes."""
    with pytest.raises(FormatError, match="longer"):
        parse_message(PROMOTED.replace("production\n\n", "production\n\n" + "x" * size + "\n\n"), NAME)


@pytest.mark.parametrize(
    "text",
    ["Gitreg-Action: promote", "fine\nGitreg-X: y", "-----BEGIN SSH SIGNATURE-----", "a\n-----BEGIN PGP MESSAGE-----",
     "\x1b[31mred", "a\x00b", "tab\there", "a\rb", "a\u2028b", "\udcff", "a\x9bb", "x" * (MAX_MESSAGE_BYTES // 4 + 1)],
)  # fmt: skip
def test_a_persons_text_may_not_look_like_ours(text):
    """Free text could forge a trailer, or cut the tag where git looks for the signature."""
    with pytest.raises(UsageError) as caught:
        clean_text(text)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["", "  \n \n"])
def test_no_text_is_no_paragraph(text):
    """A tag with an empty message could not be read back."""
    event = EXAMPLES["deprecate"].event
    assert parse_message(format_message(TagMessage(event, text)), event.tag_name) == TagMessage(event, "")

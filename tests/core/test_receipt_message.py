"""Receipts, the remembered book of them, and the state in their trees: written and read back, and nothing else read."""

from __future__ import annotations

import pytest
from format_strategies import events, oids
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.log_state import changes, outranks, parse_line, path_of
from gitreg.core.oid import Oid
from gitreg.core.receipt_book import POLICY_WORD, BookHead, Entry, ReceiptBook
from gitreg.core.receipt_message import MAX_RECEIVED, ReceiptMessage, Received, format_receipt, parse_receipt
from gitreg.core.registry_id import RegistryId
from gitreg.core.tag_name import parse_tag_name
from gitreg.errors import FormatError, GitregError

REGISTRY = RegistryId("6c0e2a9d-1f7b-4a58-9a51-0d3c5b7e9f10")
tag_names = events.map(lambda event: event.tag_name)
A, B = Oid("a" * 40), Oid("b" * 40)


def received(name: str, oid: Oid = A) -> Received:
    tag = parse_tag_name(name)
    assert tag is not None
    return Received(tag, oid)


def message(*names: str) -> str:
    return format_receipt(ReceiptMessage(REGISTRY, B, tuple(received(name) for name in names)))


@given(st.lists(st.builds(Received, tag_names, oids), max_size=5, unique_by=lambda tag: str(tag.name)), oids)
def test_receipts_survive_a_round_trip(tags: list[Received], policy: Oid) -> None:
    """A writer's receipt would not be what readers see."""
    written = ReceiptMessage(REGISTRY, policy, tuple(sorted(tags, key=lambda tag: str(tag.name))))
    assert parse_receipt(format_receipt(written)) == written


@given(st.text() | st.from_regex(r"Receive .*\n\nGitreg-Log: 1\n(Gitreg-[A-Za-z]+: .*\n)*"))
def test_any_text_is_a_receipt_as_we_write_it_or_refused(text: str) -> None:
    try:
        assert format_receipt(parse_receipt(text)) == text
    except GitregError:
        return


@pytest.mark.parametrize(
    "change",
    [
        ("Gitreg-Log: 1", "Gitreg-Log: 2"),
        ("Gitreg-Receipt: mnist@v1.0.0", "Gitreg-Receipt: mnist@v1.0"),
        ("Gitreg-Receipt: mnist@v1.0.0", "Gitreg-Receipt: README"),
        (f"mnist@v1.0.0 {A}", f"mnist@v1.0.0  {A}"),
        (f"mnist@v1.0.0 {A}", f"mnist@v1.0.0 {A[:39]}"),
        ("Receive 2 tags", "Receive 3 tags"),
        ("Gitreg-Registry:", "Gitreg-Policy:"),
        ("mnist#dev#1", "mnist@v1.0.0"),
    ],
)
def test_what_is_not_exactly_a_receipt_is_refused(change: tuple[str, str]) -> None:
    """Two readings of one receipt would be two times for one tag."""
    text = message("mnist#dev#1", "mnist@v1.0.0")
    assert change[0] in text
    with pytest.raises(GitregError):
        parse_receipt(text.replace(*change))


def test_a_receipt_holds_only_so_many_tags() -> None:
    names = sorted(f"mnist#dev#{n}" for n in range(1, MAX_RECEIVED + 2))
    with pytest.raises(FormatError):
        parse_receipt(message(*names))
    assert len(parse_receipt(message(*names[1:])).tags) == MAX_RECEIVED


@given(st.lists(st.builds(Entry, oids, st.integers(0, 10**11), st.just(POLICY_WORD) | tag_names.map(str)), max_size=6))
def test_the_book_answers_as_its_entries_do(entries: list[Entry]) -> None:
    """A time found by searching the text must be the time that parsing it would give."""
    unique = list({entry.oid: entry for entry in entries}.values())
    book = ReceiptBook.of(BookHead(REGISTRY, A, 5, B), unique)
    again = ReceiptBook.parse(book.text)
    assert (again.entries(), again.head, again.text) == (unique, book.head, book.text)
    assert dict(again) == {entry.oid: entry.seconds for entry in unique}
    assert len(again) == len(unique)
    assert Oid("c" * 40) not in again or any(entry.oid == "c" * 40 for entry in unique)


@pytest.mark.parametrize("data", [b"", b"gitreg-receipts 2\n", b"gitreg-receipts 1\nregistry x\n", b"\0"])
def test_a_damaged_book_is_read_again_from_the_log(data: bytes) -> None:
    with pytest.raises(FormatError):
        ReceiptBook.parse(data)


def test_the_state_holds_the_highest_event_of_each_stage_and_the_end_of_a_version() -> None:
    """`O(1)` answers come from here: the last event must win whatever order the tags came in."""
    tags = [received(n) for n in ("mnist#dev#10", "mnist#dev!#9", "mnist@v1.2.0!", "mnist@v1.2.0", "mnist@deprecated")]
    assert changes(tags) == {
        "mnist/#dev": f"mnist#dev#10 {A}\n".encode(),
        "mnist/@v1/@v1.2.0": f"mnist@v1.2.0! {A}\n".encode(),
        "mnist/@deprecated": f"mnist@deprecated {A}\n".encode(),
    }
    assert outranks(b"mnist#dev#10 " + A.encode(), b"mnist#dev#9 " + A.encode())


@given(tag_names, oids)
def test_each_tag_has_a_place_that_leads_back_to_it(tag, oid: Oid) -> None:
    (line,) = changes([Received(tag, oid)]).values()
    assert parse_line(line) == (tag, oid)
    assert all(path_of(tag).split("/"))

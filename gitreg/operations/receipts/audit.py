"""The log checked from its beginning, whatever is remembered, and held against the tags that are here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gitreg.core.log_state import changes
from gitreg.core.oid import Oid
from gitreg.core.receipt_book import POLICY_WORD, Entry, ReceiptBook
from gitreg.core.receipt_message import Received
from gitreg.core.tag_name import parse_tag_name
from gitreg.errors import NotFoundError
from gitreg.git.objects import GitObject, ObjectReader, list_tree
from gitreg.git.refs import list_tags, resolve
from gitreg.operations.context import Context, iso
from gitreg.operations.receipts.authorities import load_authorities
from gitreg.operations.receipts.log import LOG, known_receipts, read_log
from gitreg.operations.results import Failure
from gitreg.trust.receipt import CHECK
from gitreg.trust.rules import CheckError


@dataclass(frozen=True, slots=True)
class ReceiptsVerified:
    """`checked` counts tags with a receipt."""

    ok: bool
    checked: int
    failures: tuple[Failure, ...]


def verify_receipts(context: Context) -> ReceiptsVerified:
    """Read the log as if for the first time.  Raises NotFoundError if there is none."""
    tip = resolve(context.repo, LOG)
    authorities = load_authorities(context)
    if tip is None:
        raise NotFoundError("there is no log of receipts here: times are the signers' own", hint="gitreg fetch")
    try:
        known_receipts(context, lambda: authorities)
        book = read_log(context, None, tip, authorities)
    except CheckError as error:
        return ReceiptsVerified(ok=False, checked=0, failures=(Failure(LOG, error.check, error.message),))
    entries = _tags(book)
    failures = (*_missing(context, entries), *_state(context, book, entries))
    return ReceiptsVerified(not failures, len(entries), failures)


def lost_tags(context: Context) -> tuple[Failure, ...] | None:
    """Tags that a trusted writer saw, and that are not here as they were: what a fresh clone could not know.

    None if there is no log, so that nobody can tell.
    """
    book = known_receipts(context, lambda: load_authorities(context))
    return None if book is None else _missing(context, _tags(book))


def _tags(book: ReceiptBook) -> list[Entry]:
    return [entry for entry in book.entries() if entry.name != POLICY_WORD]


def _missing(context: Context, entries: list[Entry]) -> tuple[Failure, ...]:
    here = {ref.name: ref.oid for ref in list_tags(context.repo)}
    gone = [entry for entry in entries if here.get(entry.name) != entry.oid]
    return tuple(Failure(entry.name, CHECK, _how(entry, here)) for entry in gone)


def _how(entry: Entry, here: Mapping[str, Oid]) -> str:
    seen = f"a trusted writer saw it on {iso(entry.seconds).isoformat()}"
    return f"{seen} as another object" if entry.name in here else f"{seen}, and it is not here"


def _state(context: Context, book: ReceiptBook, entries: list[Entry]) -> tuple[Failure, ...]:
    """The tree of the last receipt is what all receipts together lead to."""
    tags = [Received(name, entry.oid) for entry in entries if (name := parse_tag_name(entry.name)) is not None]
    wanted = changes(tags)
    files = list_tree(context.repo, book.head.tip, suffix="")
    with ObjectReader(context.repo) as reader:
        answers = list(reader.read_many(file.oid for file in files))
    found = {file.path: a.data for file, a in zip(files, answers, strict=True) if isinstance(a, GitObject)}
    return () if found == wanted else (Failure(LOG, CHECK, "its tree is not the state that its receipts lead to"),)

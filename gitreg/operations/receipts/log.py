"""The log of receipts: verified once along its chain, remembered, and only ever longer."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from gitreg.core.oid import Oid
from gitreg.core.receipt_book import POLICY_WORD, BookHead, Entry, ReceiptBook
from gitreg.errors import FormatError, VerificationError
from gitreg.git.chain import commits_after
from gitreg.git.objects import GitObject, ObjectReader
from gitreg.git.refs import resolve
from gitreg.operations.context import Context
from gitreg.trust.receipt import Authority, LogEnd, Receipt, check_receipt
from gitreg.trust.rules import CheckError

LOG = "refs/gitreg/log"


def known_receipts(context: Context, authorities: Callable[[], Mapping[Oid, Authority]]) -> ReceiptBook | None:
    """This clone's receipts; None if it has none.  Raises VerificationError if the log is not what it was.

    `authorities` is asked only if there are receipts that have not been looked at.
    """
    remembered = remembered_book(context)
    tip = resolve(context.repo, LOG)
    if tip is None or (remembered is not None and remembered.head.tip == tip):
        return remembered
    try:
        book = read_log(context, remembered, tip, authorities())
    except CheckError as error:
        raise VerificationError(f"{LOG}: {error.message}", hint=_repair(remembered)) from None
    remember(context, book)
    return book


def read_log(
    context: Context, before: ReceiptBook | None, tip: Oid, authorities: Mapping[Oid, Authority]
) -> ReceiptBook:
    """The receipts up to `tip`, which must follow those of `before`.  Raises CheckError for the first that does not."""
    reading = _Reading(context, before, authorities)
    commits = commits_after(context.repo, reading.end.tip, tip)
    if not commits:
        raise CheckError("receipt", "the log has lost receipts that were there before")
    with ObjectReader(context.repo) as reader:
        for commit, answer in zip(commits, reader.read_many(commits), strict=True):
            if not isinstance(answer, GitObject) or answer.type != "commit":
                raise CheckError("receipt", f"the receipt {commit} cannot be read")
            reading.take(commit, answer.data)
    return reading.book()


def remembered_book(context: Context) -> ReceiptBook | None:
    """The receipts as last verified; None if there are none, or if they were another registry's."""
    try:
        book = ReceiptBook.parse(_place(context).read_bytes())
    except (OSError, FormatError):
        return None
    return book if book.head.registry == context.config.id else None


def remember(context: Context, book: ReceiptBook) -> None:
    """Spare the next reader the work; where nothing can be written, they do it again.

    Not by `atomic`, whose needs would take every reader milliseconds to import.
    """
    place = _place(context)
    nascent = place.with_name(f".receipts.{os.getpid()}.{time.monotonic_ns()}")
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        nascent.write_bytes(book.text)
        nascent.replace(place)


class _Reading:
    """Receipts taken one by one, each on top of the one before."""

    def __init__(self, context: Context, before: ReceiptBook | None, authorities: Mapping[Oid, Authority]) -> None:
        self._registry = context.config.id
        self._authorities = authorities
        self._entries = before.entries() if before else []
        self._names = {entry.name for entry in self._entries}
        self.end = LogEnd(tags=self._names)
        if before is not None:
            self.end = LogEnd(before.head.tip, before.head.seconds, before.head.policy, self._names)

    def take(self, commit: Oid, raw: bytes) -> Receipt:
        receipt = check_receipt(raw, self.end, self._registry, self._authorities)
        if receipt.policy != self.end.policy:
            self._entries.append(Entry(receipt.policy, receipt.seconds, POLICY_WORD))
        self._entries += [Entry(tag.oid, receipt.seconds, str(tag.name)) for tag in receipt.tags]
        self._names.update(str(tag.name) for tag in receipt.tags)
        self.end = LogEnd(commit, receipt.seconds, receipt.policy, self._names)
        return receipt

    def book(self) -> ReceiptBook:
        if self.end.tip is None or self.end.policy is None:
            raise CheckError("receipt", "there is no receipt")
        head = BookHead(self._registry, self.end.tip, self.end.seconds, self.end.policy)
        return ReceiptBook.of(head, self._entries)


def _repair(remembered: ReceiptBook | None) -> str:
    if remembered is None:
        return f"git update-ref -d {LOG}, then gitreg fetch"
    return f"what this clone verified before: git update-ref {LOG} {remembered.head.tip}"


def _place(context: Context) -> Path:
    return context.repo.local_state / "receipts"

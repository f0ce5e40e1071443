"""Writing receipts: a signed commit on top of the log, its tree the state that the log has come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gitreg.core.log_state import changes, outranks
from gitreg.core.oid import Oid
from gitreg.core.receipt_book import ReceiptBook
from gitreg.core.receipt_message import MAX_RECEIVED, ReceiptMessage, Received
from gitreg.errors import RefusedError
from gitreg.git.objects import GitObject, ObjectReader, write_object
from gitreg.git.tree import put_files
from gitreg.operations.context import Context, utc_now
from gitreg.trust.receipt import Authority, sign_receipt, writers
from gitreg.trust.signer import Signer
from gitreg.trust.tag_object import Tagger

_CLOCK_SLACK = 60  # seconds


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: a key that may, under the policy now in force."""

    signer: Signer
    policy: Oid
    authority: Authority


def receipt_time(before: ReceiptBook | None) -> int:
    """Now, and never before the last receipt.  RefusedError if this clock is far behind the one that dated that."""
    now, last = int(utc_now().timestamp()), before.head.seconds if before else 0
    if last > now + _CLOCK_SLACK:
        raise RefusedError(
            f"the log's last receipt is dated {last - now} seconds from now", hint="set this machine's clock"
        )
    return max(now, last)


def append(context: Context, writer: Writer, tip: Oid | None, tags: Sequence[Received], seconds: int) -> Oid:
    """Commits that follow `tip`, of at most MAX_RECEIVED tags each (one if there are none).  Moves no ref.

    RefusedError if the key may not write receipts now.
    """
    names = writers(writer.signer.public_key, writer.authority, seconds)
    if not names:
        raise RefusedError(
            f"the key {writer.signer.public_key.fingerprint} may not write receipts",
            hint="the policy's [receipts] names roles; the key's owner must have one of them",
        )
    by = Tagger(names[0], names[0], seconds, "+0000")
    ordered = sorted(tags, key=lambda tag: str(tag.name))
    for start in range(0, max(1, len(ordered)), MAX_RECEIVED):
        some = tuple(ordered[start : start + MAX_RECEIVED])
        message = ReceiptMessage(context.config.id, writer.policy, some)
        raw = sign_receipt(_tree(context, tip, some), tip, by, message, writer.signer)
        tip = write_object(context.repo, "commit", raw)
    if tip is None:
        raise ValueError("at least one receipt is written")
    return tip


def _tree(context: Context, tip: Oid | None, tags: Sequence[Received]) -> Oid:
    files = changes(tags)
    if tip is None:
        return put_files(context.repo, None, files)
    tree = Oid(context.repo.git.text("rev-parse", "--verify", f"{tip}^{{tree}}"))
    with ObjectReader(context.repo) as reader:
        answers = list(reader.read_many(f"{tree}:{path}" for path in files))
    held = zip(files, answers, strict=True)
    newer = {path for path, answer in held if isinstance(answer, GitObject) and outranks(answer.data, files[path])}
    return put_files(context.repo, tree, {path: data for path, data in files.items() if path not in newer})

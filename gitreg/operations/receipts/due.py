"""Which tags are due a receipt: those that have none, and that readers would accept as of now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gitreg.core.oid import Oid
from gitreg.core.receipt_book import ReceiptBook
from gitreg.core.receipt_message import Received
from gitreg.core.tag_name import TagName, by_model
from gitreg.operations.context import Context
from gitreg.operations.facts import incoming_facts
from gitreg.operations.ground import Ground
from gitreg.operations.receipts.authorities import load_authorities
from gitreg.operations.receipts.log import known_receipts
from gitreg.operations.receipts.writer import receipt_time
from gitreg.operations.results import Failure
from gitreg.trust.facts import Facts, Failed
from gitreg.trust.receipt import Authority, assume_received
from gitreg.trust.verify import Verifier

# The tags to look at, and what they were seen to name; they may have no ref of ours yet.
Wanted = Mapping[TagName, Oid]


@dataclass(frozen=True, slots=True)
class Due:
    """The next receipt, unsigned: what it says, when, and on top of what."""

    before: ReceiptBook | None
    authorities: Mapping[Oid, Authority]
    seconds: int
    tags: tuple[Received, ...]
    refused: tuple[Failure, ...]

    @property
    def policy(self) -> Oid:
        """The one in force."""
        return next(reversed(list(self.authorities)))

    @property
    def tip(self) -> Oid | None:
        return self.before.head.tip if self.before else None

    @property
    def is_nothing(self) -> bool:
        """A policy that no receipt cites yet is worth one without tags: it says when the policy was there."""
        return not self.tags and self.before is not None and self.before.head.policy == self.policy


def due(context: Context, wanted: Wanted) -> Due:
    """Judge every wanted tag without a receipt as if it got one now."""
    authorities = load_authorities(context)
    before = known_receipts(context, lambda: authorities)
    seconds = receipt_time(before)
    tags: list[Received] = []
    refused: list[Failure] = []
    new = {name: oid for name, oid in wanted.items() if before is None or oid not in before}
    with Ground(context) as ground:
        for model, theirs in by_model(new).items():
            some, failed = _judge(incoming_facts(ground, model, theirs), theirs, seconds)
            tags += some
            refused += failed
    return Due(before, authorities, seconds, tuple(tags), tuple(refused))


def _judge(facts: Facts, new: Wanted, seconds: int) -> tuple[list[Received], list[Failure]]:
    seen = [Received(name, oid) for name, oid in new.items() if facts.tags[name].oid == oid]
    verifier = Verifier(assume_received(facts, (tag.oid for tag in seen), seconds))
    verdicts = [(tag, verifier.verdict(tag.name)) for tag in seen]
    refused = [Failure.of(verdict) for _, verdict in verdicts if isinstance(verdict, Failed)]
    return [tag for tag, verdict in verdicts if not isinstance(verdict, Failed)], refused

"""The policy states that count in this clone: followed along the protected branch, remembered, and never gone back on.

What is remembered saves time and holds on to what was seen shared; it decides nothing that history would not.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from gitreg.core.digest import Digest
from gitreg.core.oid import Oid
from gitreg.core.policy import POLICY_PATH
from gitreg.core.policy_ledger import LedgerEntry, PolicyBlobs, PolicyLedger, format_ledger, parse_ledger
from gitreg.errors import FormatError, GitregError, NotFoundError, VerificationError
from gitreg.git.head import is_cut_off
from gitreg.git.history import is_on_line, line_changes
from gitreg.git.objects import GitObject, ObjectReader, blob_name
from gitreg.git.refs import resolve
from gitreg.git.repository import Repository
from gitreg.operations.branch import ProtectedBranch, protected_branch
from gitreg.operations.context import Context
from gitreg.operations.policy.history import POLICY_PATHS, STATE_PATHS, policy_chain
from gitreg.operations.policy.pin import check_pin, note_first_use, pinned_root
from gitreg.trust.policy_chain import PolicyChain
from gitreg.trust.policy_state import PolicyState

LEDGER = "policy-ledger"


class PolicyLine(NamedTuple):
    """The accepted states, and the files of the last one: those in force, whatever lies at the branch's tip."""

    ledger: PolicyLedger
    in_force: PolicyState
    is_at_tip: bool  # otherwise a change lies there that does not count

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        return self.ledger.entries

    @property
    def last(self) -> LedgerEntry:
        return self.ledger.last


def policy_line(context: Context, branch: ProtectedBranch, reader: ObjectReader) -> PolicyLine:
    """The policy states that count.

    Raises NotFoundError or FormatError if the branch has no policy, VerificationError if the root is not the one
    asked for, or if what was accepted before is gone.
    """
    remembered = _remembered(context, branch)
    tip = _blobs_at(reader, branch.tip)
    ledger = _shared(context, branch, reader, remembered)
    if branch.tip != branch.shared and ledger.last.blobs != tip:
        own = _walked(context, branch, branch.tip, reader)
        forget_nothing(ledger, own)
        ledger = own
    check_pin(context.settings, ledger.root)
    return PolicyLine(ledger, _in_force(reader, ledger.last), ledger.last.blobs == tip)


def present_policy(context: Context) -> PolicyLine:
    """`policy_line` of the protected branch as it is here."""
    with ObjectReader(context.repo) as reader:
        return policy_line(context, protected_branch(context.repo), reader)


def forget_nothing(old: PolicyLedger, new: PolicyLedger) -> None:
    """Raise VerificationError unless `new` still has all that `old` accepted."""
    if not new.continues(old):
        raise VerificationError(
            f"policy: the protected branch went back: what was accepted here up to epoch {old.last.epoch} is gone",
            hint=f"ask the admins; if they replaced it on purpose: rm .git/gitreg/{LEDGER}, and compare the new root",
        )


def _shared(
    context: Context, branch: ProtectedBranch, reader: ObjectReader, remembered: PolicyLedger | None
) -> PolicyLedger:
    """Only what was shared is remembered: one may still take back one's own commits."""
    if remembered is not None and remembered.seen == branch.shared:
        return remembered
    if remembered is not None and _nothing_new(context.repo, remembered.seen, branch.shared):
        ledger = remembered._replace(seen=branch.shared)
    else:
        ledger = _walked(context, branch, branch.shared, reader)
    if remembered is None:
        note_first_use(context, ledger.root, _in_force(reader, ledger.last).parsed())
    elif branch.is_shared or context.repo.root is None:
        forget_nothing(remembered, ledger)
    _remember(context, ledger)
    return ledger


def _nothing_new(repo: Repository, seen: Oid, tip: Oid) -> bool:
    """Whether the branch merely grew.  That the files at its tip are as before would not be enough: a change may have
    been accepted since and hidden under the old files."""
    return is_on_line(repo, seen, tip) and not line_changes(repo, POLICY_PATHS, tip, seen)


def _walked(context: Context, branch: ProtectedBranch, tip: Oid, reader: ObjectReader) -> PolicyLedger:
    repo, registry = context.repo, context.config.id
    root = None
    if is_cut_off(repo, tip):
        root = pinned_root(context.settings)
        if root is None:
            raise VerificationError(
                "policy: this shallow clone does not reach back to the policy root, so nobody's word can be checked",
                hint="git fetch --unshallow; or name a state that is here, and that you trust, with --policy-root",
            )
        context.settings.note("this clone is shallow: what lies before the policy root that you named is not checked")
    chain = policy_chain(repo, reader, tip, registry, root)
    if not chain.accepted:
        raise _nothing(chain, root)
    entries = tuple(_entry(context, state) for state in chain.accepted)
    fingerprint = chain.accepted[0].step_from(None, registry).fingerprint
    return PolicyLedger(registry, branch.name, fingerprint, tip, entries)


def _nothing(chain: PolicyChain, root: Digest | None) -> GitregError:
    if root is not None:
        return VerificationError(f"policy: no state in this shallow clone is {root}", hint="git fetch --unshallow")
    if chain.standing is None:
        return NotFoundError(f"{POLICY_PATH} is not in the protected branch", hint="commit it: git add .gitreg")
    return FormatError(f"the protected branch has no policy that can be read: {chain.standing.reason}")


def _entry(context: Context, state: PolicyState) -> LedgerEntry:
    policy, signers, revoked = (None if data is None else blob_name(context.repo, data) for data in state.files)
    if policy is None:
        raise NotFoundError(f"{POLICY_PATH} is not in the protected branch")
    return LedgerEntry(state.parsed().epoch, state.commit, state.seconds, policy, signers, revoked)


def _blobs_at(reader: ObjectReader, commit: Oid) -> PolicyBlobs:
    answers = reader.read_many(f"{commit}:{path}" for path in STATE_PATHS)
    return PolicyBlobs(*(answer.oid if isinstance(answer, GitObject) else None for answer in answers))


def _in_force(reader: ObjectReader, entry: LedgerEntry) -> PolicyState:
    return read_entries(reader, [entry])[0]


def read_entries(reader: ObjectReader, entries: Sequence[LedgerEntry]) -> list[PolicyState]:
    """The files of accepted states.  Raises VerificationError if one is gone."""
    wanted = [oid for entry in entries for oid in entry.blobs if oid is not None]
    found = {}
    for oid, answer in zip(wanted, reader.read_many(wanted), strict=True):
        if not isinstance(answer, GitObject):
            raise VerificationError("policy: the files of an accepted policy are gone from this clone", hint="git fsck")
        found[oid] = answer.data
    files = ([None if oid is None else found[oid] for oid in entry.blobs] for entry in entries)
    return [PolicyState(entry.commit, entry.seconds, *each) for entry, each in zip(entries, files, strict=True)]


def _remembered(context: Context, branch: ProtectedBranch) -> PolicyLedger | None:
    try:
        ledger = parse_ledger((context.repo.local_state / LEDGER).read_bytes())
    except (OSError, FormatError):
        return None
    return ledger if (ledger.registry, ledger.branch) == (context.config.id, branch.name) else None


def _remember(context: Context, ledger: PolicyLedger) -> None:
    """Whoever may only read follows the history each time.

    Not by `atomic`, whose needs would take every reader milliseconds to import.
    """
    if context.repo.in_quarantine and resolve(context.repo, f"refs/heads/{ledger.branch}") != ledger.seen:
        return  # what a push brings may yet be refused
    place = context.repo.local_state / LEDGER
    nascent = place.with_name(f".{LEDGER}.{os.getpid()}.{time.monotonic_ns()}")
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            with nascent.open("xb") as file:
                file.write(format_ledger(ledger))
                file.flush()
                os.fsync(file.fileno())
            nascent.replace(place)
        finally:
            nascent.unlink(missing_ok=True)

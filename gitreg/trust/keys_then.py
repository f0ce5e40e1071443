"""Whose keys decide about a tag: those that count now, or those that counted then, if somebody trusted vouches."""

from __future__ import annotations

from gitreg.core.oid import Oid
from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.facts import Facts, KeyState


def signers_for(facts: Facts, tag: Oid, cited: Oid) -> AllowedSigners:
    """The signers for a tag that cites the policy `cited`; a date that its signer chose says nothing about it.

    A tag with a receipt is judged by the keys of the time when it was received, and one that the policy in force
    lists as accepted by those of the policy that it cites.  Without either, a key that ended takes its tags along.
    """
    if tag in facts.accepted:
        return facts.history[cited].signers
    if tag in facts.receipts:
        return _received(list(facts.history.values()), list(facts.history).index(cited), facts.receipts[tag])
    return facts.signers


def _received(states: list[KeyState], cited: int, seconds: int) -> AllowedSigners:
    """The last state that had begun by then; dates need not be in order, and the cited one had begun for certain."""
    begun = [at for at in range(cited + 1, len(states)) if states[at].since <= seconds]
    return states[begun[-1] if begun else cited].signers

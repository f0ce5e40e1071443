"""What a clone remembers of the policy states it accepted."""

from __future__ import annotations

import pytest
from format_strategies import digests, mutated, oids, only_gitreg_errors, registries
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.policy_ledger import LedgerEntry, PolicyLedger, format_ledger, parse_ledger
from gitreg.errors import FormatError

numbers = st.integers(0, 10**18)
entries = st.builds(LedgerEntry, numbers, oids, numbers, oids, st.none() | oids, st.none() | oids)
ledgers = st.builds(
    PolicyLedger,
    registries,
    st.from_regex(r"[a-z/é-]{1,10}", fullmatch=True),
    digests,
    oids,
    st.lists(entries, min_size=1, max_size=4).map(tuple),
)


@given(ledgers)
def test_round_trip(ledger):
    """A clone would forget what it has seen, and believe an older state again."""
    assert parse_ledger(format_ledger(ledger)) == ledger


@given(ledgers, st.data())
def test_any_bytes_are_a_ledger_or_refused(ledger, data):
    only_gitreg_errors(lambda: parse_ledger(mutated(data.draw, format_ledger(ledger))))


@given(ledgers, entries)
def test_only_more_continues(ledger, entry):
    """What was accepted could be replaced, or cut off."""
    longer = ledger._replace(entries=(*ledger.entries, entry))
    assert longer.continues(ledger)
    assert ledger.continues(ledger)
    assert not ledger.continues(longer)
    other = ledger.last._replace(signers=None if ledger.last.signers else entry.policy)
    assert not longer._replace(entries=(*ledger.entries[:-1], other, entry)).continues(ledger)
    if entry.policy != ledger.root:
        moved = ledger.root.of(b"another")
        assert not longer._replace(root=moved).continues(ledger)


@pytest.mark.parametrize("data", [b"", b"gitreg-policy-ledger 2\n", b"gitreg-policy-ledger 1\n"])
def test_other_forms_are_refused(data):
    with pytest.raises(FormatError):
        parse_ledger(data)

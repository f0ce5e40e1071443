"""Who could do what under each policy that was in force: what receipts are judged by."""

from __future__ import annotations

from collections.abc import Mapping

from gitreg.core.oid import Oid
from gitreg.core.on_demand import OnDemand
from gitreg.git.objects import ObjectReader
from gitreg.operations.branch import ProtectedBranch, protected_branch
from gitreg.operations.context import Context
from gitreg.operations.policy.line import PolicyLine, policy_line, read_entries
from gitreg.operations.receipts.log import known_receipts
from gitreg.trust.policy_state import PolicyState
from gitreg.trust.receipt import Authority


def load_authorities(context: Context, branch: ProtectedBranch | None = None) -> Mapping[Oid, Authority]:
    """By policy, oldest first; the last is the one in force.  Each is parsed when it is asked for."""
    with ObjectReader(context.repo) as reader:
        line = policy_line(context, branch or protected_branch(context.repo), reader)
    return authorities_of(context, line)


def authorities_of(context: Context, line: PolicyLine) -> Mapping[Oid, Authority]:
    """The same of policies that were followed already."""
    with ObjectReader(context.repo) as reader:
        states = read_entries(reader, line.entries)
    return OnDemand({entry.policy: state for entry, state in zip(line.entries, states, strict=True)}, _authority)


def receipts_by(context: Context, line: PolicyLine) -> Mapping[Oid, int]:
    """When each tag was seen (seconds), by this clone's log."""
    return known_receipts(context, lambda: authorities_of(context, line)) or {}


def _authority(state: PolicyState) -> Authority:
    return Authority(state.parsed(), state.allowed_signers())

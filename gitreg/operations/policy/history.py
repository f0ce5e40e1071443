"""Walking the protected branch for the policy states it went through, and deciding which of them count."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile
from typing import Final

from gitreg.core.digest import Digest
from gitreg.core.oid import Oid
from gitreg.core.policy import POLICY_PATH
from gitreg.core.policy_signatures import SIGNATURES_PATH
from gitreg.core.registry_id import RegistryId
from gitreg.errors import FormatError
from gitreg.git.history import Change, line_changes, merged_changes
from gitreg.git.objects import GitObject, ObjectReader, Unreadable
from gitreg.git.repository import Repository
from gitreg.operations.branch import SIGNERS_PATH
from gitreg.trust.policy_chain import PolicyChain, RefusedChange, follow, follow_merge
from gitreg.trust.policy_state import PolicyState

REVOKED_PATH: Final = ".gitreg/revoked_keys"
STATE_PATHS: Final = (POLICY_PATH, SIGNERS_PATH, REVOKED_PATH)
POLICY_PATHS: Final = (*STATE_PATHS, SIGNATURES_PATH)


def policy_chain(
    repo: Repository, reader: ObjectReader, tip: Oid, registry: RegistryId, root: Digest | None = None
) -> PolicyChain:
    """Follow the branch that ends in `tip` from its beginning, or from the state with the fingerprint `root`.

    What comes out depends on that commit alone, not on who asks or what they have seen before.
    """
    changes = line_changes(repo, POLICY_PATHS, tip)
    line = zip(changes, read_states(reader, changes), strict=True)
    chain = PolicyChain()
    for change, state in dropwhile(lambda each: not _is_root(each[1], root, registry), line):
        stepped = follow(chain, [state], registry)
        if stepped.standing is not None and len(change.parents) > 1:
            # two branches were joined the other way round: the changes that it lacks came in from the side
            side = read_states(reader, merged_changes(repo, POLICY_PATHS, change))
            stepped = follow_merge(chain, side, state, registry)
        chain = stepped
    return chain


def refused_since(
    repo: Repository, reader: ObjectReader, old: Oid | None, new: Oid, registry: RegistryId
) -> tuple[RefusedChange, ...]:
    """The changes that a branch's way from `old` (None: it is new) to `new` adds, and that do not count."""
    known = policy_chain(repo, reader, old, registry).refused if old else ()
    return tuple(change for change in policy_chain(repo, reader, new, registry).refused if change not in known)


def _is_root(state: PolicyState, root: Digest | None, registry: RegistryId) -> bool:
    try:
        return root is None or state.step_from(None, registry).fingerprint == root
    except FormatError:
        return False


def read_states(reader: ObjectReader, changes: Sequence[Change]) -> list[PolicyState]:
    """The policy's files as they are in each of the commits.  Raises VerificationError if git cannot read one."""
    specs = [f"{change.commit}:{path}" for change in changes for path in POLICY_PATHS]
    files: list[bytes | None] = []
    for answer in reader.read_many(specs):
        if isinstance(answer, Unreadable):
            raise answer.error
        files.append(answer.data if isinstance(answer, GitObject) else None)
    width = len(POLICY_PATHS)
    return [
        PolicyState(change.commit, change.time, *files[at * width : (at + 1) * width])
        for at, change in enumerate(changes)
    ]

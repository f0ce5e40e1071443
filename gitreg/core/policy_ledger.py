"""`policy-ledger`, a clone's memory of the policy states that it has accepted.  Derived from history, never shared.

gitreg-policy-ledger 1
registry 6c0e...
branch main
root blake3:...           the fingerprint of the first state
seen 4f1d...              the commit up to which history was looked at
state 1 4f1d... 1790000000 9a2c... 77b1... none      epoch, commit, its time, the blobs of policy, signers, revoked keys
"""

from __future__ import annotations

from typing import NamedTuple

from gitreg.core.digest import Digest
from gitreg.core.oid import Oid
from gitreg.core.registry_id import RegistryId
from gitreg.errors import FormatError

_FIRST = "gitreg-policy-ledger 1"
_KEYS = ("registry", "branch", "root", "seen")
_MAX_DIGITS = 19


class PolicyBlobs(NamedTuple):
    """Git's names of the files that make a policy state; None for one that is absent."""

    policy: Oid | None
    signers: Oid | None
    revoked: Oid | None


class LedgerEntry(NamedTuple):
    """An accepted state.  `policy` is a blob that names it, as its epoch is in there; `seconds` its commit's time."""

    epoch: int
    commit: Oid
    seconds: int
    policy: Oid
    signers: Oid | None
    revoked: Oid | None

    @property
    def blobs(self) -> PolicyBlobs:
        return PolicyBlobs(self.policy, self.signers, self.revoked)


class PolicyLedger(NamedTuple):
    """The accepted states, oldest first; there is always one."""

    registry: RegistryId
    branch: str
    root: Digest
    seen: Oid
    entries: tuple[LedgerEntry, ...]

    @property
    def last(self) -> LedgerEntry:
        return self.entries[-1]

    def continues(self, earlier: PolicyLedger) -> bool:
        """Whether nothing that `earlier` accepted is gone or replaced."""
        kept = self.entries[: len(earlier.entries)]
        return self.root == earlier.root and [e.blobs for e in kept] == [e.blobs for e in earlier.entries]


def format_ledger(ledger: PolicyLedger) -> bytes:
    """Spell a ledger; `parse_ledger` is its inverse."""
    lines = [
        _FIRST,
        f"registry {ledger.registry}",
        f"branch {ledger.branch}",
        f"root {ledger.root}",
        f"seen {ledger.seen}",
        *(_line(entry) for entry in ledger.entries),
    ]
    return ("\n".join(lines) + "\n").encode()


def parse_ledger(data: bytes) -> PolicyLedger:
    """Parse a ledger.  Raises FormatError."""
    # without regular expressions: every command reads this, and compiling them takes longer than all the rest
    first, *lines = data.decode("utf-8", "replace").split("\n")
    if first != _FIRST or len(lines) < len(_KEYS) + 2 or lines.pop() != "":
        raise _malformed()
    registry, branch, root, seen = (_value(line, key) for line, key in zip(lines, _KEYS, strict=False))
    entries = tuple(_entry(line) for line in lines[len(_KEYS) :])
    return PolicyLedger(RegistryId.parse(registry), branch, Digest.parse(root), Oid.parse(seen), entries)


def _malformed() -> FormatError:
    return FormatError("not a policy ledger of format 1")


def _value(line: str, key: str) -> str:
    found, _, value = line.partition(" ")
    if found != key or not value:
        raise _malformed()
    return value


def _line(entry: LedgerEntry) -> str:
    files = f"{entry.policy} {entry.signers or 'none'} {entry.revoked or 'none'}"
    return f"state {entry.epoch} {entry.commit} {entry.seconds} {files}"


def _entry(line: str) -> LedgerEntry:
    fields = _value(line, "state").split(" ")
    if len(fields) != len(LedgerEntry._fields):
        raise _malformed()
    epoch, commit, seconds, policy, signers, revoked = fields
    return LedgerEntry(
        _number(epoch), Oid.parse(commit), _number(seconds), Oid.parse(policy), _file(signers), _file(revoked)
    )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise _malformed()
    return int(text)


def _file(text: str) -> Oid | None:
    return None if text == "none" else Oid.parse(text)

"""Who may sign: reading `.gitreg/allowed_signers`, letting keys in and ending them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gitreg.core.names import Principal
from gitreg.core.text import escape
from gitreg.errors import FormatError, NotFoundError, RefusedError, SourceError
from gitreg.git.config import get_config, set_config
from gitreg.operations.branch import SIGNERS_PATH
from gitreg.operations.context import Context
from gitreg.operations.policy.history import REVOKED_PATH
from gitreg.operations.policy.line import present_policy
from gitreg.operations.policy.sign import PolicySignResult, propose
from gitreg.operations.policy.working import working_state
from gitreg.trust.allowed_signers import AllowedSigners, Grant, format_line
from gitreg.trust.private_key import generate_key
from gitreg.trust.public_key import PublicKey
from gitreg.trust.revocation import KRL_MAGIC

REVOCATION_FILE = "gpg.ssh.revocationFile"
_HEAD = b"# keys that count no more: public keys, one a line (gitreg keys revoke)\n"


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A line of allowed_signers; `fingerprint` is as `ssh-keygen -l` prints it.

    The key of an `authority` signs for nobody: it certifies keys of the principals.
    """

    principals: tuple[str, ...]
    type: str
    fingerprint: str
    revoked: bool = False
    authority: bool = False


@dataclass(frozen=True, slots=True)
class KeyChange:
    """The keys added or revoked, and how far the change is signed."""

    keys: tuple[KeyEntry, ...]
    policy: PolicySignResult


def list_keys(context: Context) -> tuple[KeyEntry, ...]:
    """The keys of the state in force, and whether they were revoked."""
    signers = present_policy(context).in_force.allowed_signers()
    return tuple(_entry(grant, revoked=signers.revoked(grant.key)) for grant in signers.grants)


def new_key(path: Path, principal: Principal) -> PublicKey:
    """Make an ed25519 key at `path` (and `path`.pub).  Raises SigningError if something is there."""
    return generate_key(path, principal)


def read_key(path: Path) -> PublicKey:
    """Read a public key file.  Raises SourceError, FormatError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise SourceError(f"cannot read {escape(str(path))}", hint="name a .pub file") from None
    if "PRIVATE KEY" in text:  # before anything could repeat what stands in it
        raise FormatError(f"{escape(str(path))} holds a private key", hint="name the .pub file beside it")
    return PublicKey.parse(text)


def add_key(context: Context, principal: Principal, key: PublicKey) -> KeyChange:
    """Let a person sign with a key, in the working tree: staged, and signed if your key is an admin's.

    Raises RefusedError if the key is in the file already.
    """
    state = working_state(context)
    text = state.signers or b""
    if any(grant.key == key and not grant.options.is_authority for grant in AllowedSigners.parse(text).grants):
        raise RefusedError(f"{key.fingerprint} is in {SIGNERS_PATH} already", hint="one key belongs to one person")
    signers = _with_line(text, format_line([principal], key))
    entry = KeyEntry((principal,), key.type.value, key.fingerprint)
    return KeyChange((entry,), propose(context, state._replace(signers=signers)))


def revoke_keys(context: Context, whose: str) -> KeyChange:
    """End a key, named by its fingerprint or file, or all keys of a person, as `add_key` begins one.

    Raises NotFoundError if there is none, RefusedError if nobody could change the policy any more.
    """
    state = working_state(context)
    grants = _meant(state.allowed_signers(), whose)
    revoked = state.revoked or _HEAD
    if revoked.startswith(KRL_MAGIC):
        raise RefusedError(f"{REVOKED_PATH} is a KRL", hint=f"ssh-keygen -k -u -f {REVOKED_PATH} KEY.pub adds to it")
    for grant in grants:
        revoked = _with_line(revoked, f"# {grant.principals}\n{grant.key.line}\n")
    entries = tuple(_entry(grant, revoked=True) for grant in grants)
    change = KeyChange(entries, propose(context, state._replace(revoked=revoked)))
    _tell_git(context)
    return change


def _tell_git(context: Context) -> None:
    """So that `git verify-tag` agrees with us; not before the list is there, for Git warns of one that is missing."""
    if get_config(context.repo, REVOCATION_FILE) is None:
        set_config(context.repo, REVOCATION_FILE, REVOKED_PATH)


def _meant(signers: AllowedSigners, whose: str) -> list[Grant]:
    file = Path(whose).expanduser()
    key = read_key(file) if file.is_file() else None
    found = [
        grant
        for grant in signers.grants
        if grant.key == key or grant.key.fingerprint == whose or whose in grant.literals()
    ]
    if not found:
        raise NotFoundError(f"no key of '{escape(whose)}' in {SIGNERS_PATH}", hint="gitreg keys list")
    ending = [grant for grant in found if not signers.revoked(grant.key)]
    if not ending:
        raise RefusedError(f"'{escape(whose)}' is revoked already", hint="gitreg keys list")
    return ending


def _entry(grant: Grant, *, revoked: bool) -> KeyEntry:
    key, principals = grant.key, tuple(grant.principals.split(","))
    return KeyEntry(principals, key.type.value, key.fingerprint, revoked, grant.options.is_authority)


def _with_line(text: bytes, line: str) -> bytes:
    joint = b"" if not text or text.endswith(b"\n") else b"\n"
    return text + joint + line.encode()

"""Who may sign: reading and extending `.gitreg/allowed_signers`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gitreg.core.names import Principal
from gitreg.core.text import escape
from gitreg.errors import FormatError, RefusedError, SourceError
from gitreg.git.worktree import stage
from gitreg.operations.atomic import write_file
from gitreg.operations.branch import SIGNERS_PATH
from gitreg.operations.context import Context
from gitreg.operations.policy_line import present_policy
from gitreg.trust.allowed_signers import AllowedSigners, format_line
from gitreg.trust.private_key import generate_key
from gitreg.trust.public_key import PublicKey


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A line of allowed_signers that counts; `fingerprint` is as `ssh-keygen -l` prints it."""

    principals: tuple[str, ...]
    type: str
    fingerprint: str


def list_keys(context: Context) -> tuple[KeyEntry, ...]:
    """The keys that count now: those of the state in force."""
    return tuple(
        KeyEntry(tuple(grant.principals.split(",")), grant.key.type.value, grant.key.fingerprint)
        for grant in present_policy(context).in_force.allowed_signers().grants
    )


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


def add_key(context: Context, principal: Principal, key: PublicKey) -> KeyEntry:
    """Let a person sign with a key, in the working tree (staged, for you to commit).

    Raises RefusedError if the key is in the file already.
    """
    file = context.repo.work_tree / SIGNERS_PATH
    text = file.read_bytes() if file.exists() else b""
    if any(grant.key == key for grant in AllowedSigners.parse(text).grants):
        raise RefusedError(f"{key.fingerprint} is in {SIGNERS_PATH} already", hint="one key belongs to one person")
    joint = b"" if not text or text.endswith(b"\n") else b"\n"
    write_file(file, text + joint + format_line([principal], key).encode())
    stage(context.repo, [SIGNERS_PATH])
    return KeyEntry((principal,), key.type.value, key.fingerprint)

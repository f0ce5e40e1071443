"""The identity file: the private key that opens sealed stores for one person or machine."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from gitreg.core.text import escape
from gitreg.errors import RefusedError
from gitreg.git.config import committer, get_config_path
from gitreg.operations.context import Context
from gitreg.storage.remote.sealing.identity import Identity
from gitreg.storage.remote.sealing.ring import SealedError

VARIABLE = "GITREG_IDENTITY"
_MAX_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class IdentityResult:
    """`recipient` is for others; the file at `path` for nobody."""

    recipient: str
    path: Path


def identity_path(context: Context) -> Path:
    """GITREG_IDENTITY, gitreg.identity, or the usual place."""
    settings = context.settings
    if own := settings.environ.get(VARIABLE):
        return Path(own).expanduser()
    configured = get_config_path(context.repo, "gitreg.identity")
    folder = Path(settings.environ.get("XDG_CONFIG_HOME") or settings.home / ".config")
    return configured or folder / "gitreg" / "identity"


def read_identity(context: Context) -> Identity:
    """Raises SealedError unless there is one, which its owner alone can read."""
    path = identity_path(context)
    shown = escape(str(path))
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            data = file.read(_MAX_BYTES)
    except FileNotFoundError:
        hint = "make one with: gitreg identity --new; or name yours with GITREG_IDENTITY"
        raise SealedError(f"there is no identity at {shown}", hint=hint) from None
    except OSError as error:
        raise SealedError(f"cannot read the identity {shown}: {error.strerror}") from None
    # as with signing keys: files of other owners, such as a secret that CI mounts, are their business
    if status.st_uid == os.getuid() and stat.S_IMODE(status.st_mode) & 0o077:
        raise SealedError(f"other users can read the identity {shown}", hint=f"chmod 600 {shown}")
    identity = Identity.from_pem(data)
    if identity is None:
        raise SealedError(f"{shown} is not an X25519 private key in PEM", hint="gitreg identity --new makes one")
    return identity


def show_identity(context: Context) -> IdentityResult:
    """The recipient that one's identity is.  Raises SealedError."""
    return _result(context, read_identity(context))


def new_identity(context: Context) -> IdentityResult:
    """Make an identity.  Raises RefusedError if there is one: what was encrypted for it would be lost with it."""
    path = identity_path(context)
    identity = Identity.new()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(identity.pem())
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise RefusedError(
            f"there is an identity at {escape(str(path))} already", hint="gitreg identity shows it"
        ) from None
    except OSError as error:
        raise SealedError(f"cannot write the identity {escape(str(path))}: {error.strerror}") from None
    return _result(context, identity)


def _result(context: Context, identity: Identity) -> IdentityResult:
    return IdentityResult(str(identity.recipient(committer(context.repo).email)), identity_path(context))

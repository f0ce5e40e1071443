"""OpenSSH private key files: what can be known without the passphrase, opening them, making a new one."""

from __future__ import annotations

import importlib.util
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_ssh_private_key

from gitreg.core.text import escape
from gitreg.errors import FormatError, MissingDependencyError, SigningError
from gitreg.trust.public_key import PublicKey, decode_base64
from gitreg.trust.wire import Reader, pack_string

PrivateKey = Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey

_BEGIN: Final = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_END: Final = b"-----END OPENSSH PRIVATE KEY-----"
_MAGIC: Final = b"openssh-key-v1\0"
_MAX_FILE: Final = 64 * 1024


class WrongPassphraseError(SigningError):
    """The passphrase does not open the key; another may."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A private key file that was read but not opened; its public half needs no passphrase."""

    path: Path
    data: bytes = field(repr=False)  # perhaps the secret itself, which must not end in a traceback
    public_key: PublicKey
    is_encrypted: bool

    @classmethod
    def read(cls, path: Path) -> KeyFile:
        """SigningError unless it is an OpenSSH private key that its owner alone can read."""
        shown = escape(str(path))
        try:
            with path.open("rb") as file:
                _check_mode(shown, os.fstat(file.fileno()))
                data = file.read(_MAX_FILE)
        except OSError as error:
            raise SigningError(f"cannot read the key {shown}: {error.strerror}") from error
        if _BEGIN not in data:
            raise SigningError(
                f"{shown} is not an OpenSSH private key", hint=f"convert an older one with: ssh-keygen -p -f {shown}"
            )
        try:
            return cls(path, data, *_read_header(data))
        except FormatError as error:
            raise SigningError(f"cannot use the key {shown}: {error.message}") from error

    def open(self, passphrase: str | None) -> PrivateKey:
        """The private key; WrongPassphraseError, or MissingDependencyError if bcrypt is needed and absent."""
        shown = escape(str(self.path))
        if self.is_encrypted and importlib.util.find_spec("bcrypt") is None:
            raise MissingDependencyError(
                f"the key {shown} has a passphrase, which needs bcrypt", hint="pip install 'gitreg[ssh-keys]'"
            )
        password = os.fsencode(passphrase) if self.is_encrypted and passphrase is not None else None
        try:
            key = load_ssh_private_key(self.data, password)
        except (ValueError, TypeError) as error:
            if self.is_encrypted:
                raise WrongPassphraseError(f"the passphrase does not open {shown}") from error
            raise SigningError(f"the key {shown} is damaged") from error
        except UnsupportedAlgorithm as error:
            raise SigningError(f"cannot open the key {shown}: {escape(str(error))}") from error
        if not isinstance(key, PrivateKey):
            raise SigningError(f"the key {shown} is of a kind that cannot sign here")
        return key


def generate_key(path: Path, comment: str) -> PublicKey:
    """Write a new ed25519 key without a passphrase to `path`, its public half to `path`.pub; never overwrites."""
    public_path = path.with_name(path.name + ".pub")
    taken = next((each for each in (path, public_path) if os.path.lexists(each)), None)
    if taken is not None:
        raise SigningError(f"{escape(str(taken))} exists and stays as it is", hint="name it with --key to use it")
    private = Ed25519PrivateKey.generate()
    key = PublicKey.from_blob(pack_string(b"ssh-ed25519") + pack_string(private.public_key().public_bytes_raw()))
    line = f"{key.line} {' '.join(escape(comment).split())}".rstrip() + "\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(path, private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()), 0o600)
        _write_new(public_path, line.encode(), 0o644)
    except OSError as error:
        raise SigningError(f"cannot write the key {escape(str(path))}: {error.strerror}") from error
    return key


def _write_new(path: Path, data: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)


def _check_mode(shown: str, status: os.stat_result) -> None:
    """Like ssh: a key of ours that others can read is no secret.  Files of other owners are their business."""
    if os.name == "posix" and status.st_uid == os.getuid() and stat.S_IMODE(status.st_mode) & 0o077:
        raise SigningError(f"other users can read the key {shown}", hint=f"chmod 600 {shown}")


def _read_header(data: bytes) -> tuple[PublicKey, bool]:
    """The public key and whether the private one is encrypted (OpenSSH's PROTOCOL.key)."""
    body = data.partition(_BEGIN)[2].partition(_END)[0]
    fields = Reader(decode_base64(b"".join(body.split()).decode("latin-1")))
    if fields.take(len(_MAGIC)) != _MAGIC:
        raise FormatError("not in the format openssh-key-v1")
    cipher, _kdf, _kdf_options = fields.word(), fields.string(), fields.string()
    if fields.uint32() != 1:
        raise FormatError("not exactly one key")
    return PublicKey.from_blob(fields.string()), cipher != "none"

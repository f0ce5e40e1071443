"""What ssh-keygen makes of a file of revoked keys, and what we make of it."""

from __future__ import annotations

import subprocess
from base64 import b64encode
from pathlib import Path

from authority import present

from gitreg.errors import FormatError
from gitreg.trust.public_key import PublicKey
from gitreg.trust.revocation import Revocations
from gitreg.trust.sshsig import sign

MESSAGE = b"message"


def is_revoked(data: bytes, key: PublicKey) -> bool:
    """As every caller must see it: what cannot be read revokes everything."""
    try:
        return Revocations.parse(data).revoked(key)
    except FormatError:
        return True


class Oracle:
    """What `ssh-keygen -Y verify -r` and `-Q` say about a key or certificate, given a file of revoked keys."""

    def __init__(self, keygen, public, signers) -> None:
        self._keygen, self._signers = keygen, signers
        self._lines = "".join(f"me {key.line}\n*@example.com cert-authority {key.line}\n" for key in public.values())

    def signature(self, name: str, wire: bytes | None) -> str:
        if wire is None:
            return sign(self._signers[name], MESSAGE, "git")
        blob = present(self._signers[name], wire, MESSAGE)
        return f"-----BEGIN SSH SIGNATURE-----\n{b64encode(blob).decode()}\n-----END SSH SIGNATURE-----\n"

    def is_revoked(self, data: bytes, name: str, wire: bytes | None = None) -> bool:
        path = self._keygen.directory / "revoked"
        path.write_bytes(data)
        who = "me" if wire is None else "alice@example.com"
        armored = self.signature(name, wire)
        assert self._keygen.accepts(self._lines, who, "git", armored, MESSAGE)
        return not self._keygen.accepts(self._lines, who, "git", armored, MESSAGE, "-r", str(path))

    def query(self, data: bytes, public_file: Path) -> bool:
        """`-Q` reads binary lists only."""
        path = self._keygen.directory / "revoked"
        path.write_bytes(data)
        command = ["ssh-keygen", "-Q", "-f", str(path), str(public_file)]
        return subprocess.run(command, capture_output=True, check=False).returncode != 0

"""Signing through the user's ssh-keygen: the way out for keys in hardware tokens, which only OpenSSH can reach."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gitreg.core.text import escape
from gitreg.errors import SigningError
from gitreg.trust.public_key import PublicKey


@dataclass(frozen=True, slots=True)
class KeygenSigner:
    """`environ` lets ssh-keygen find the agent and its prompt."""

    path: Path
    public_key: PublicKey
    environ: Mapping[str, str]

    def sign(self, message: bytes, namespace: str) -> str:
        # stderr stays the terminal's: there ssh-keygen asks for a PIN or a touch
        command = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(self.path.absolute())]
        try:
            done = subprocess.run(command, input=message, stdout=subprocess.PIPE, env=dict(self.environ), check=True)
        except FileNotFoundError:
            raise SigningError("ssh-keygen is not installed", hint="a key in hardware needs OpenSSH") from None
        except subprocess.CalledProcessError as error:
            shown = escape(str(self.path))
            raise SigningError(f"ssh-keygen would not sign with {shown} (status {error.returncode})") from error
        return done.stdout.decode("latin-1")

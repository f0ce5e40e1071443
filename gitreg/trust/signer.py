"""What anything that can sign offers.  Where the key lies is the implementations' business."""

from __future__ import annotations

from typing import Protocol

from gitreg.trust.public_key import PublicKey


class Signer(Protocol):
    @property
    def public_key(self) -> PublicKey: ...

    def sign(self, message: bytes, namespace: str) -> str:
        """An armored SSHSIG over `message`; SigningError if the key is locked, gone or refuses."""

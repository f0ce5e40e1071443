"""`.gitreg/policy.signatures`: a policy statement, a blank line, then who signed it and each one's signature.

Nothing in it is verified here: what is to be signed is worked out from the files themselves, never read from this one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gitreg.core.names import Principal
from gitreg.core.policy_statement import PolicyStatement
from gitreg.errors import FormatError, UsageError

SIGNATURES_PATH = ".gitreg/policy.signatures"
MAX_BYTES = 1 << 20
_DIGEST = rb"(?:blake3:[0-9a-f]{64}|none)"
_FILE = re.compile(
    rb"(gitreg-policy 1\nregistry [0-9a-f-]+\nepoch [0-9]+\n"
    rb"(?:(?:previous-)?(?:policy|signers|revoked) " + _DIGEST + rb"\n){6})\n"
    rb"((?:principal [^\n]+\nsignature [A-Za-z0-9+/]+={0,2}\n)+)"
)


class PolicySignature(NamedTuple):
    """An admin's word: `signature` is an SSHSIG in base64."""

    principal: Principal
    signature: str


class PolicySignatures(NamedTuple):
    """`statement` is what was signed, as bytes: whether it is the right one is for the reader to compare."""

    statement: bytes
    signatures: tuple[PolicySignature, ...]

    def on(self, statement: PolicyStatement) -> tuple[PolicySignature, ...]:
        """The signatures, if they are claimed to be over that statement."""
        return self.signatures if self.statement == statement.canonical() else ()


def format_signatures(statement: PolicyStatement, signatures: Sequence[PolicySignature]) -> bytes:
    """Spell the file; `parse_signatures` is its inverse."""
    lines = "".join(f"principal {each.principal}\nsignature {each.signature}\n" for each in signatures)
    return statement.canonical() + f"\n{lines}".encode()


def parse_signatures(data: bytes) -> PolicySignatures:
    """Parse the file.  Raises FormatError."""
    match = _FILE.fullmatch(data) if len(data) <= MAX_BYTES else None
    if match is None:
        raise FormatError(
            f"{SIGNATURES_PATH} is not of format 1", hint="gitreg policy sign writes it; a newer gitreg may have"
        )
    lines = match[2].decode("utf-8", "replace").split("\n")[:-1]
    return PolicySignatures(match[1], tuple(map(_signature, lines[::2], lines[1::2])))


def _signature(principal: str, signature: str) -> PolicySignature:
    try:
        who = Principal.parse(principal.removeprefix("principal "))
    except UsageError as error:
        raise FormatError(f"{SIGNATURES_PATH}: {error.message}", hint=error.hint) from None
    return PolicySignature(who, signature.removeprefix("signature "))

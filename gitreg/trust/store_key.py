"""Does somebody who may change the policy vouch for a sealed store's key?  Decided from bytes.

Whoever holds the store could make up a key, hand it to the known recipients, and read all that is written from then on.
"""

from __future__ import annotations

from datetime import datetime

from gitreg.core.names import Principal
from gitreg.core.policy import Policy
from gitreg.core.registry_id import RegistryId
from gitreg.core.store_key import STORE_KEY_NAMESPACE, KeyRecord, KeyStatement
from gitreg.errors import VerificationError
from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.public_key import PublicKey
from gitreg.trust.signer import Signer
from gitreg.trust.sshsig import parse_signature, sign, verify


def check_store_key(
    record: KeyRecord, registry: RegistryId, policy: Policy, signers: AllowedSigners, at: datetime
) -> Principal:
    """Who vouches for the key.  Raises VerificationError or FormatError if nobody does who may, as of now."""
    #  1. the record is about a store of this registry
    #  2. a key signed exactly this record, for this purpose
    #  3. the key is, at this time, that of a person who holds a role that may change the policy
    if record.statement.registry != registry:
        raise VerificationError(f"the key is one of the registry {record.statement.registry}")
    key = verify(parse_signature(record.signature), record.statement.canonical(), STORE_KEY_NAMESPACE)
    return _admin(key, policy, signers, at)


def sign_store_key(
    statement: KeyStatement, signer: Signer, policy: Policy, signers: AllowedSigners, at: datetime
) -> KeyRecord:
    """Vouch for a key.  Raises VerificationError if readers would not believe this signer, SigningError."""
    _admin(signer.public_key, policy, signers, at)
    return KeyRecord(statement, sign(signer, statement.canonical(), STORE_KEY_NAMESPACE))


def _admin(key: PublicKey, policy: Policy, signers: AllowedSigners, at: datetime) -> Principal:
    names = sorted(signers.principals_of(key, STORE_KEY_NAMESPACE, at))
    admins = [name for name in names if policy.holds(name, policy.admins.from_roles)]
    if not admins:
        raise VerificationError(
            f"the key {key.fingerprint} may not vouch for the keys of stores",
            hint=f'an admin of the policy may, with a key that allowed_signers allows "{STORE_KEY_NAMESPACE}"',
        )
    return admins[0]

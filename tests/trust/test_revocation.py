"""A revoked key must not count, and a list that cannot be read must let nobody through; compared with ssh-keygen."""

from base64 import b64encode
from contextlib import suppress

import pytest
from authority import Draft, RawSigner, present
from hypothesis import given
from hypothesis import strategies as st
from revocation_oracle import MESSAGE, Oracle, is_revoked

from gitreg.errors import FormatError
from gitreg.trust.public_key import PublicKey
from gitreg.trust.revocation import KRL_MAGIC, MAX_REVOKED, Revocations
from gitreg.trust.sshsig import parse_blob, verify


@pytest.fixture
def oracle(keygen, public, signers) -> Oracle:
    return Oracle(keygen, public, signers)


@pytest.fixture
def ca(signers) -> RawSigner:
    return RawSigner(signers["rsa"])


@pytest.fixture
def certified(public, ca) -> PublicKey:
    """ed25519's certificate by the RSA key, serial 7, id `id`."""
    return PublicKey.from_wire(Draft(public["ed25519"]).signed_by(ca))


TEXTS = [
    (b"", False, False),
    (b"\n \t\n# comment\n", False, False),
    (b"{p256}\n", False, False),
    (b"{ed25519}\n", True, True),
    (b"# stolen in May\n \t{ed25519} a comment", True, True),
    (b"{ed25519}\r\n", True, True),
    (b"{p256}\n{rsa}\n", False, True),
    (b"{certificate}\n", True, True),
    (b"nonsense\n", True, True),
    (b"{p256}\nssh-ed25519\n", True, True),
    (b"{p256}\nssh-ed25519 AAAA\n", True, True),
    (b"{p256}\nSHA256:NgC4Cv2uhvtKJmAGG28Ed4zHoNtu4zPPwS21GinV7wU\n", True, True),
    (b"{p256}\ncert-authority {rsa}\n", True, True),
    (b"me {p256}\n", True, True),
    (b"{p256}\n\r\n", True, True),
    (b"{p256}\n\x0c\n", True, True),
]


@pytest.mark.parametrize(("text", "plain", "in_certificate"), TEXTS)
def test_a_list_of_keys_means_what_it_means_to_openssh(oracle, public, certified, text, plain, in_certificate):
    lines = {name.encode(): key.line.encode() for name, key in public.items()}
    lines[b"certificate"] = b"ssh-ed25519-cert-v01@openssh.com " + b64encode(certified.wire)
    for name, line in lines.items():
        text = text.replace(b"{" + name + b"}", line)
    assert oracle.is_revoked(text, "ed25519") is plain
    assert is_revoked(text, public["ed25519"]) is plain
    assert oracle.is_revoked(text, "ed25519", certified.wire) is in_certificate
    assert is_revoked(text, certified) is in_certificate


@pytest.mark.parametrize("text", [b"\0\n", b"ssh-dss AAAAB3NzaC1kc3M=\n", b"ssh-ed25519 AAAA" * 2000])
def test_a_line_that_we_cannot_compare_with_lets_nobody_through(public, text):
    with pytest.raises(FormatError, match="line 2"):
        Revocations.parse(public["p256"].line.encode() + b"\n" + text)


def test_an_absurdly_large_list_is_refused():
    with pytest.raises(FormatError, match="limit"):
        Revocations.parse(b"#" * (MAX_REVOKED + 1))


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_a_list_or_an_error(data: bytes, binary: bool):
    """Of other errors a caller knows nothing, and might go on."""
    with suppress(FormatError):
        assert isinstance(Revocations.parse(KRL_MAGIC + data if binary else data), Revocations)


def test_revocation_is_about_the_key_not_how_it_is_presented(public, signers, certified):
    """What sshsig.verify returns is what is asked about."""
    key = verify(parse_blob(present(signers["ed25519"], certified.wire, MESSAGE)), MESSAGE, "git")
    assert Revocations.parse(public["ed25519"].line.encode()).revoked(key)
    assert Revocations.parse(public["rsa"].line.encode()).revoked(key)
    assert not Revocations.parse(public["p256"].line.encode()).revoked(key)
    assert not Revocations().revoked(key)

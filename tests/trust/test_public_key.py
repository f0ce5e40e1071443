"""A key that is misread, or has two notations, is a key whose owner can be confused with another."""

import subprocess
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from gitreg.errors import FormatError
from gitreg.trust.public_key import PublicKey, decode_base64
from gitreg.trust.verifying_key import KeyType
from gitreg.trust.wire import Reader, pack_mpint, pack_string


def test_every_kind_agrees_with_ssh_keygen(keys):
    for path in keys.values():
        text = path.with_suffix(".pub").read_text()
        key = PublicKey.parse(text)
        listed = subprocess.run(["ssh-keygen", "-l", "-f", path], capture_output=True, text=True, check=True).stdout
        assert key.fingerprint == listed.split()[1]
        assert key.line == text.strip()
        assert PublicKey.parse(f"  {key.line}  a comment\n") == PublicKey.from_blob(key.blob) == key


def test_a_flipped_or_missing_bit_never_makes_the_same_key(public):
    for key in public.values():
        for at in range(len(key.blob)):
            for blob in (key.blob[:at], key.blob[:at] + bytes([key.blob[at] ^ 1]) + key.blob[at + 1 :]):
                try:
                    assert PublicKey.from_blob(blob) != key
                except FormatError:
                    continue


def test_bytes_after_a_key_are_refused(public):
    for key in public.values():
        with pytest.raises(FormatError):
            PublicKey.from_blob(key.blob + b"\0")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        "ssh-dss AAAAB3NzaC1kc3M=",
        "{line}=",
        "{type}\u00a0{base64}",
        "{line}\nssh-rsa AAAA",
        "ssh-rsa {base64}",
    ],
)
def test_malformed_lines_are_refused(public, line: str):
    key = public["ed25519"]
    with pytest.raises(FormatError):
        PublicKey.parse(line.format(line=key.line, type=key.type, base64=key.line.split()[1]))


def test_base64_has_one_form():
    """`YQ==` and `YR==` are the same byte to most readers."""
    assert decode_base64("YQ==") == b"a"
    for text in ("YR==", "YQ", "YQ==\n", "Y Q==", "YQ==YQ=="):
        with pytest.raises(FormatError):
            decode_base64(text)


def test_a_weak_rsa_key_is_refused(keygen):
    """OpenSSH takes 1024 bits; a registry is read for longer than such a key lasts."""
    path = keygen.make("weak", "rsa", "-b", "1024")
    with pytest.raises(FormatError, match="1024 bits"):
        PublicKey.parse(path.with_suffix(".pub").read_text())


def test_an_rsa_key_cannot_make_readers_work_for_minutes(public):
    fields = Reader(public["rsa"].blob)
    name, _, modulus = fields.string(), fields.mpint(), fields.mpint()
    with pytest.raises(FormatError, match="exponent"):
        PublicKey.from_blob(pack_string(name) + pack_mpint(2**1000 + 1) + pack_mpint(modulus))


def test_an_ecdsa_point_has_one_form():
    """The compressed form would be a second name of the same key; OpenSSH refuses it as well."""
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    compressed = point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    blob = pack_string(b"ecdsa-sha2-nistp256") + pack_string(b"nistp256")
    with pytest.raises(FormatError, match="uncompressed"):
        PublicKey.from_blob(blob + pack_string(compressed))
    with pytest.raises(FormatError):
        PublicKey.from_blob(blob + pack_string(b"\x04" + bytes(64)))


def test_an_ecdsa_key_names_its_own_curve(public):
    blob = public["p256"].blob
    with pytest.raises(FormatError):
        PublicKey.from_blob(blob.replace(b"\x08nistp256", b"\x08nistp384"))


def test_a_huge_rsa_key_is_refused_before_it_is_used():
    numbers = rsa.RSAPublicNumbers(65537, (1 << 16400) + 1)
    with pytest.raises(FormatError, match="16401 bits"):
        PublicKey.from_blob(pack_string(b"ssh-rsa") + pack_mpint(numbers.e) + pack_mpint(numbers.n))


@given(st.sampled_from(list(KeyType)), st.binary(max_size=200), st.booleans())
def test_any_bytes_are_a_key_a_certificate_or_a_format_error(key_type: KeyType, data: bytes, certified: bool):
    """A signature brings its key along; another kind of error would pass for a fault of ours, or be let through."""
    name = f"{key_type.removesuffix('@openssh.com')}-cert-v01@openssh.com" if certified else key_type
    with suppress(FormatError):
        assert PublicKey.from_wire(pack_string(name.encode()) + data).wire
    with suppress(FormatError):
        assert PublicKey.from_wire(data).wire

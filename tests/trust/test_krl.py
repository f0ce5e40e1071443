"""Binary revocation lists mean what they mean to OpenSSH, and one that is not understood lets nobody through."""

import hashlib
import random
import subprocess

import pytest
from authority import Draft, RawSigner
from revocation_oracle import Oracle, is_revoked

from gitreg.errors import FormatError
from gitreg.trust.public_key import PublicKey
from gitreg.trust.revocation import KRL_MAGIC, Revocations
from gitreg.trust.wire import pack_mpint, pack_string, pack_uint32, pack_uint64


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


def krl_by_openssh(keygen, *specification: str, authority=None, files=()) -> bytes:
    target, spec = keygen.directory / "krl", keygen.directory / "spec"
    spec.write_text("".join(f"{line}\n" for line in specification))
    ca = ["-s", str(authority)] if authority else []
    command = ["ssh-keygen", "-q", "-k", "-f", str(target), *ca, str(spec), *map(str, files)]
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return target.read_bytes()


SPECIFICATIONS = [
    ([], False, False),
    (["key: {ed25519}"], True, True),
    (["sha1: {ed25519}"], True, True),
    (["sha256: {ed25519}"], True, True),
    (["hash: {fingerprint}"], True, True),
    (["key: {rsa}"], False, True),
    (["sha1: {rsa}"], False, True),
    (["sha256: {rsa}"], False, True),
    (["key: {p256}", "sha1: {p384}", "sha256: {p521}"], False, False),
    (["serial: 7"], False, True),
    (["serial: 6", "serial: 8"], False, False),
    (["serial: 6", "serial: 7", "serial: 8", "serial: 9"], False, True),
    (["serial: 1-6", "serial: 8-99999999"], False, False),
    (["serial: 1-18446744073709551615"], False, True),
    (["serial: 1", "serial: 3", "serial: 5", "serial: 7", "serial: 100", "serial: 102"], False, True),
    (["serial: 1", "serial: 3", "serial: 5", "serial: 9", "serial: 100", "serial: 102"], False, False),
    (["id: id"], False, True),
    (["id: other"], False, False),
]


@pytest.mark.parametrize("scope", ["rsa", "p256", None])
@pytest.mark.parametrize(("specification", "plain", "in_certificate"), SPECIFICATIONS)
def test_lists_that_openssh_made_mean_what_they_mean_to_it(
    keygen, oracle, keys, public, certified, specification, plain, in_certificate, scope
):
    """`scope` is the authority whose certificates are meant; none means every authority's."""
    names = {name: key.line for name, key in public.items()} | {"fingerprint": public["ed25519"].fingerprint}
    about_certificates = any(line.startswith(("serial", "id")) for line in specification)
    authority = keys[scope].with_suffix(".pub") if scope else "none"
    data = krl_by_openssh(keygen, *(line.format(**names) for line in specification), authority=authority)
    expected = in_certificate and (scope != "p256" or not about_certificates)
    assert Revocations.parse(data).revoked(public["ed25519"]) is plain
    assert Revocations.parse(data).revoked(certified) is expected
    assert oracle.is_revoked(data, "ed25519") is plain
    assert oracle.is_revoked(data, "ed25519", certified.wire) is expected
    assert oracle.query(data, keys["ed25519"].with_suffix(".pub")) is plain


def test_a_certificate_without_a_number_is_in_no_range(keygen, keys, public, oracle, ca):
    wire = Draft(public["ed25519"], serial=0).signed_by(ca)
    data = krl_by_openssh(keygen, "serial: 1-18446744073709551615", authority=keys["rsa"].with_suffix(".pub"))
    assert not oracle.is_revoked(data, "ed25519", wire)
    assert not Revocations.parse(data).revoked(PublicKey.from_wire(wire))


def section(kind: int, *parts: bytes) -> bytes:
    return bytes([kind]) + pack_string(b"".join(parts))


def krl(*sections: bytes, version: int = 1, comment: bytes = b"") -> bytes:
    header = pack_uint32(version) + pack_uint64(1) * 3 + pack_string(b"") + pack_string(comment)
    return KRL_MAGIC + header + b"".join(sections)


def of_certificates(*parts: bytes, authority: bytes = b"") -> bytes:
    return section(1, pack_string(authority), pack_string(b""), *parts)


REFUSED = {
    "nothing after the magic": KRL_MAGIC,
    "version": krl(version=2),
    "comment": krl(comment=b"a\0b"),
    "cut": krl()[:-1],
    "trailing": krl() + b"\0",
    "unknown section": krl(section(6)),
    "extension": krl(section(255, pack_string(b"x"), b"\1", pack_string(b""))),
    "signature": krl(section(4)),
    "sha1 length": krl(section(3, pack_string(bytes(19)))),
    "sha256 length": krl(section(5, pack_string(bytes(20)))),
    "cut key": krl(section(2, b"\0\0\0\5abc")),
    "no authority": krl(section(1)),
    "nonsense for an authority": krl(of_certificates(authority=b"x")),
    "unknown kind of certificates": krl(of_certificates(section(0x24))),
    "extension of certificates": krl(of_certificates(section(0x39, pack_string(b"x"), b"\0", pack_string(b"")))),
    "serial zero": krl(of_certificates(section(0x20, pack_uint64(0)))),
    "half a serial": krl(of_certificates(section(0x20, b"\0\0\0\1"))),
    "range from zero": krl(of_certificates(section(0x21, pack_uint64(0), pack_uint64(9)))),
    "range backwards": krl(of_certificates(section(0x21, pack_uint64(9), pack_uint64(8)))),
    "range with more": krl(of_certificates(section(0x21, pack_uint64(1), pack_uint64(8), b"x"))),
    "bitmap with zero": krl(of_certificates(section(0x22, pack_uint64(0), pack_mpint(1)))),
    "bitmap that wraps": krl(of_certificates(section(0x22, pack_uint64(2**64 - 1), pack_mpint(3)))),
    "bitmap too long": krl(of_certificates(section(0x22, pack_uint64(1), pack_mpint(1 << 16400)))),
    "negative bitmap": krl(of_certificates(section(0x22, pack_uint64(1), pack_string(b"\x80")))),
    "key id with NUL": krl(of_certificates(section(0x23, pack_string(b"a\0b")))),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_binary_list_that_is_not_understood_lets_nobody_through(oracle, what):
    """All of these OpenSSH 9.2 refuses as well."""
    with pytest.raises(FormatError):
        Revocations.parse(REFUSED[what])
    assert oracle.is_revoked(REFUSED[what], "ed25519")


def test_the_builder_of_these_lists_builds_good_ones_too(oracle, public, certified):
    """Otherwise the refusals above would prove nothing."""
    serials = [section(0x20, pack_uint64(5), pack_uint64(7)), section(0x21, pack_uint64(7), pack_uint64(7))]
    for part in (*serials, section(0x22, pack_uint64(1), pack_mpint(1 << 6)), section(0x23, pack_string(b"id"))):
        data = krl(of_certificates(part))
        assert is_revoked(data, certified)
        assert oracle.is_revoked(data, "ed25519", certified.wire)
        assert not Revocations.parse(data).revoked(public["ed25519"])
    for part in (section(2, pack_string(public["ed25519"].blob)), section(5, pack_string(digest(public["ed25519"])))):
        assert Revocations.parse(krl(part)).revoked(certified)


def digest(key: PublicKey) -> bytes:
    return hashlib.sha256(key.blob).digest()


def test_overlapping_ranges_of_serial_numbers_are_one(public, ca):
    spans = [(10, 20), (1, 3), (15, 40), (5, 5), (41, 41), (60, 70), (61, 62), (2, 2)]
    parts = [section(0x21, pack_uint64(low), pack_uint64(high)) for low, high in spans]
    revoked = Revocations.parse(krl(of_certificates(*parts)))
    for serial in range(1, 80):
        key = PublicKey.from_wire(Draft(public["p256"], serial=serial).signed_by(ca))
        assert revoked.revoked(key) is any(low <= serial <= high for low, high in spans), serial


def test_a_list_longer_than_any_field_of_a_key_is_read(public):
    others = [pack_string(number.to_bytes(32, "big")) for number in range(4000)]
    data = krl(section(5, *others, pack_string(digest(public["rsa"]))))
    assert Revocations.parse(data).revoked(public["rsa"])
    assert not Revocations.parse(data).revoked(public["p256"])


def check_mutations(oracle, public, certified, count: int) -> None:
    """However a list is damaged, whoever OpenSSH refuses for it is refused here."""
    rng = random.Random(40)
    ranges = of_certificates(
        section(0x20, pack_uint64(7)), section(0x23, pack_string(b"id")), authority=public["rsa"].blob
    )
    sources = [
        krl(section(2, pack_string(public["ed25519"].blob))),
        krl(section(5, pack_string(digest(public["ed25519"]))), ranges),
        (public["p256"].line + "\n" + public["ed25519"].line + " x\n").encode(),
    ]
    refused = 0
    for number in range(count):
        data = sources[number % 3]
        at, bit = rng.randrange(len(data)), 1 << rng.randrange(8)
        flipped = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
        changed = rng.choice([flipped, flipped, data[:at], data + bytes([bit]), data[:at] + data[at + 1 :]])
        for key, wire in ((public["ed25519"], None), (certified, certified.wire)):
            if is_revoked(changed, key):
                refused += 1
            else:
                assert not oracle.is_revoked(changed, "ed25519", wire), changed
    assert count / 2 < refused < count * 2, "the changes no longer tell anything apart"


def test_no_damage_to_a_list_revives_a_key_that_openssh_refuses(oracle, public, certified):
    check_mutations(oracle, public, certified, 400)


@pytest.mark.slow
def test_no_damage_of_much_to_a_list_revives_a_key_that_openssh_refuses(oracle, public, certified):
    check_mutations(oracle, public, certified, 3_000)

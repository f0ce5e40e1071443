"""Which key signs must be what the user, git and ssh would expect; a surprise here signs in the wrong name."""

import shutil
from base64 import b64encode

import pytest
from software_token import EcdsaCore, Ed25519Core, SoftwareToken

from gitreg.errors import SigningError
from gitreg.trust.agent import AgentSigner
from gitreg.trust.file_signer import FileSigner
from gitreg.trust.key_discovery import find_signer
from gitreg.trust.keygen_signer import KeygenSigner
from gitreg.trust.public_key import PublicKey
from gitreg.trust.sshsig import parse_signature, sign
from gitreg.trust.wire import pack_string, pack_uint32


def nobody(prompt: str) -> str | None:
    return None


def locked(keygen, name: str) -> tuple[str, PublicKey]:
    path = keygen.make(name, "ed25519", passphrase="secret")
    return str(path), PublicKey.parse(path.with_suffix(".pub").read_text())


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home" / ".ssh").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def find(home):
    def find(explicit=None, configured=None, environ=None, ask=nobody):
        return find_signer(explicit, configured, home, environ or {}, ask)

    return find


def test_the_explicit_key_wins_over_the_configured_one(find, keys, public):
    assert find(str(keys["p256"]), str(keys["rsa"])).public_key == public["p256"]
    assert find(None, str(keys["rsa"])).public_key == public["rsa"]


def test_a_path_may_begin_at_home(find, home, keys, public):
    shutil.copy(keys["p384"], home / "work key")
    assert find("~/work key").public_key == public["p384"]


def test_a_public_file_means_the_private_one_beside_it(find, keys, public):
    signer = find(f"{keys['ed25519']}.pub")
    assert isinstance(signer, FileSigner)
    assert signer.public_key == public["ed25519"]
    assert sign(signer, b"x", "git")


def test_a_public_file_of_another_key_than_the_private_one_is_refused(find, home, keys):
    shutil.copy(keys["ed25519"], home / "key")
    shutil.copy(f"{keys['rsa']}.pub", home / "key.pub")
    with pytest.raises(SigningError, match="not the public half"):
        find(str(home / "key.pub"))


def test_a_public_file_alone_means_the_agent(find, home, keys, public, agent_environ, ssh_add):
    shutil.copy(f"{keys['ed25519']}.pub", home / "key.pub")
    with pytest.raises(SigningError, match="neither in a file nor in ssh-agent"):
        find(str(home / "key.pub"))
    ssh_add(keys["ed25519"])
    signer = find(str(home / "key.pub"), environ=agent_environ)
    assert isinstance(signer, AgentSigner)
    assert sign(signer, b"x", "git")


@pytest.mark.parametrize("notation", ["key::{}", "{}", "{} a comment"])
def test_a_key_in_gits_notation_means_the_agent(find, keys, public, agent_environ, ssh_add, notation: str):
    ssh_add(keys["p256"])
    ssh_add(keys["ed25519"])
    signer = find(configured=notation.format(public["ed25519"].line), environ=agent_environ)
    assert isinstance(signer, AgentSigner)
    assert signer.public_key == public["ed25519"]


def test_nonsense_is_a_signing_error(find, home):
    (home / "bad.pub").write_bytes(b"\xff\xfe")
    for chosen in ("key::ssh-ed25519 AAAA", "ssh-ed25519 !", str(home / "bad.pub"), str(home / "absent.pub"), "absent"):
        with pytest.raises(SigningError):
            find(chosen)


def test_the_agents_only_key_comes_before_files(find, home, keys, public, agent_environ, ssh_add):
    shutil.copy(keys["ed25519"], home / ".ssh" / "id_ed25519")
    ssh_add(keys["p256"])
    assert find(environ=agent_environ).public_key == public["p256"]
    ssh_add(keys["rsa"])
    assert find(environ=agent_environ).public_key == public["ed25519"]


def test_several_keys_in_the_agent_and_no_file_is_a_question_back(find, keys, agent_environ, ssh_add):
    ssh_add(keys["p256"])
    ssh_add(keys["rsa"])
    with pytest.raises(SigningError, match="2 keys and none is chosen"):
        find(environ=agent_environ)


def test_the_usual_files_in_their_order(find, home, keys, public):
    for name, key in (("id_rsa", "rsa"), ("id_ecdsa", "p256"), ("id_ed25519", "ed25519")):
        shutil.copy(keys[key], home / ".ssh" / name)
        assert find().public_key == public[key]


def test_a_dead_agent_does_not_keep_a_file_from_signing(find, home, keys, public):
    shutil.copy(keys["ed25519"], home / ".ssh" / "id_ed25519")
    assert find(environ={"SSH_AUTH_SOCK": str(home / "gone")}).public_key == public["ed25519"]


def test_no_key_at_all_says_how_to_make_one(find):
    with pytest.raises(SigningError) as raised:
        find()
    assert "gitreg init --new-key" in raised.value.hint


def test_a_locked_file_whose_key_the_agent_holds_needs_no_passphrase(find, keygen, agent_environ, tmp_path):
    path, _ = locked(keygen, "locked")
    assert isinstance(find(path, environ=agent_environ), FileSigner)
    opened = tmp_path / "opened"
    shutil.copy(path, opened)
    keygen.run("ssh-keygen", "-q", "-p", "-P", "secret", "-N", "", "-f", str(opened))
    keygen.run("ssh-add", "-q", str(opened), environ=agent_environ)
    assert isinstance(find(path, environ=agent_environ), AgentSigner)


def test_the_passphrase_may_come_from_the_environment_and_nobody_is_asked(find, keygen):
    path, _ = locked(keygen, "locked")

    def must_not_ask(prompt: str) -> str | None:
        raise AssertionError(prompt)

    assert sign(find(path, environ={"GITREG_KEY_PASSPHRASE": "secret"}, ask=must_not_ask), b"x", "git")
    with pytest.raises(SigningError, match="no passphrase was given that opens"):
        find(path, environ={"GITREG_KEY_PASSPHRASE": "wrong"}, ask=must_not_ask).sign(b"x", "git")


def write_hardware_key(path, core=Ed25519Core) -> PublicKey:
    """The file of such a key holds only a handle."""
    key = SoftwareToken(core()).public_key
    header = b"openssh-key-v1\0" + pack_string(b"none") * 2 + pack_string(b"") + pack_uint32(1) + pack_string(key.blob)
    text = b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + b64encode(header) + b"\n-----END OPENSSH PRIVATE KEY-----\n"
    path.write_bytes(text)
    path.chmod(0o600)
    path.with_suffix(".pub").write_text(key.line)
    return key


@pytest.mark.parametrize("core", [Ed25519Core, EcdsaCore])
def test_a_hardware_key_is_left_to_ssh_keygen(find, home, core):
    """Asking for it must not end in a parse error, nor in a try to open what only the token can."""
    path = home / ".ssh" / "key_sk"
    key = write_hardware_key(path, core)
    signer = find(str(path), environ={"PATH": "/usr/bin:/bin"})
    assert isinstance(signer, KeygenSigner)
    assert signer.public_key == key
    with pytest.raises(SigningError, match="would not sign"):
        signer.sign(b"x", "git")


def test_a_hardware_key_in_its_usual_place_is_found(find, home):
    key = write_hardware_key(home / ".ssh" / "id_ed25519_sk")
    assert find(environ={"PATH": "/usr/bin:/bin"}).public_key == key


def certified(keygen, keys, home, name: str = "ed25519"):
    """A key, its public half and its certificate side by side, as ssh-keygen -s leaves them."""
    shutil.copy(keys[name], home / "key")
    shutil.copy(f"{keys[name]}.pub", home / "key.pub")
    shutil.copy(keygen.certify(keys["p384"], keys[name], "alice@example.com"), home / "key-cert.pub")
    return PublicKey.parse_wire((home / "key-cert.pub").read_text())


@pytest.mark.parametrize("name", ["ed25519", "rsa", "p256"])
def test_a_certificate_signs_if_it_is_named_and_only_then(find, home, keygen, keys, name: str):
    """As ssh-keygen -Y sign -f does: what is beside a key is not what was asked for."""
    expected = certified(keygen, keys, home, name)
    signed = parse_signature(sign(find(str(home / "key-cert.pub")), b"x", "git"))
    assert signed.public_key.certificate == expected.certificate
    assert parse_signature(keygen.sign(home / "key-cert.pub", b"x", "git")).public_key.wire == expected.wire
    for path in ("key", "key.pub"):
        assert parse_signature(sign(find(str(home / path)), b"x", "git")).public_key.certificate is None


def test_a_certificate_for_another_key_than_the_one_beside_it_is_refused(find, home, keygen, keys):
    certified(keygen, keys, home)
    shutil.copy(keys["rsa"], home / "key")
    with pytest.raises(SigningError, match="not the public half"):
        find(str(home / "key-cert.pub"))


def test_a_certificate_in_the_agent_signs_if_it_is_named(find, home, keygen, keys, agent_environ, ssh_add):
    expected = certified(keygen, keys, home)
    with pytest.raises(SigningError, match="neither in a file nor in ssh-agent"):
        find(f"key::{line_of(expected)}", environ=agent_environ)
    ssh_add(home / "key")  # adds key-cert.pub too, as a second entry
    for chosen in (f"key::{line_of(expected)}", str(home / "elsewhere-cert.pub")):
        shutil.copy(home / "key-cert.pub", home / "elsewhere-cert.pub")
        signer = find(chosen, environ=agent_environ)
        assert isinstance(signer, AgentSigner)
        assert parse_signature(sign(signer, b"x", "git")).public_key.certificate == expected.certificate
    assert find(environ=agent_environ).public_key.certificate is None, "the agent's only key, without asking which"


def line_of(key: PublicKey) -> str:
    return f"{key.type}-cert-v01@openssh.com {b64encode(key.wire).decode()}"


def test_a_locked_key_with_a_certificate_asks_for_its_passphrase(find, home, keygen, keys):
    path, _ = locked(keygen, "locked")
    certificate = keygen.certify(keys["p384"], keygen.directory / "locked", "alice@example.com")
    shutil.copy(certificate, f"{path}-cert.pub")
    signer = find(f"{path}-cert.pub", ask=lambda prompt: "secret")
    assert parse_signature(sign(signer, b"x", "git")).public_key.certificate


def test_a_wrong_passphrase_is_asked_for_again_but_not_forever(find, keygen):
    path, _ = locked(keygen, "locked")
    answers = iter(["wrong", "secret"])
    assert sign(find(path, ask=lambda prompt: next(answers)), b"x", "git")
    asked = []
    with pytest.raises(SigningError, match="no passphrase was given that opens") as raised:
        find(path, ask=lambda prompt: asked.append(prompt) or "wrong").sign(b"x", "git")
    assert len(asked) == 3
    assert "GITREG_KEY_PASSPHRASE" in raised.value.hint


def test_a_hardware_key_named_by_its_public_file_is_left_to_ssh_keygen(find, home):
    write_hardware_key(home / ".ssh" / "id_ed25519_sk")
    signer = find(str(home / ".ssh" / "id_ed25519_sk.pub"), environ={"PATH": "/usr/bin:/bin"})
    assert isinstance(signer, KeygenSigner)

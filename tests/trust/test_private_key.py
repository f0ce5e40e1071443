"""Private key files: the secret stays secret, nothing is overwritten, and every refusal says what to do."""

import stat
import subprocess
import sys

import pytest

from gitreg.errors import MissingDependencyError, SigningError
from gitreg.trust.file_signer import FileSigner
from gitreg.trust.private_key import KeyFile, WrongPassphraseError, generate_key
from gitreg.trust.public_key import PublicKey
from gitreg.trust.sshsig import sign


class Answers:
    """Plays the person at the prompt."""

    def __init__(self, *answers: str | None) -> None:
        self._answers = list(answers)
        self.prompts: list[str] = []

    def __call__(self, prompt: str) -> str | None:
        self.prompts.append(prompt)
        return self._answers.pop(0)


def test_a_new_key_is_one_that_openssh_takes_and_nobody_else_reads(tmp_path):
    path = tmp_path / "new" / "key"
    key = generate_key(path, "me\nssh-rsa AAAA")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    derived = subprocess.run(["ssh-keygen", "-y", "-f", path], capture_output=True, text=True, check=True).stdout
    assert PublicKey.parse(derived) == key
    assert PublicKey.parse(path.with_name("key.pub").read_text()) == key
    assert KeyFile.read(path).public_key == key
    assert sign(FileSigner(KeyFile.read(path), Answers()), b"x", "git")


@pytest.mark.parametrize("taken", ["key", "key.pub"])
def test_a_new_key_never_overwrites(tmp_path, taken: str):
    (tmp_path / taken).write_text("precious")
    with pytest.raises(SigningError, match="stays as it is"):
        generate_key(tmp_path / "key", "")
    assert (tmp_path / taken).read_text() == "precious"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_new_key_does_not_follow_a_dangling_link(tmp_path):
    (tmp_path / "key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SigningError):
        generate_key(tmp_path / "key", "")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("kind", [("ed25519",), ("ecdsa", "-b", "384"), ("rsa", "-b", "2048")])
def test_an_encrypted_key_asks_once_and_stays_open(keygen, kind):
    path = keygen.make("locked", *kind, passphrase="correct horse")
    ask = Answers("wrong", "correct horse")
    signer = FileSigner(KeyFile.read(path), ask)
    assert signer.public_key == PublicKey.parse(path.with_suffix(".pub").read_text())
    assert ask.prompts == []
    sign(signer, b"one", "git")
    sign(signer, b"two", "git")
    assert ask.prompts == [f"Passphrase for {path}"] * 2


@pytest.mark.parametrize("answers", [(None,), ("wrong", None), ("wrong", "wrong", "wrong")])
def test_a_key_that_stays_locked_says_how_to_open_it(keygen, answers):
    path = keygen.make("locked", "ed25519", passphrase="secret")
    with pytest.raises(SigningError) as raised:
        FileSigner(KeyFile.read(path), Answers(*answers)).sign(b"x", "git")
    assert f"ssh-add {path}" in raised.value.hint
    assert "GITREG_KEY_PASSPHRASE" in raised.value.hint


def test_without_bcrypt_the_hint_names_the_extra(keygen, monkeypatch):
    path = keygen.make("locked", "ed25519", passphrase="secret")
    monkeypatch.setitem(sys.modules, "bcrypt", None)
    with pytest.raises(MissingDependencyError) as raised:
        FileSigner(KeyFile.read(path), Answers("secret")).sign(b"x", "git")
    assert "gitreg[ssh-keys]" in raised.value.hint


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_key_that_others_can_read_is_refused(keygen, mode: int):
    path = keygen.make("open", "ed25519")
    path.chmod(mode)
    with pytest.raises(SigningError) as raised:
        KeyFile.read(path)
    assert raised.value.hint == f"chmod 600 {path}"


def test_an_older_format_says_how_to_convert(keygen):
    path = keygen.make("pem", "rsa", "-b", "2048", "-m", "PEM")
    with pytest.raises(SigningError) as raised:
        KeyFile.read(path)
    assert raised.value.hint.endswith(f"ssh-keygen -p -f {path}")


def test_missing_damaged_and_strange_files_are_one_line_each(keygen, tmp_path):
    path = keygen.make("key", "ed25519")
    text = path.read_text()
    for content in (text[:60], text.replace("b3Bl", "b3Bm"), text.replace("AAAA", "AAAB"), "", "\0" * 99):
        path.write_text(content)
        with pytest.raises(SigningError):
            FileSigner(KeyFile.read(path), Answers()).sign(b"x", "git")
    with pytest.raises(SigningError, match="No such file"):
        KeyFile.read(tmp_path / "absent")
    with pytest.raises(SigningError, match="Is a directory"):
        KeyFile.read(tmp_path)


def test_a_key_does_not_show_its_secret(keygen):
    assert "data" not in repr(KeyFile.read(keygen.make("key", "ed25519")))


def test_a_passphrase_may_be_any_bytes(keygen):
    """An environment may hold bytes that are not UTF-8; Python hands them over as lone surrogates."""
    file = KeyFile.read(keygen.make("locked", "ed25519", passphrase="sch\udcfcler"))
    assert file.open("sch\udcfcler")


def test_a_wrong_passphrase_is_told_from_a_damaged_file(keygen):
    file = KeyFile.read(keygen.make("locked", "ed25519", passphrase="secret"))
    with pytest.raises(WrongPassphraseError):
        file.open("Secret")
    with pytest.raises(WrongPassphraseError):
        file.open(None)

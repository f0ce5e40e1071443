"""A registry whose people have certificates: everything works without a line for each, and stock git agrees."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import gitreg
from gitreg.api import Registry
from gitreg.core.names import Principal
from gitreg.errors import GitregError, RefusedError
from gitreg.operations.context import Settings
from gitreg.operations.init import InitRequest
from gitreg.operations.policy.keys import add_key, list_keys, read_key, revoke_keys

PEOPLE = {"ada": "person@example.com", "bob": "bob@example.com", "carol": "carol@example.com"}


class Certified:
    """A registry that knows one authority, and nobody's own key but the first admin's."""

    def __init__(self, world) -> None:
        self.world = world
        self.keys: Path = world.root / "keys"
        self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "keys/authority")
        for who, principal in PEOPLE.items():
            self.certify(who, principal)
        self.run("git", "init", "-q", "--template=", "certified")
        settings = Settings(key=str(self.keys / "dave"))
        gitreg.init(world.root / "certified", InitRequest(hooks=False), settings)
        place = world.root / "certified/.gitreg"
        authority = (self.keys / "authority.pub").read_text()
        with (place / "allowed_signers").open("a") as file:
            file.write(f'*@example.com cert-authority,namespaces="git,gitreg-approval" {authority}')
        shutil.copy(world.root / "work/.gitreg/policy.toml", place / "policy.toml")
        self.run("git", "commit", "-q", "-a", "--amend", "-m", "Who may do what", cwd="certified")

    def run(self, *command: str, cwd: str = ".", code: int = 0) -> str:
        return self.world.sh(*command, cwd=cwd, code=code)

    def certify(self, who: str, names: str, *options: str, key: str = "") -> None:
        """A certificate for `who`'s key, or for a copy of somebody else's."""
        if key:
            for suffix in ("", ".pub"):
                shutil.copy(self.keys / f"{key}{suffix}", self.keys / f"{who}{suffix}")
        self.run("ssh-keygen", "-q", "-s", "keys/authority", "-I", who, "-n", names, *options, f"keys/{who}.pub")

    def open(self, who: str) -> Registry:
        settings = Settings(key=str(self.keys / f"{who}-cert.pub"))
        return gitreg.open(self.world.root / "certified", settings)

    def staged(self) -> Registry:
        ada = self.open("ada")
        self.world.release(ada, b"one", "dev", "staging")
        return ada


@pytest.fixture
def certified(world, monkeypatch: pytest.MonkeyPatch) -> Certified:
    monkeypatch.delenv("GITREG_KEY")
    return Certified(world)


def test_people_with_certificates_register_approve_and_promote_and_git_agrees(certified: Certified):
    ada = certified.staged()
    for who in ("bob", "carol"):
        certified.open(who).approve("mnist", "production")
    ada.promote("mnist", "production")
    assert ada.verify("mnist").ok
    assert str(ada.which("mnist", "production").version) == "v1.0.0"
    for tag in certified.run("git", "tag", "--list", cwd="certified").split():
        assert 'Good "git" signature for person@example.com' in certified.run("git", "verify-tag", tag, cwd="certified")


def test_a_certificate_does_not_make_two_people_of_one_key(certified: Certified):
    """Otherwise one person with two certificates is the four eyes that the policy asks for."""
    ada = certified.staged()
    certified.open("bob").approve("mnist", "production")
    certified.certify("twin", PEOPLE["carol"], key="bob")
    certified.open("twin").approve("mnist", "production")
    with pytest.raises(RefusedError, match="1 of 2 approvals"):
        ada.promote("mnist", "production")


def test_a_certificate_past_its_end_signs_nothing_more(certified: Certified):
    start, end = (datetime.now(UTC) - timedelta(hours=hours) for hours in (3, 1))
    certified.certify("ada", PEOPLE["ada"], "-V", f"{start:%Y%m%d%H%M%SZ}:{end:%Y%m%d%H%M%SZ}")
    with pytest.raises(RefusedError, match="nobody's in allowed_signers"):
        certified.staged()


def test_the_authority_itself_is_nobody(certified: Certified):
    certified.staged()
    with pytest.raises(GitregError):
        gitreg.open(certified.world.root / "certified", Settings(key=str(certified.keys / "authority"))).promote(
            "mnist", "dev"
        )


def test_an_authority_is_listed_as_one_and_may_not_be_taken_for_somebody_s_key(certified: Certified):
    ada = certified.open("ada")
    assert {(entry.principals, entry.authority) for entry in list_keys(ada.context)} == {
        (("person@example.com",), False),
        (("*@example.com",), True),
    }


def test_an_authority_s_key_may_be_somebody_s_own_too(certified: Certified):
    """The line for what it certifies does not let it sign."""
    key = read_key(certified.keys / "authority.pub")
    change = add_key(certified.open("ada").context, Principal("dora@example.com"), key)
    assert change.keys[0].principals == ("dora@example.com",)


def test_a_list_of_revoked_keys_leaves_the_other_certificates_good_for_git_too(certified: Certified):
    ada = certified.staged()
    dave = gitreg.open(certified.world.root / "certified", Settings(key=str(certified.keys / "dave")))
    add_key(dave.context, Principal("eve@example.com"), read_key(certified.keys / "eve.pub"))
    revoke_keys(dave.context, "eve@example.com")
    certified.run("git", "commit", "-q", "-m", "Eve came and went", cwd="certified")
    ada.unassign("mnist", "dev")
    assert ada.verify().ok
    for tag in certified.run("git", "tag", "--list", cwd="certified").split():
        certified.run("git", "verify-tag", tag, cwd="certified")

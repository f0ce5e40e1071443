"""Policy changes on the command line: signed, told, pinned."""

from __future__ import annotations

import json
from pathlib import Path


def edit(registry: Path, old: str, new: str) -> None:
    file = registry / ".gitreg/policy.toml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_a_change_is_told_signed_and_told_no_more(gitreg, registry: Path):
    """People would push what everybody else then reports."""
    edit(registry, 'rollback = ["maintainer"]', "rollback = []")
    told = gitreg("status", cwd=registry)
    assert "policy change  would not count: its epoch is 1" in told.stdout
    assert "gitreg policy sign" in told.stderr
    signed = gitreg("policy", "sign", cwd=registry)
    assert (signed.returncode, "signed by ada@example.com" in signed.stdout) == (0, True)
    assert "stages change" in signed.stdout
    assert "policy change" not in gitreg("status", cwd=registry).stdout
    assert json.loads(gitreg("policy", "sign", "--json", cwd=registry).stdout)["missing"] == 0


def test_the_only_key_is_not_revoked(gitreg, registry: Path):
    """One wrong word would end the registry."""
    refused = gitreg("keys", "revoke", "ada@example.com", cwd=registry)
    assert refused.returncode == 1
    assert "nobody could change it again" in refused.stderr
    assert not (registry / ".gitreg/revoked_keys").exists()


def test_a_key_comes_and_goes(gitreg, registry: Path, tmp_path: Path):
    added = gitreg("keys", "add", "bob@example.com", "--new-key", tmp_path / "bob", cwd=registry)
    assert "staged and signed" in added.stderr
    revoked = gitreg("keys", "revoke", tmp_path / "bob.pub", cwd=registry)
    assert "staged and signed" in revoked.stderr
    entry = json.loads(gitreg("doctor", "--json", cwd=registry).stdout)
    assert entry["ok"] in (True, False)
    assert "bob@example.com" in (registry / ".gitreg/revoked_keys").read_text()


def test_the_root_can_be_demanded(gitreg, registry: Path):
    """A build machine would believe whatever registry it is served."""
    doctor = json.loads(gitreg("doctor", "--json", cwd=registry).stdout)
    (root,) = [check["detail"] for check in doctor["checks"] if check["name"] == "policy root"]
    assert gitreg("--policy-root", root, "which", "mnist", "dev", cwd=registry).returncode == 0
    assert gitreg("which", "mnist", "dev", cwd=registry, GITREG_POLICY_ROOT=root).returncode == 0
    other = gitreg("which", "mnist", "dev", "--policy-root", f"blake3:{'0' * 64}", cwd=registry)
    assert other.returncode == 1
    assert "policy root" in other.stderr
    assert gitreg("which", "mnist", "dev", "--policy-root", "0", cwd=registry).returncode == 2

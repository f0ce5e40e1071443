"""Saving at once, and loading what somebody altered: each gets their own, and nobody gets what did not verify."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitreg import GitregError, ModelRegistry, create_registry
from gitreg.errors import VerificationError


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelRegistry:
    monkeypatch.chdir(tmp_path)
    return create_registry("local")


SAVE = "import sys; from gitreg import create_registry; r = create_registry('local', path=sys.argv[1]); \
print(*(f'{r.save_model([sys.argv[2], n], chr(109))}={sys.argv[2]}{n}' for n in range(3)))"


@pytest.mark.slow
def test_processes_that_save_at_once_get_versions_of_their_own_each_with_its_own_model(registry: ModelRegistry):
    command = [sys.executable, "-c", SAVE, str(registry.registry.root)]
    registry.registry.root.rename("away")
    running = [subprocess.Popen([*command, who], stdout=subprocess.PIPE, text=True) for who in "abc"]
    said = dict(word.split("=") for process in running for word in process.communicate()[0].split())
    assert [process.returncode for process in running] == [0, 0, 0]
    assert sorted(said, key=int) == [str(n) for n in range(1, 10)]
    registry = create_registry("local")
    for version, saved in said.items():
        assert registry.load_model("m", version=version) == [saved[0], int(saved[1])]


def test_the_program_may_change_directories(registry: ModelRegistry, monkeypatch: pytest.MonkeyPatch):
    registry.save_model([1], "m")
    monkeypatch.chdir("/")
    assert registry.save_model([2], "m") == "2"
    assert registry.load_model("m") == [2]


def test_threads_that_save_at_once(registry: ModelRegistry):
    with ThreadPoolExecutor(3) as pool:
        versions = list(pool.map(lambda n: (registry.save_model([n], "m"), n), range(3)))
    assert sorted(version for version, _ in versions) == ["1", "2", "3"]
    assert all(registry.load_model("m", version=version) == [n] for version, n in versions)


class Trap:
    """Loading it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_nothing_is_unpickled_before_it_has_verified(registry: ModelRegistry, tmp_path: Path):
    registry.save_model(Trap(tmp_path / "sprung"), "trap")
    root = registry.registry.root
    raw = subprocess.check_output(["git", "cat-file", "tag", "trap@v1.0.0"], cwd=root)
    forge = ["git", "hash-object", "-t", "tag", "-w", "--stdin"]
    oid = subprocess.check_output(forge, cwd=root, input=raw.replace(b"\ntagger ", b"\ntagger X", 1))
    subprocess.run(["git", "update-ref", "refs/tags/trap@v1.0.0", oid.decode().strip()], cwd=root, check=True)
    with pytest.raises(VerificationError):
        registry.load_model("trap")
    assert not (tmp_path / "sprung").exists()


def test_a_version_that_nobody_signed_is_not_loaded(registry: ModelRegistry, tmp_path: Path):
    registry.save_model([1], "m")
    subprocess.run(["git", "tag", "-m", "x", "m@v9.0.0"], cwd=registry.registry.root, check=True)
    with pytest.raises(VerificationError):
        registry.load_model("m")
    assert registry.load_model("m", version="1") == [1]
    assert [record["version"] for record in registry.list_models()["m"]] == ["1"]


def test_a_tampered_object_is_not_loaded(registry: ModelRegistry, tmp_path: Path):
    registry.save_model(Trap(tmp_path / "sprung"), "trap")
    for path in (registry.registry.root / ".git" / "gitreg" / "objects").glob("??/*"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.chmod(0o644)
        path.write_bytes(data)
    with pytest.raises(GitregError):
        registry.load_model("trap")
    assert not (tmp_path / "sprung").exists()


def test_a_tampered_checkout_is_not_loaded(registry: ModelRegistry):
    """The shared cache lies in the user's home, where other programs write too."""
    registry.save_model("good", "m")
    assert registry.load_model("m") == "good"
    folder = registry.registry.path("m")
    for path in folder.rglob("*"):
        if path.is_file() and b"good" in path.read_bytes():
            before = path.stat()
            path.chmod(0o644)
            path.write_bytes(path.read_bytes().replace(b"good", b"evil"))
            path.chmod(before.st_mode & 0o777)
    assert registry.load_model("m") == "good"

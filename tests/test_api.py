"""The Python API: strings in, values out, GitregError for everything that a caller may meet."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gitreg
from gitreg.api import Registry
from gitreg.errors import GitregError, NotARegistryError, RefusedError, UsageError
from gitreg.operations.add import AddRequest
from gitreg.operations.init import InitRequest


@pytest.fixture
def registry(git_repo: Path) -> Registry:
    """A registry with one model, as a script would make it."""
    gitreg.init(git_repo, InitRequest(new_key=True))
    opened = gitreg.open(git_repo)
    (git_repo / "net").mkdir()
    (git_repo / "net" / "weights").write_bytes(b"weights")
    opened.add(AddRequest(git_repo / "net", commit_message="Add"))
    opened.register("net")
    return opened


def test_the_main_job(registry: Registry):
    registry.promote("net@v1.0.0", "dev", message="Try it")
    assert str(registry.which("net", "dev").version) == "v1.0.0"
    assert (registry.path("net#dev") / "weights").read_bytes() == b"weights"
    assert registry.verify(data=True).ok


def test_a_registry_is_found_from_inside_and_by_a_string(registry: Registry):
    assert gitreg.open(str(registry.root / "net")).root == registry.root


def test_importing_gitreg_loads_nothing_heavy():
    listing = "import gitreg, sys; print(*sys.modules)"
    modules = subprocess.check_output([sys.executable, "-I", "-c", listing], text=True).split()
    assert not {"click", "cryptography", "fsspec", "numpy", "gitreg.api", "tomlkit"} & set(modules)


def test_the_names_that_people_use_are_there():
    for name in gitreg.__all__:
        assert getattr(gitreg, name) is not None
    assert set(gitreg.__all__) <= set(dir(gitreg))
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        _ = gitreg.nope


WORDS = [
    "",
    "No",
    "a..b",
    "../x",
    "a@",
    "a#",
    "a@v1.x",
    "a@blake3:1",
    "a\n",
    "\x00",
    "a#b#c",
    "a@b@c",
    "é",
    "x" * 999,
    "-",
]
BY_REF = ["path", "version", "lineage", "verify", "pull"]


@pytest.mark.parametrize("word", WORDS, ids=ascii)
def test_words_that_mean_nothing_are_usage_errors_everywhere(registry: Registry, word: str):
    for ask in BY_REF:
        with pytest.raises(UsageError) as error:
            getattr(registry, ask)(word)
        assert error.value.message.isprintable()
    for call in (
        lambda: registry.register(word),
        lambda: registry.promote(word, "dev"),
        lambda: registry.approve(word, "dev"),
        lambda: registry.which(word, "dev"),
        lambda: registry.rollback(word, "dev"),
        lambda: registry.unassign(word, "dev"),
        lambda: registry.deregister(word, "v1.0.0"),
        lambda: registry.deprecate(word),
        lambda: registry.model(word),
        lambda: registry.run_gates(word, "dev"),
        lambda: registry.readiness(word, "dev"),
        lambda: registry.which("net", word),
        lambda: registry.promote("net", word),
        lambda: registry.register("net", version=word),
    ):
        with pytest.raises(UsageError):
            call()


def test_a_part_to_raise_that_is_none(registry: Registry):
    with pytest.raises(UsageError, match="huge"):
        registry.register("net", bump="huge")


def test_where_there_is_nothing(tmp_path: Path):
    for place in (tmp_path, tmp_path / "nope", tmp_path / "a\nb"):
        with pytest.raises(NotARegistryError):
            gitreg.open(place)
    (tmp_path / "file").write_text("")
    with pytest.raises(GitregError):
        gitreg.open(tmp_path / "file")


def test_a_config_that_is_nonsense_is_one_line(registry: Registry):
    for text in ("", "format = 1\n", "format = 7\n", "\x00", "[", "format = 1\nid = 'x'\n"):
        (registry.root / ".gitreg" / "config.toml").write_text(text)
        with pytest.raises(GitregError) as error:
            gitreg.open(registry.root)
        assert "config.toml" in error.value.message
        assert "\n" not in error.value.message


def test_model_files_are_scanned_and_converted_without_a_registry(tmp_path: Path):
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(print))
    np.save(tmp_path / "weights.npy", np.arange(6))
    assert [each.safe for each in gitreg.scan([tmp_path / "model.pkl", str(tmp_path / "weights.npy")])] == [False, True]
    result = gitreg.convert(tmp_path / "weights.npy", str(tmp_path / "weights.safetensors"))
    assert (result.source_format, result.tensors, Path(result.target).is_file()) == ("npy", 1, True)
    with pytest.raises(RefusedError, match="is there already"):
        gitreg.convert(tmp_path / "weights.npy", tmp_path / "weights.safetensors")

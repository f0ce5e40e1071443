"""What people install: the wheel is whole, starts by itself, and importing gitreg costs nothing."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

import gitreg

ROOT = Path(__file__).parents[1]
HEAVY = ("asyncio", "click", "cryptography", "fsspec", "importlib.metadata", "numpy", "pyfastcdc", "sklearn", "tomlkit",
         "zstandard")  # fmt: skip


def python(*arguments: str, cwd: Path = ROOT) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sources as they are."""
    folder = tmp_path_factory.mktemp("dist")
    python("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_every_module_and_nothing_else(wheel: Path) -> None:
    """A module that is missing breaks the installed program only; a stray file ends up on everybody's path."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" not in name]
    files = [path.relative_to(ROOT) for path in (ROOT / "gitreg").rglob("*") if path.is_file()]
    sources = [str(path) for path in files if not any(part.startswith((".", "__pycache__")) for part in path.parts)]
    assert sorted(names) == sorted(sources)


def test_the_wheel_names_its_licence_and_carries_it(wheel: Path) -> None:
    """Nobody may use a package whose licence is not known."""
    with zipfile.ZipFile(wheel) as archive:
        metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        text = archive.read(metadata).decode()
        assert any(name.endswith("/licenses/LICENSE") for name in archive.namelist())
    assert "License-Expression: Apache-2.0" in text


def test_the_wheel_runs_without_the_sources(wheel: Path, tmp_path: Path) -> None:
    """The program works from a checkout only."""
    place = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    code = f"import sys; sys.path.insert(0, {str(place)!r}); import gitreg; print(gitreg.__file__)"
    assert python("-c", code, cwd=tmp_path).startswith(str(place))
    run = f"import sys; sys.path.insert(0, {str(place)!r}); from gitreg.cli.main import run; sys.exit(run(['--help']))"
    assert "Versions and stages" in python("-c", run, cwd=tmp_path)


def test_every_way_to_ask_gives_the_same_version() -> None:
    """Bug reports would name a version that was not the one that ran."""
    expected = f"gitreg {gitreg.__version__}\n"
    assert python("-m", "gitreg", "--version") == expected
    assert python("-m", "gitreg", "--no-color", "--version") == expected
    assert version("gitreg") == gitreg.__version__


def test_importing_gitreg_imports_nothing_heavy() -> None:
    """`import gitreg` in a notebook or a hook would cost as much as everything it could ever need."""
    code = f"import gitreg, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert python("-c", code).strip() == "[]"


def test_answering_which_imports_nothing_heavy(tmp_path: Path) -> None:
    """The question asked most often would wait for stores and frameworks that it does not need."""
    heavy = tuple(name for name in HEAVY if name not in {"click", "cryptography"})
    code = (
        "import sys; from gitreg.cli.main import run; run(['which', 'mnist', 'production']); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    assert python("-c", code, cwd=tmp_path).strip().splitlines()[-1] == "[]"


def test_each_dependency_says_why_it_is_there() -> None:
    """A dependency without a reason is never removed again."""
    text = (ROOT / "pyproject.toml").read_text()
    for requirement in tomllib.loads(text)["project"]["dependencies"]:
        line = next(line for line in text.splitlines() if f'"{requirement}"' in line)
        assert "#" in line, f"{requirement} has no reason beside it"

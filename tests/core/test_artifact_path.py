"""Artifact paths: nothing that leaves the directory, and nothing that two systems read differently."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitreg.core.artifact_path import _are_plain, _check_one_by_one, check_paths, parse
from gitreg.errors import FormatError

GOOD = [
    "a",
    "model.safetensors",
    "a/b/c.txt",
    ".gitattributes",
    "..a",
    "a..b",
    "with space",
    "x" * 255,
    "données/été.csv",
    "日本語/模型.onnx",
    "console.txt",
    "nullable",
    "com10",
    "auxiliary/x",
    "(1)[2]{3}",
    "👩‍🔬.md",
    "-rf",
    "a" * 200 + "/b",
]
BAD = [
    "",
    ".",
    "..",
    "/",
    "/etc/passwd",
    "a/",
    "a//b",
    "./a",
    "a/.",
    "a/..",
    "../a",
    "a/../b",
    "a\\b",
    "C:",
    "c:/x",
    "a:b",
    "nul",
    "NUL",
    "Aux.txt",
    "a/con/b",
    "com1",
    "LPT9.log",
    "com¹",
    "lpt³.x",
    "conin$",
    "nul .txt",
    "a.",
    "a ",
    "a./b",
    "a /b",
    "a\nb",
    "a\0",
    "\x1b[2J",
    "a\x7f",
    "a\x85b",
    "\u202egnp.exe",
    "a\u2028b",
    "a\u2066b",
    "\ud800",
    "a\udcff",
    unicodedata.normalize("NFD", "é"),
    "x" * 256,
    "é" * 128,
    "a/" * 64 + "b",
    "/".join(["x" * 200] * 6),
]


@pytest.mark.parametrize("path", GOOD)
def test_ordinary_paths_pass(path):
    """People could not add files with everyday names."""
    assert parse(path) == path


@pytest.mark.parametrize("path", BAD)
def test_dangerous_paths_are_refused(path):
    """A checkout could write outside its directory, or not be possible on another system."""
    with pytest.raises(FormatError) as caught:
        parse(path)
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    "paths",
    [
        ("a", "a"),
        ("a", "A"),
        ("d/x", "D/y"),
        ("a/b", "A"),
        ("a", "a/b"),
        ("a/b", "a"),
        ("straße", "STRASSE"),
        ("é", "É"),
        ("x/y/z", "x/y"),
        ("\u017f", "s"),
        ("d/A/1", "d/a/2"),
    ],
)
def test_paths_that_meet_on_some_disk_are_refused(paths):
    """One file would silently overwrite another on macOS or Windows."""
    with pytest.raises(FormatError):
        check_paths(paths)
    for path in paths:
        parse(path)


def test_siblings_do_not_collide():
    """The collision check would refuse ordinary trees."""
    check_paths(["a/x", "a/y", "ab/x", "a.b/x", "a-b", "b/a/x", "b/x"])


@given(st.text(max_size=40))
@example("a/b")
@example("/a")
def test_accepted_means_relative_normal_and_inside(text):
    """The rule has a hole: some text passes that joins to a place outside."""
    try:
        path = parse(text)
    except FormatError:
        return
    names = path.split("/")
    assert path == text
    assert all(name not in {"", ".", ".."} for name in names)
    assert not path.startswith("/")
    assert unicodedata.is_normalized("NFC", path)
    assert not any(unicodedata.category(character) == "Cc" for character in path)


@pytest.mark.parametrize("name", [".git", ".GIT", "git~1", "a/.git/hooks/pre-commit", ".g\u200cit", ".gitreg-tmp/x"])
def test_a_repositorys_own_directory_is_refused(name):
    """A pulled artifact could bring hooks that run, or overwrite those of the repository it is pulled into."""
    with pytest.raises(FormatError):
        parse(name)
    for harmless in (".gitignore", ".gitattributes", "model.git", ".github/x"):
        parse(harmless)


tricky_names = st.one_of(
    st.sampled_from(
        ["con", "a", "A", ".git", "git", "..", ".", "", "Nul.x", ".gitreg-tmp", "a ", "x" * 255, "x" * 256]
    ),
    st.text("aA.b/ -1~:\n", max_size=4),
)


@given(st.lists(st.lists(tricky_names, min_size=1, max_size=4).map("/".join), max_size=5))
@example(["a"] * 2)
@example(["/".join(["a"] * 64)])
@example(["/".join(["a"] * 65)])
@example(["/".join(["x" * 250] * 4)])
@example(["a/x", "A/y"])
@example(["a/b/c", "a/B"])
def test_the_fast_way_accepts_nothing_the_slow_way_refuses(paths):
    """A path that is dangerous by itself would slip in among a million others."""
    if _are_plain(paths):
        _check_one_by_one(paths)


def test_everyday_artifacts_take_the_fast_way():
    """Reading the manifest of a million files would take four times as long."""
    assert _are_plain([".gitattributes", "README.md", "model-00001-of-00002.safetensors", "onnx/model (1).onnx"])

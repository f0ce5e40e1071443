"""Listing a source: what cannot be part of an artifact is refused by name, before anything is read."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from gitreg.errors import SourceError
from gitreg.storage.source import list_source


def refused(path, words):
    with pytest.raises(SourceError, match=words) as caught:
        list_source(path, 0)
    assert caught.value.hint
    assert "\n" not in caught.value.message


def test_canonical_order(tree):
    """Two machines would give the same files two identities."""
    paths = [file.path for file in list_source(tree, 0).files]
    assert paths[:2] == ["weights/edge.bin", "weights/large.bin"]
    assert paths[2:] == sorted(paths[2:])


def test_a_single_file(tree):
    """`add model.onnx` would not work."""
    (file,) = list_source(tree / "README.md", 0).files
    assert (file.path, file.size, file.fingerprint.executable) == ("README.md", 8, True)


def test_links_are_refused(tree):
    """Bytes from outside the directory would be published."""
    (tree / "link").symlink_to("/etc/hostname")
    refused(tree, "symbolic link to /etc/hostname")
    (tree / "link").unlink()
    (tree / "link").symlink_to("README.md")
    refused(tree, "symbolic link")
    refused(tree / "link", "symbolic link")
    (tree / "link").unlink()
    (tree / "link").symlink_to(tree / "data", target_is_directory=True)
    refused(tree, "symbolic link")


def test_things_that_are_not_files(tree):
    """`add` would hang on a pipe or read a device without end."""
    os.mkfifo(tree / "pipe")
    refused(tree, "named pipe")
    (tree / "pipe").unlink()
    place = Path.cwd()
    os.chdir(tree)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("socket")
            refused(tree, "socket")
    finally:
        os.chdir(place)
    refused(Path("/dev/null"), "device")


def test_nothing_there(tmp_path):
    """An empty artifact would be registered by a typo."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    refused(tmp_path / "a", "holds no files")
    refused(tmp_path / "nope", "No such file")


def test_paths_no_other_system_can_hold(tree):
    """A colleague's checkout would fail, or leave its directory."""
    for name in ("con.txt", "a:b", "README.MD", "x\ny"):
        (tree / name).write_bytes(b"")
        refused(tree, "unusable path")
        (tree / name).unlink()
    os.close(os.open(os.fsencode(tree) + b"/\xff", os.O_CREAT))
    refused(tree, "not UTF-8")


def test_times_that_need_more_than_eight_bytes(tree):
    """`add` and `status` would end in a traceback."""
    os.utime(tree / "empty", (10**10, 10**10))
    refused(tree, "past the year 2262")
    refused(tree / "empty", "past the year 2262")
    os.utime(tree / "empty", (-5, -5))
    assert {file.fingerprint.mtime_ns for file in list_source(tree / "empty", 0).files} == {-5 * 10**9}


def test_a_repository_inside_is_refused(tree):
    """Somebody else's hooks and credentials would travel with a model."""
    (tree / ".git").mkdir()
    refused(tree, "Git repository")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything: unreadable sources are NOT tested")
def test_unreadable(tree):
    """An artifact would silently lack files."""
    (tree / "data").chmod(0)
    refused(tree, "Permission denied")
    (tree / "data").chmod(0o755)

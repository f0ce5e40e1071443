"""The door itself: what git is told, what it may not be told, and how its failures read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitreg.core.oid import Oid
from gitreg.errors import FormatError, GitError, UsageError
from gitreg.git import failure
from gitreg.git.command import Git


def test_oid_takes_full_lowercase_names_only():
    assert Oid.parse("a" * 40) == "a" * 40
    assert Oid.parse("0" * 64).is_null
    assert not Oid.parse("1" * 40).is_null
    for bad in ("", "a" * 39, "A" * 40, "a" * 41, "g" * 40, "HEAD", "a" * 40 + "\n", "\u0660" * 40):
        with pytest.raises(FormatError):
            Oid.parse(bad)


def test_ok_tells_no_from_failure(git_repo):
    git = Git(git_repo)
    assert git.ok("config", "user.name")
    assert not git.ok("config", "no.such")
    with pytest.raises(GitError):
        git.ok("rev-parse", "--verify", "HEAD")


def test_arguments_reach_git_without_a_shell(git_repo, tmp_path):
    git = Git(git_repo)
    evil = f"$(touch {tmp_path}/pwned); `id` && \"quoted\" 'x' *"
    git.run("config", "a.b", evil)
    assert git.text("config", "a.b") == evil
    assert not (tmp_path / "pwned").exists()


def test_a_nul_is_refused_before_it_can_cut_an_argument(git_repo):
    with pytest.raises(UsageError, match="NUL"):
        Git(git_repo).run("log", "a\0b")


def test_replace_refs_and_grafts_do_not_change_what_we_see(git_repo, sh):
    first, second = (sh(git_repo, "git", "hash-object", "-w", "--stdin", stdin=text) for text in ("one", "two"))
    sh(git_repo, "git", "replace", first, second)
    assert sh(git_repo, "git", "cat-file", "blob", first) == "two"
    assert Git(git_repo).text("cat-file", "blob", first) == "one"


def test_messages_stay_in_english_and_on_one_escaped_line(git_repo, monkeypatch):
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.setenv("LANGUAGE", "de")
    with pytest.raises(GitError) as caught:
        Git(git_repo).run("cat-file", "-t", "--end-of-options", "no\u202ered")
    assert caught.value.message == "git cat-file: Not a valid object name no\\u202ered"


def test_without_git_the_error_says_so(git_repo, monkeypatch):
    monkeypatch.setenv("PATH", str(git_repo))
    with pytest.raises(GitError, match="not installed") as caught:
        Git(git_repo).run("version")
    assert "2.34" in caught.value.hint


def test_an_outdated_git_is_named_as_the_cause(git_repo, tmp_path, monkeypatch):
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(
        '#!/bin/sh\ncase "$*" in *version) echo "git version 2.20.1 (Apple Git-117)"; exit 0;; esac\nexit 129\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/usr/bin:/bin")
    with pytest.raises(GitError, match=r"git 2\.20\.1 \(Apple Git-117\) is too old"):
        Git(git_repo).run("rev-parse", "--path-format=absolute")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("git version 2.39.5", (2, 39)),
        ("git version 2.50.1 (Apple Git-155)", (2, 50)),
        ("git version 3.0.0.rc1.windows.1", (3, 0)),
        ("nonsense", None),
    ],
)
def test_versions_of_every_vendor_parse(line, expected):
    assert failure.parse_version(line) == expected


@pytest.mark.parametrize(
    ("stderr", "message", "hint"),
    [
        (
            b"hint: a\nwarning: b\nfatal: Authentication failed for 'https://h/'\n",
            "Authentication failed",
            "credentials",
        ),
        (b"error: failed to push some refs to 'x'\n", "failed to push", None),
        (b"not on friday\nerror: failed to push some refs to 'x'\n", "not on friday", None),
        (b"something odd\n", "something odd", None),
        (b"", "exit status 9", None),
        (b"\xff\xfe\x1b[2Jfatal\n", "\\xff\\xfe\\x1b[2Jfatal", None),
        (b"fatal: Unable to create '/x/index.lock': File exists.\n", "Unable to create", "another git process"),
        (b"fatal: 'x' does not appear to be a git repository\n", "does not appear", "git remote -v"),
    ],
)
def test_failures_show_gits_own_telling_line_and_a_known_remedy(stderr, message, hint):
    error = failure.command_failed("push", 9, stderr)
    assert isinstance(error, GitError)
    assert message in error.message
    assert (error.hint or "").find(hint or "") >= 0
    assert (error.hint is None) == (hint is None)


def test_what_git_says_shows_at_once_on_a_terminal_and_is_kept(git_repo, tmp_path, sh):
    """Progress of a long push would otherwise appear only after it."""
    script = tmp_path / "talk.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\nfrom gitreg.git.command import Git\n"
        "sys.stderr.isatty = lambda: True\n"
        "outcome = Git(Path(sys.argv[1])).converse('cat-file', '-t', 'nothing')\n"
        "print(outcome.status, outcome.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script), str(git_repo)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert "Not a valid object name nothing" in done.stderr
    assert done.stdout.startswith("128 b'fatal: Not a valid object name nothing")

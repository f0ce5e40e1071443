"""The program as a process: exit codes, streams, what it imports, and what its help promises."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import gitreg as package
from gitreg.cli.verbs import VERBS

NOT_FOR_VERSION = {"click", "gitreg.cli", "gitreg.core", "importlib.metadata"}
NOT_FOR_HELP = {"gitreg.api", "gitreg.operations", "fsspec", "cryptography"}


def imported(trace: str) -> set[str]:
    """The modules that `python -X importtime` reports."""
    return {line.rpartition("|")[2].strip() for line in trace.splitlines() if line.startswith("import time:")}


def test_version_is_answered_before_click_is_imported(gitreg):
    done = gitreg("--version", python=("-X", "importtime"))
    assert done.stdout == f"gitreg {package.__version__}\n"
    assert not NOT_FOR_VERSION & imported(done.stderr)


def test_version_is_the_same_through_click(gitreg):
    assert gitreg("--json", "--version").stdout == f"gitreg {package.__version__}\n"


def test_group_help_imports_no_verb(gitreg):
    done = gitreg("--help", python=("-X", "importtime"))
    assert done.returncode == 0
    modules = imported(done.stderr)
    assert not NOT_FOR_HELP & modules
    assert not [name for name in modules if name.startswith("gitreg.cli.commands.")]


def test_signatures_are_verified_without_the_modules_that_read_bytes(gitreg, registry):
    """Stores and their codecs would be a sixth of all that it takes to start."""
    done = gitreg("verify", cwd=registry, python=("-X", "importtime"))
    assert done.returncode == 0
    assert not [name for name in imported(done.stderr) if name.startswith("gitreg.storage")]


def test_group_help_lists_every_verb_and_exit_code(gitreg):
    shown = gitreg("--help").stdout
    for verb, entry in VERBS.items():
        assert re.search(rf"^  {verb} +{re.escape(entry.help[:30])}", shown, re.MULTILINE)
    for code in (0, 1, 2, 3, 128, 130):
        assert re.search(rf"^    {code} ", shown, re.MULTILINE)
    assert "_GITREG_COMPLETE=bash_source" in shown


@pytest.mark.parametrize(("typed", "meant"), [("promot", "promote"), ("psuh", "push"), ("histroy", "history")])
def test_a_misspelt_verb_gets_a_suggestion(gitreg, typed: str, meant: str):
    done = gitreg(typed)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"did you mean '{meant}'?" in done.stderr


def test_a_hostile_verb_is_escaped(gitreg):
    done = gitreg("\x1b[2Jpush\u202e")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "\u202e" not in done.stderr


def test_c_to_nowhere_is_not_a_registry(gitreg):
    done = gitreg("-C", "nowhere", "--json", "show")
    assert done.returncode == 128
    assert json.loads(done.stdout)["error"]["kind"] == "not-a-registry"


def test_a_full_disk_behind_stdout_is_no_success(tmp_path: Path):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "gitreg", "--help"]
        done = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: no space left on device")
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "gitreg", "--help"]
    done = subprocess.run(command, cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_h_is_help_everywhere(gitreg):
    assert gitreg("-h").stdout == gitreg("--help").stdout
    assert gitreg("which", "-h").stdout.startswith("Usage: gitreg which")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_made_for(gitreg, shell: str):
    done = gitreg(_GITREG_COMPLETE=f"{shell}_source")
    assert done.returncode == 0
    assert "_GITREG_COMPLETE" in done.stdout


@pytest.mark.parametrize("redirection", [">&-", "2>&-", ">&- 2>&-", "2>/dev/full"])
def test_a_stream_that_is_closed_or_full_is_no_traceback(tmp_path: Path, redirection: str):
    command = f'"{sys.executable}" -m gitreg show {redirection}'
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode in {1, 128}
    assert "Traceback" not in done.stdout + done.stderr


def test_ctrl_c_is_one_line_and_130(registry: Path):
    command = [sys.executable, "-m", "gitreg", "hooks", "run", "pre-push"]
    with subprocess.Popen(command, cwd=registry, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        _wait_for_reading(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "error: interrupted\n"
        assert process.wait(10) == 130


def _wait_for_reading(pid: int) -> None:
    """Until the process sleeps in a read of its stdin."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if Path(f"/proc/{pid}/syscall").read_text().startswith("0 0x0 "):
            return
        time.sleep(0.02)
    pytest.fail("it never came to read")


@pytest.mark.parametrize(
    ("options", "variables", "coloured"),
    [
        ([], {}, True),
        (["--no-color"], {}, False),
        ([], {"NO_COLOR": "1"}, False),
        ([], {"GITREG_NO_COLOR": "1"}, False),
    ],
)
def test_colours_are_for_terminals_that_want_them(registry: Path, options, variables, coloured: bool):
    master, terminal = pty.openpty()
    command = [sys.executable, "-m", "gitreg", "which", "mnist", "dev", *options]
    env = os.environ | {"TERM": "xterm"} | variables
    subprocess.run(command, cwd=registry, env=env, stdout=terminal, stderr=terminal, stdin=terminal, check=True)
    os.close(terminal)
    shown = os.read(master, 4096).decode()
    os.close(master)
    assert "mnist@v1.0.0" in shown
    assert ("\x1b[" in shown) is coloured

"""What people and scripts are told when something goes wrong, through the real frame around every verb."""

from __future__ import annotations

import errno
import json
from dataclasses import dataclass

import click
import pytest

from gitreg.cli.lines import line, strong
from gitreg.cli.main import run
from gitreg.cli.output import Output
from gitreg.cli.verb import GLOBAL_OPTIONS, VerbGroup, command, option, pass_output
from gitreg.errors import NotARegistryError, NotFoundError, RefusedError, UsageError

HOSTILE = "pwn\x1b[2J\u202eed\nsecond line"
ERRORS: dict[str, BaseException] = {
    "hostile": NotFoundError(f"no model '{HOSTILE}'", hint=f"did you mean {HOSTILE}?"),
    "refused": RefusedError("not you", hint="ask somebody"),
    "usage": UsageError("not a model name: 'X'"),
    "outside": NotARegistryError("not a Git repository"),
    "bug": KeyError(HOSTILE),
    "interrupt": KeyboardInterrupt(),
    "full": OSError(errno.ENOSPC, "No space left on device", "/data/x"),
    "forbidden": PermissionError(errno.EACCES, "Permission denied", b"/data/\xff"),
    "memory": MemoryError(),
    "threads": RuntimeError("can't start new thread"),
    "fork": BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),
    "pipe": BrokenPipeError(errno.EPIPE, "Broken pipe"),
    "odd": OSError(errno.ESTALE, "Stale file handle"),
}


@dataclass(frozen=True, slots=True)
class Said:
    word: str


@command("say")
@click.argument("word")
@option("--loud", is_flag=True, help="Say it loudly.")
@pass_output
def say(output: Output, word: str, loud: bool) -> int:
    """Say a word."""
    output.note("about to speak")
    output.done(Said(word), lambda: [line(strong(word.upper() if loud else word))])
    output.advice("now say another")
    return 1 if word == "no" else 0


@command("fail")
@click.argument("how", type=click.Choice(list(ERRORS)))
def fail(how: str) -> None:
    """Fail in one way."""
    raise ERRORS[how]


GROUP = VerbGroup("gitreg", commands=[say, fail], params=list(GLOBAL_OPTIONS), no_args_is_help=True)


@pytest.mark.parametrize(
    ("how", "code", "kind"),
    [
        ("hostile", 1, "not-found"),
        ("refused", 1, "refused"),
        ("usage", 2, "usage"),
        ("outside", 128, "not-a-registry"),
        ("bug", 3, "bug"),
        ("interrupt", 130, "interrupted"),
        ("full", 1, "system"),
        ("forbidden", 1, "system"),
        ("memory", 1, "system"),
        ("threads", 1, "system"),
        ("fork", 1, "system"),
        ("odd", 3, "bug"),
    ],
)
def test_each_error_has_its_exit_code_and_json(how: str, code: int, kind: str, capsys: pytest.CaptureFixture[str]):
    assert run(["fail", how], GROUP) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "error: " in shown.err
    assert run(["fail", how, "--json"], GROUP) == code
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["kind"] == kind
    assert set(error) == {"kind", "message", "hint"}


@pytest.mark.parametrize("how", ["hostile", "bug", "forbidden"])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_hostile_text_in_an_error_cannot_act_on_the_terminal(
    how: str, options: list[str], capsys: pytest.CaptureFixture[str]
):
    run(["fail", how, *options], GROUP)
    shown = capsys.readouterr()
    text = (shown.out + shown.err).replace("\n", "")
    assert text.isprintable()


def test_mistakes_are_one_line_and_a_hint_while_bugs_have_a_traceback(capsys: pytest.CaptureFixture[str]):
    run(["fail", "refused"], GROUP)
    assert capsys.readouterr().err == "error: not you\nhint: ask somebody\n"
    run(["fail", "bug"], GROUP)
    shown = capsys.readouterr().err
    assert shown.startswith("Traceback")
    assert "report" in shown.splitlines()[-1]


def test_system_errors_name_the_file_and_what_to_do(capsys: pytest.CaptureFixture[str]):
    run(["fail", "full"], GROUP)
    shown = capsys.readouterr().err
    assert shown.startswith("error: no space left on device: /data/x\nhint: ")
    run(["fail", "forbidden"], GROUP)
    assert r"/data/\xff" in capsys.readouterr().err


def test_a_closed_pipe_is_quiet_but_no_success(capsys: pytest.CaptureFixture[str]):
    assert run(["fail", "pipe"], GROUP) == 141
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")


@pytest.mark.parametrize("args", [["say"], ["say", "--wrong", "x"], ["fail", "sideways"], ["--wrong"], ["sya"]])
def test_click_mistakes_look_like_ours_in_text_and_in_json(args: list[str], capsys: pytest.CaptureFixture[str]):
    assert run(args, GROUP) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: ")
    assert "--help" in shown.err.splitlines()[-1]
    assert run([*args, "--json"], GROUP) == 2
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "usage"


def test_no_words_at_all_shows_help_and_is_a_usage_mistake(capsys: pytest.CaptureFixture[str]):
    assert run([], GROUP) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("Usage: gitreg")


def test_data_goes_to_stdout_and_everything_else_to_stderr(capsys: pytest.CaptureFixture[str]):
    assert run(["say", "hello"], GROUP) == 0
    shown = capsys.readouterr()
    assert shown.out == "hello\n"
    assert shown.err == "about to speak\nnow say another\n"


def test_quiet_leaves_the_exit_code_only(capsys: pytest.CaptureFixture[str]):
    assert run(["-q", "say", "no"], GROUP) == 1
    assert run(["say", "no", "--quiet"], GROUP) == 1
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")


@pytest.mark.parametrize("args", [["--json", "say", "hi"], ["say", "--json", "hi"], ["say", "hi", "--json"]])
def test_json_may_be_asked_for_before_and_after_the_verb(args: list[str], capsys: pytest.CaptureFixture[str]):
    assert run(args, GROUP) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"word": "hi"}
    assert "now say another" not in shown.err


def test_variables_stand_in_for_options(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GITREG_SAY_LOUD", "1")
    monkeypatch.setenv("GITREG_JSON", "1")
    assert run(["say", "hi"], GROUP) == 0
    assert json.loads(capsys.readouterr().out) == {"word": "hi"}
    monkeypatch.delenv("GITREG_JSON")
    assert run(["say", "hi"], GROUP) == 0
    assert capsys.readouterr().out == "HI\n"


def test_hostile_text_in_data_cannot_act_on_the_terminal(capsys: pytest.CaptureFixture[str]):
    run(["say", HOSTILE], GROUP)
    assert capsys.readouterr().out == "pwn\\x1b[2J\\u202eed\\x0asecond line\n"


def test_text_that_the_terminal_cannot_encode_is_no_bug(monkeypatch: pytest.MonkeyPatch, tmp_path):
    with (tmp_path / "out").open("w", encoding="latin-1") as stream:
        monkeypatch.setattr("sys.stdout", stream)
        assert run(["say", "模型"], GROUP) == 0
    assert (tmp_path / "out").read_text() == "\\u6a21\\u578b\n"

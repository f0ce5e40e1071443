"""What all our TOML files share: a mistake is found, named with its line or key, and costs little."""

from __future__ import annotations

import time

import pytest
from format_strategies import UUID, only_gitreg_errors
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.config import parse_config
from gitreg.core.pointer import parse_pointer
from gitreg.core.policy import parse_policy
from gitreg.core.toml import MAX_BYTES, load_toml
from gitreg.errors import FormatError

PARSERS = [parse_pointer, parse_config, parse_policy]
HEAD = b"format = 1\n"


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("version", ["0", "2", "99"])
def test_an_unknown_format_is_refused_before_anything_else(parse, version):
    """Users of an old program would hear that their file is broken, not that it is newer."""
    with pytest.raises(FormatError, match=f"unknown format {version}") as caught:
        parse(f'format = {version}\nnew_thing = "x"\n'.encode())
    assert "newer" in caught.value.hint


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("text", ["", "# nothing\n", 'format = "1"\n', "format = true\n", "format = 1.0\n"])
def test_a_file_without_its_format_is_refused(parse, text):
    """Any TOML file of any tool would be read as ours."""
    with pytest.raises(FormatError, match="format"):
        parse(text.encode())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (HEAD + b"a = \n", 2),
        (HEAD + b"a = 1\na = 2\n", 3),
        (HEAD + b"\n[x]\n[x]\n", 4),
        (HEAD + b'a = "open\nb = 1\n', 2),
        (HEAD + b'a = """open\nb = 1\n', 4),
        (HEAD + b"a = 1\nb = \xff\n", 3),
        (HEAD + b"a = \x00\n", 2),
        (b"<<<<<<< HEAD\nformat = 1\n", 1),
        (b"\xef\xbb\xbfformat = 1\n", 1),
    ],
)
def test_bad_toml_is_refused_with_its_line(text, line):
    """People would search a long file for a comma."""
    with pytest.raises(FormatError, match=rf"models/mnist\.gitreg: .*at line {line}\b") as caught:
        load_toml(text, "models/mnist.gitreg")
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "9" * 5000,
        "a = 0x" + "f" * 5000,
        "a = 9223372036854775808",
        "a = " + "[" * 5000 + "]" * 5000,
        "a = " + "[" * 100 + "]" * 100,
        "[" + ".".join("a" * 40) + "]",
        "x = {" + ".".join("a" * 50) + " = 1}",
        ".".join("a" * 5000) + " = 1",
        " . ".join(["'a b'"] * 5000) + " = 1",
        "a = 1" + " " * MAX_BYTES,
    ],
)
def test_numbers_and_nesting_have_limits(text):
    """A file of a few kilobytes would crash whoever reads it, or what writes its values as JSON."""
    with pytest.raises(FormatError):
        load_toml(HEAD + text.encode() + b"\n", "file")


@pytest.mark.parametrize("text", [".a" * (MAX_BYTES // 3), "'." * (MAX_BYTES // 3), '."' * (MAX_BYTES // 3)])
def test_a_hostile_key_is_refused_quickly(text):
    """tomllib needs half a day for this one: whoever clones the repository would wait."""
    began = time.monotonic()
    with pytest.raises(FormatError):
        load_toml(HEAD + b"a" + text.encode() + b" = 1\n", "file")
    assert time.monotonic() - began < 5


def test_dots_in_prose_are_no_key():
    """A description with a table of contents would be taken for an attack."""
    text = (
        '''a = """\n1. Data . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . . 2\n'''
        + "... " * 100
        + '"""\n'
    )
    assert load_toml(HEAD + text.encode(), "file").required("a", str)


@pytest.mark.parametrize(
    ("parse", "text", "key", "close"),
    [
        (parse_config, f'id = "{UUID}"\ndefault_remot = "x"\n', "default_remot", "default_remote"),
        (parse_policy, 'epoch = 1\nbranch = "main"\nstage = 1\n', "stage", "stages"),
        (parse_policy, 'epoch = 1\nbranch = "main"\n[rules]\nregistr = []\n', "registr", "register"),
        (parse_policy, 'epoch = 1\nbranch = "main"\n[stages.a]\napproval = {}\n', "approval", "approvals"),
    ],
)
def test_an_unknown_key_is_a_mistake_with_a_suggestion(parse, text, key, close):
    """A misspelt rule would be a rule that does not hold."""
    with pytest.raises(FormatError, match=f"{key}: unknown key") as caught:
        parse(HEAD + text.encode())
    assert caught.value.hint == f"did you mean '{close}'?"


def test_a_complaint_stays_one_short_line():
    """A key could write to the reader's terminal, or fill it."""
    key = "\\u001b[31m\\n" + "x" * 10_000
    with pytest.raises(FormatError) as caught:
        parse_config(HEAD + f'id = "{UUID}"\n"{key}" = 1\n'.encode())
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 200


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_parsed_or_refused(data):
    """A crash would look like a bug of ours."""
    for parse in PARSERS:
        only_gitreg_errors(lambda parse=parse: parse(data))
        only_gitreg_errors(lambda parse=parse: parse(HEAD + data))

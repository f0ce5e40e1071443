"""Texts that a reader takes for more than words."""

import pickle
import time

import pytest

from bench.scan.text_files import ENTITIES, POLYGLOTS, USUAL, WORDS, source, typed
from bench.scan.wire import field
from gitreg.gates.scan.budget import Limits
from gitreg.gates.scan.looks import LOOKS
from gitreg.gates.scan.profiles.table import DEFAULT, allow_list
from gitreg.gates.scan.scan import scan_file

TAGS = {
    "short": "a: !!python/object/apply:os.getcwd []",
    "verbatim": "a: !<tag:yaml.org,2002:python/object/apply:os.getcwd> []",
    "verbatim with numbers": "a: !<tag:yaml.org,2002:pyth%6Fn/object/apply:os.getcwd> []",
    "numbers for letters": "a: !!pyth%6Fn/object/apply:os.getcwd []",
    "all of it in numbers": "a: !!%70ython/name:os.getcwd ''",
    "another prefix": "%TAG !e! tag:yaml.org,2002:pyth%6fn/\n---\na: !e!object/apply:os.getcwd []",
    **{
        f"behind {name}": f"# hi{end}%TAG !e! tag:yaml.org,2002:py\n---\n!e!thon/object/apply:os.getcwd []"
        for name, end in {"CR": "\r", "NEL": "\x85", "LS": "\u2028", "PS": "\u2029"}.items()
    },
    "far down": "# " + "x" * (9 << 20) + "\na: !!python/object/new:os.getcwd []",
}


@pytest.mark.parametrize("name", ["config.yaml", "README.md"])
@pytest.mark.parametrize("way", TAGS)
def test_a_tag_by_which_a_reader_calls_python_is_found(scanned, way, name):
    (finding,) = scanned(TAGS[way].encode(), name).findings
    assert (finding.rule, finding.verdict) == ("yaml-tag", "unsafe")
    assert finding.where.startswith("at ")


@pytest.mark.parametrize(
    "text",
    ["a: !!float 1\nb: !!set {x, y}\n", "Great!! See ![plot](a%20b.png), <!-- 50% -->\n", "python/objects: 100%\n"],
)
def test_usual_words_are_none(scanned, text):
    assert scanned(text.encode(), "config.yaml").safe


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be", "utf-16-le"])
def test_text_that_is_not_looked_into_is_not_safe(scanned, codec):
    """HDF5's magic number may stand further down, in a comment: YAML's and XML's readers take UTF-16."""
    text = "<!-- ".encode(codec).ljust(512, b" ") + b"\x89HDF\r\n\x1a\n" + bytes(100)
    assert scanned(text, "a.xml").verdict == "unknown"


def test_a_line_that_python_runs_when_it_starts_is_not_safe(scanned):
    assert scanned(b"OggS\0\0\nimport os; os.getcwd()\n", "x.pth").verdict == "unknown"


def test_a_table_that_begins_with_empty_lines_is_no_program(scanned):
    assert scanned(b"\r\n\r\na,b\r\n1,2\r\n", "a.csv").safe


@pytest.mark.parametrize("text", ["!" * (4 << 20), "!<" * (2 << 20), ("!!" + "a" * 199) * (20 << 10)])
def test_text_that_always_begins_a_tag_takes_time_by_its_length_only(scanned, text):
    started = time.process_time()
    assert scanned(text.encode()).safe
    assert time.process_time() - started < 10


LAMBDA = b'{"class_name": "Lambda", "config": {}}'


@pytest.mark.parametrize("before", [b" " * 100, b"\n" * (1 << 17), b"\xef\xbb\xbf", b"\xef\xbb\xbf \t\r\n"])
def test_a_configuration_behind_blanks_is_one(scanned, before):
    assert scanned(before + LAMBDA, "config.json").verdict == "unsafe"


def test_json_that_is_too_long_to_be_looked_at_is_not_taken_for_words(tmp_path):
    (tmp_path / "config.json").write_bytes(LAMBDA.ljust(2000))
    result = scan_file(tmp_path / "config.json", allow_list(DEFAULT), LOOKS, Limits(text=1999))
    assert (result.verdict, [finding.rule for finding in result.findings]) == ("unknown", ["json-size"])
    assert scan_file(tmp_path / "config.json", allow_list(DEFAULT), LOOKS, Limits(text=2000)).verdict == "unsafe"


def test_json_that_nests_too_deep_for_this_reader_is_not_taken_for_words(scanned):
    """Other readers may go deeper."""
    result = scanned(b"[" * 200_000 + LAMBDA + b"]" * 200_000, "config.json")
    assert (result.verdict, [finding.rule for finding in result.findings]) == ("unknown", ["json-depth"])


@pytest.mark.parametrize("form", POLYGLOTS)
def test_text_that_a_binary_format_takes_too_is_looked_at_as_text(scanned, form):
    """Each was data to the scanner, and a call to a YAML loader."""
    result = scanned(POLYGLOTS[form], "config.yaml")
    assert "yaml-tag" in {finding.rule for finding in result.findings}
    assert result.verdict == "unsafe"


def test_text_that_is_of_a_binary_format_too_is_not_taken_for_that_alone(scanned):
    """Of texts, some readers make what this scanner does not know."""
    result = scanned(field(1, field(5, b"{}".ljust(40))), "keras_metadata.pb")
    assert (result.format, [finding.rule for finding in result.findings]) == ("keras-metadata", ["ambiguous"])


def test_a_pickle_that_is_text_by_nature_passes(scanned):
    assert scanned(pickle.dumps({"a": 1}, 0), "state.pkl").safe


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("name", ["modeling.py", "run.sh", "init.lua"])
def test_a_program_that_begins_like_data_is_a_source(scanned, word, name):
    result = scanned(source(word), name)
    assert (result.verdict, {finding.rule for finding in result.findings}) == ("unknown", {"source"})


def test_what_is_called_a_program_is_not_passed_as_data(scanned):
    """Shells run line by line, and stop at the first that they cannot read."""
    assert scanned(b"\xff\xd8\xff\ntrue\n", "run.sh").verdict == "unknown"


@pytest.mark.parametrize("way", ENTITIES)
def test_what_an_xml_reader_puts_in_from_elsewhere_is_found(scanned, way):
    result = scanned(ENTITIES[way], "model.xml")
    assert (result.verdict, [finding.rule for finding in result.findings]) == ("unsafe", ["xml-entity"])


@pytest.mark.parametrize("use", USUAL)
def test_usual_document_types_pass(scanned, use):
    assert scanned(typed(USUAL[use]), "a.xml").safe

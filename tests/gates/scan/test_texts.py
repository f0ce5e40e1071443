"""Texts that a reader takes for more than words."""

import time

import pytest

TAGS = {
    "short": "a: !!python/object/apply:os.getcwd []",
    "verbatim": "a: !<tag:yaml.org,2002:python/object/apply:os.getcwd> []",
    "verbatim with numbers": "a: !<tag:yaml.org,2002:pyth%6Fn/object/apply:os.getcwd> []",
    "numbers for letters": "a: !!pyth%6Fn/object/apply:os.getcwd []",
    "all of it in numbers": "a: !!%70ython/name:os.getcwd ''",
    "another prefix": "%TAG !e! tag:yaml.org,2002:pyth%6fn/\n---\na: !e!object/apply:os.getcwd []",
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


@pytest.mark.parametrize("text", ["!" * (4 << 20), "!<" * (2 << 20), ("!!" + "a" * 199) * (20 << 10)])
def test_text_that_always_begins_a_tag_takes_time_by_its_length_only(scanned, text):
    started = time.process_time()
    assert scanned(text.encode()).safe
    assert time.process_time() - started < 10

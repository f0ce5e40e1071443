"""Binary formats that are data to their readers: they pass, and what their readers could make of them is found."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.scan import saved_models
from bench.scan.data_files import (
    CATBOOST,
    ENTITY,
    FLAX,
    HEADS,
    OBJECT_TYPES,
    OBJECTS,
    PICKLED,
    TABLES,
    TWO_OPERATIONS,
    XGBOOST,
    array,
    binary,
    blob,
    core_ml,
    extension,
    program,
    short,
    table,
    ubjson,
    weights,
)  # fmt: skip
from bench.scan.flat_buffers import flex, octets, tflite
from bench.scan.wire import field, number, varints
from gitreg.gates.scan.budget import Limits
from gitreg.gates.scan.looks import LOOKS
from gitreg.gates.scan.profiles.table import DEFAULT, allow_list
from gitreg.gates.scan.scan import scan_file

CALL = b"\x80\x04\x8c\x02os\x8c\x06getcwd\x93)R."


LAYER = field(1, b"x") + field(500, field(10, b"Company"))
PIPELINE = core_ml(202, field(1, core_ml(500, field(1, LAYER))))
READS_FILES = [
    flex(b"Add", TWO_OPERATIONS),
    flex(b"Add", field(2, b"ReadFile") + field(1, field(2, b"Add"))),
    flex(b"Add", field(2, b"Add") + varints(2 << 3 | 2 | 1 << 32, 8) + b"ReadFile"),
    octets(field(1, b"x") + TWO_OPERATIONS),
]
# In a branch of a loop.
NESTED = core_ml(500, field(1, field(615, field(4, field(1, field(605, field(2, field(1, LAYER))))))))
OUTSIDE = [
    b"/etc/passwd",
    b"weight.bin",
    b"@model_path/../x.bin",
    b"@model_path//x",
    b"@model_path\\..\\x",
    b"@model_path/x\0",
    b"@model_path/" + b"a/" * 200 + b"../" * 230 + b"etc/passwd",
]


def values(value):
    """By itself, in a list, in a dictionary, and with the attributes of its type."""
    attributes = field(4, field(1, b"x") + field(2, value))
    yield value
    yield field(3, field(3, field(1, value)))
    yield field(3, field(4, field(1, field(2, value))))
    yield field(2, field(1, attributes))


DATA = {
    "msgpack": [
        FLAX,
        array(b"<f8"),
        table(type=short(b"object")),
        table(times=extension(255, bytes(8)), x=b"\xd4\x01\x00"),
    ],
    "ubjson": [ubjson(), ubjson(b"[$U#i\x02\x01\x02"), ubjson(b"{$U#i\x01i\x01a\x07"), ubjson(b"[TFZi\x05]")],
    "catboost": [CATBOOST],
    "xgboost": [XGBOOST, b"binf" + XGBOOST],
    "parquet": [TABLES["parquet"](bytes(60))],
    "arrow": [TABLES["arrow file"](bytes(60)), TABLES["arrow stream"](bytes(60))],
    "tflite": [tflite(), tflite(b"TFLite_Detection_PostProcess"), tflite(b"FlexAdd", flex(b"Add"))],
    "coreml": [core_ml(500, field(1, field(140, b""))), program(blob(b"@model_path/weights/weight.bin"))],
    "coreml-weights": [weights(b"1234"), weights(b"1" * 64, b"2" * 65)],
    "feather": [b"FEA1" + bytes(60) + b"FEA1"],
    "ggml": [b"lmgg" + bytes(60), b"tjgg\x03" + bytes(60)],
    "mp3": [b"ID3\x04\x00\x00" + bytes(60)],
    "riff": [b"RIFF\x04\0\0\0WAVE", b"RIFF\xff\xff\xff\xffWAVE" + bytes(9)],
    "flac": [b"fLaC\x80\0\0\x22" + bytes(34)],
    "ogg": [b"OggS\0\2" + bytes(60)],
    "gif": [b"GIF89a\1\0\1\0\0\0\0,"],
}
HOSTILE = {
    "msgpack-objects": [OBJECTS, table(w=table(kind=b"\xa1O")), table(w=b"\x91" + OBJECTS)],
    "msgpack-type": [array(kind) for kind in (*OBJECT_TYPES, b"f8" + bytes(16))],
    "msgpack-extension": [table(w=extension(42, b"x"))],
    "pickle-call": [table(w=binary(CALL)), table(w=extension(1, CALL))],
    "arrow-pickle": [made(bytes(shift) + PICKLED) for made in TABLES.values() for shift in range(3)],
    "tflite-operator": [
        tflite(b"CompanyOp"),
        tflite(b"FlexAdd", flex(b"CompanyOp")),
        tflite(b"FlexAdd"),
        *[tflite(b"FlexAdd", options) for options in READS_FILES],
    ],
    "graph-operation": [
        tflite(b"FlexReadFile", flex(b"ReadFile")),
        tflite(b"FlexAdd", flex(b"WriteFile")),
        tflite(b"FlexCompanyOp", flex(b"CompanyOp")),
    ],
    "coreml-custom": [core_ml(500, field(1, LAYER)), core_ml(555, b""), core_ml(556, b""), PIPELINE, NESTED],
    "coreml-external": [program(value) for place in OUTSIDE for value in values(blob(place))],
    "coreml-program": [core_ml(502, blob(b"/x")), program(b"@model_path/x"), program(blob(b"") + field(9, b""))],
    "program": [b"ftrt" + bytes(60), b"\xac\xed\0\5sr", b"\x1bLua\x53", b"!<arch>\n" + bytes(60)],
    "xml-entity": [ENTITY, b"\xef\xbb\xbf \n" + ENTITY],
}


@pytest.mark.parametrize(("form", "data"), [(form, each) for form, all_of_it in DATA.items() for each in all_of_it])
def test_data_passes(scanned, form, data):
    result = scanned(data, "file")
    assert (result.format, result.findings) == (form, ())


@pytest.mark.parametrize(("rule", "data"), [(rule, each) for rule, all_of_it in HOSTILE.items() for each in all_of_it])
def test_what_is_more_than_data_is_found(scanned, rule, data):
    result = scanned(data, "file")
    assert rule in {finding.rule for finding in result.findings}
    assert all(finding.advice for finding in result.findings)


@pytest.mark.parametrize("form", DATA)
def test_a_file_that_is_cut_off_or_goes_on_is_not_taken_for_whole(scanned, form):
    """Of those that say how long they are; behind the others, their readers look at nothing."""
    (data, *_) = DATA[form]
    if form in {"msgpack", "ubjson", "parquet", "catboost"}:
        assert not scanned(data[:-1], "file").safe
    if form in {"msgpack", "ubjson", "parquet"}:
        assert not scanned(data + b"\x00", "file").safe


def test_numbers_that_begin_like_messagepack_are_not_judged_as_such(scanned):
    """Of raw weights, some begin with any byte there is."""
    result = scanned(table(w=extension(42, b"x")) + b"\xc1", "file")
    assert [finding.rule for finding in result.findings] == ["unknown-format"]


@pytest.mark.parametrize("head", HEADS)
def test_what_stands_before_xgboost_s_names_is_looked_at(scanned, head):
    """Any other format could begin there."""
    assert not scanned(HEADS[head] + XGBOOST[136:], "file").safe


def test_structured_arrays_are_not_taken_for_numbers(scanned):
    strange = table(nd=b"\xc3", type=b"\x91\x92" + short(b"x") + short(b"|O"), kind=binary(b"V"), data=binary(b""))
    assert [finding.rule for finding in scanned(strange, "file").findings] == ["msgpack-type"]


def test_words_about_entities_are_no_entities(scanned):
    assert scanned(b"Write <!ENTITY x SYSTEM 'file'> at the top\n", "README.md").safe


SEEDS = [each for all_of_it in (DATA | HOSTILE).values() for each in all_of_it]
SEEDS += [data for _, data in (*saved_models.adversarial(), *saved_models.benign()) if isinstance(data, bytes)]


@st.composite
def damaged(draw):
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(1, len(data)))])


BEGINNINGS = [b"\x82", b"\xdf", b"{L\0\0", b"PAR1", b"ARROW1\0\0", b"\xff" * 4, b"\x1c\0\0\0TFL3", b"CBM1"]
ANY = damaged() | st.builds(bytes.__add__, st.sampled_from(BEGINNINGS), st.binary(max_size=120))


@settings(max_examples=400, deadline=None)
@given(data=ANY, suffix=st.sampled_from(["", ".pb", ".meta"]))
def test_any_bytes_end_in_a_verdict(tmp_path_factory, data, suffix):
    """A crash would stop a promotion, or be taken for a pass by whoever wraps the scanner."""
    file = tmp_path_factory.getbasetemp() / f"hostile{suffix}"
    file.write_bytes(data)
    result = scan_file(file, allow_list(DEFAULT), LOOKS, Limits(steps=100_000))
    assert result.safe == (not result.findings)


LONG_KEYS = varints(0, 40_000, 0) + b"k" * 40_000 + b"".join(varints(40_000, 1, 0, 65 + i) for i in range(50))
ROWS = saved_models.block([(b"", number(1, 1))] + [(b"w%d" % each, b"") for each in range(100)])
BOMBS = {
    "keys that repeat": (
        "budget",
        saved_models.table(varints(0, 0, 2) + number(1, 1) + LONG_KEYS + bytes(4) + b"\x01\0\0\0"),
    ),
    "one block many times": (
        "unknown-format",
        saved_models.ended(
            ROWS + bytes(5), saved_models.block([(b"x%d" % each, varints(0, len(ROWS))) for each in range(900)])
        ),
    ),
    "a long name": ("tflite", tflite(b"A" * 65)),
    "one operator many times": ("budget", tflite(b"FlexAdd", octets(bytes(1 << 16)), times=60)),
}


@pytest.mark.parametrize("way", BOMBS)
def test_what_costs_more_than_its_length_is_refused_or_counted(tmp_path, way):
    """In steps, which do not depend on the machine."""
    rule, data = BOMBS[way]
    file = tmp_path / "bomb"
    file.write_bytes(data)
    result = scan_file(file, allow_list(DEFAULT), LOOKS, Limits(steps=200_000))
    assert rule in {finding.rule for finding in result.findings}


@pytest.mark.parametrize(
    "data",
    [
        b"\x81\xa1x" + b"\x91" * 100_000,
        b"\x81\xa1x\xdd\xff\xff\xff\xff" + b"\xc0" * 100_000,
        b"\x81\xa1x" + b"\xc4\x04\x80\x02}." * 60_000,
        b"{" + b"i\x01a{" * 50_000,
        b"{i\x01a[$Z#L\x7f" + b"\xff" * 100_000,
        b"\x08\x07\x12\x00" + b"\xd2\x0c\x02\x0a\x00" * 40_000,
    ],
)
def test_hostile_lengths_and_depths_take_little_time(scanned, data):
    started = time.process_time()
    assert not scanned(data, "file").safe
    assert time.process_time() - started < 10

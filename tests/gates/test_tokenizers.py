"""Tokenizers: what passes is only what the format has, and other files of the same ending are left alone."""

import contextlib
import io
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.errors import FormatError
from gitreg.gates.formats.sentencepiece import check_sentencepiece
from gitreg.gates.formats.table import inspect
from gitreg.gates.scan.looks import scan_paths
from gitreg.gates.scan.profiles.table import DEFAULT


def inside(number, data):
    """A field with a length below 128."""
    return bytes([number << 3 | 2, len(data)]) + data


SCORE = struct.pack("<Bf", 2 << 3 | 5, -1.5)


def piece(text, rest=SCORE):
    return inside(1, inside(1, text) + rest)


PIECES = piece(b"<unk>", b"\x15\0\0\0\0\x18\x02") + piece("▁a".encode()) + piece(b"b")
SETTINGS = inside(2, inside(1, b"corpus.txt")) + inside(3, inside(1, b"nmt_nfkc"))
MODEL = PIECES + SETTINGS
OWN = b"\xc2\x0c\x01x"  # field 200, which extensions begin with
BROKEN = {
    "another field": MODEL + inside(7, b"graph"),
    "a field of another kind": MODEL + b"\x10\x01",
    "a group": MODEL + b"\x0b",
    "bytes at the end": MODEL + b"\0",
    "cut off": MODEL[:-1],
    "a number without an end": MODEL + b"\xff" * 12,
    "a piece with another field": PIECES + piece(b"c", inside(4, b"x")),
    "a piece that reaches out of itself": PIECES + b"\x0a\x03\x0a\x05abcde",
    "a piece without a text": PIECES + inside(1, b"\x18\x01"),
    "a piece of an unknown type": PIECES + piece(b"c", b"\x18\x09"),
    "a piece that is not UTF-8": PIECES + piece(b"\xff"),
    "no pieces": SETTINGS,
}
TOKENIZER = {
    "version": "1.0",
    "truncation": None,
    "added_tokens": [{"id": 0, "content": "<s>", "special": True}],
    "normalizer": {"type": "NFC"},
    "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []},
}


def placed(folder, name, data):
    (folder / name).write_bytes(data)
    return folder / name


def scanned(path):
    (result,) = scan_paths([path], DEFAULT)
    return result.format, result.verdict.value


@pytest.mark.parametrize("data", [MODEL, MODEL + OWN])
def test_a_sentencepiece_model_is_known_and_data(tmp_path, data):
    path = placed(tmp_path, "tokenizer.model", data)
    assert inspect(path) == "sentencepiece"
    assert scanned(path) == ("sentencepiece", "safe")


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_what_only_begins_like_one_is_refused(tmp_path, data):
    """Otherwise anything could follow the pieces, for another reader."""
    with pytest.raises(FormatError):
        check_sentencepiece(io.BytesIO(data), len(data))
    assert scanned(placed(tmp_path, "tokenizer.model", data))[1] == "unknown"


def test_a_damaged_one_does_not_pass_as_some_other_file(tmp_path):
    with pytest.raises(FormatError, match="cut off"):
        inspect(placed(tmp_path, "tokenizer.model", MODEL[:-1]))


def test_other_files_of_the_same_ending_claim_nothing(tmp_path):
    """Gensim, XGBoost and tiktoken use it, too."""
    assert inspect(placed(tmp_path, "tokenizer.model", b"IQ== 0\nIg== 1\n")) is None


@given(st.binary(max_size=80), st.integers(0, len(MODEL)))
def test_any_bytes_are_refused_by_name_or_pass(data, at):
    whole = MODEL[:at] + data
    with contextlib.suppress(FormatError):
        check_sentencepiece(io.BytesIO(whole), len(whole))


def test_a_tokenizer_json_is_known(tmp_path):
    assert inspect(placed(tmp_path, "tokenizer.json", json.dumps(TOKENIZER).encode())) == "tokenizer"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"model": None}, "no model"),
        ({"model": {"type": "BPE"}}, "no model with a vocabulary"),
        ({"version": 1}, "version"),
        ({"decoder": "os.system"}, "decoder"),
        ({"added_tokens": {}}, "added_tokens"),
        ({"added_tokens": [{"id": True, "content": "a"}]}, "added_tokens"),
    ],
)
def test_a_tokenizer_json_of_another_shape_is_refused(tmp_path, change, named):
    with pytest.raises(FormatError, match=named):
        inspect(placed(tmp_path, "tokenizer.json", json.dumps(TOKENIZER | change).encode()))

"""Numbers without a header pass if a file beside them accounts for each of them, and never on their name alone."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.scan.data_files import IR, NUMBERS, openvino
from bench.scan.model_files import onnx_model
from bench.scan.saved_models import block, checkpoint, ended, table
from bench.scan.wire import field, number, varints
from gitreg.errors import FormatError
from gitreg.gates.formats.bundle import read_bundle
from gitreg.gates.scan.looks import scan_paths
from gitreg.gates.scan.profiles.table import DEFAULT

OTHER = b"\xca\xfe\xd0\x0dEvil"  # the beginning of a format that nobody knows
INDEX = checkpoint([(0, 0, 8), (0, 8, 16)])


def onnx(length=b"24", shape=(2, 3), kind=1, offset=b"0", location=1):
    """A model with one tensor outside."""
    texts = {b"location": b"m.onnx.data", b"offset": offset, b"length": length}
    entries = b"".join(field(13, field(1, key) + field(2, value)) for key, value in texts.items() if value)
    dimensions = b"".join(number(1, each) for each in shape)
    tensor = dimensions + number(2, kind) + field(8, b"w") + entries + number(14, location)
    return onnx_model() + field(7, field(5, tensor))


ONNX = onnx()


def ignored(count):
    """What is read here is little."""


DESCRIBED = {
    "tf-checkpoint": ("v.index", INDEX, "v.data-00000-of-00001"),
    "openvino": ("m.xml", IR, "m.bin"),
    "onnx-data": ("m.onnx", ONNX, "m.onnx.data"),
}


@pytest.fixture
def judged(tmp_path):
    def run(files):
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        return {result.path.rpartition("/")[2]: result for result in scan_paths([tmp_path], DEFAULT)}

    return run


@pytest.mark.parametrize("form", DESCRIBED)
def test_weights_that_are_described_are_data(judged, form):
    name, description, weights = DESCRIBED[form]
    results = judged({name: description, weights: NUMBERS})
    assert {result.verdict for result in results.values()} == {"safe"}
    assert results[weights].format == form


@pytest.mark.parametrize("form", DESCRIBED)
@pytest.mark.parametrize("data", [NUMBERS[:-4], NUMBERS + bytes(4)])
def test_a_byte_more_or_less_than_described_is_unknown(judged, form, data):
    name, description, weights = DESCRIBED[form]
    assert judged({name: description, weights: data})[weights].verdict == "unknown"


@pytest.mark.parametrize("form", DESCRIBED)
def test_weights_that_nobody_describes_are_unknown(judged, form):
    assert judged({DESCRIBED[form][2]: NUMBERS})[DESCRIBED[form][2]].verdict == "unknown"


@pytest.mark.parametrize("form", DESCRIBED)
def test_a_description_that_is_a_link_is_not_followed(judged, tmp_path, form):
    name, description, weights = DESCRIBED[form]
    (tmp_path / "elsewhere").write_bytes(description)
    (tmp_path / name).symlink_to("elsewhere")
    assert judged({weights: NUMBERS})[weights].verdict == "unknown"


DISAGREEING = {
    "onnx: no shape": ("m.onnx", onnx(shape=()), "m.onnx.data"),
    "onnx: another shape": ("m.onnx", onnx(shape=(2, 2)), "m.onnx.data"),
    "onnx: of unknown numbers": ("m.onnx", onnx(kind=8), "m.onnx.data"),
    "onnx: neither shape nor length": ("m.onnx", onnx(length=b"", shape=()), "m.onnx.data"),
    "onnx: not outside": ("m.onnx", onnx(location=0), "m.onnx.data"),
    "openvino: no shape": ("m.xml", openvino(shape=b"-"), "m.bin"),
    "openvino: another shape": ("m.xml", openvino(shape=b"2,2"), "m.bin"),
    "openvino: no constant": ("m.xml", IR.replace(b"Const", b"Parameter"), "m.bin"),
    "openvino: within a comment": ("m.xml", IR[:22] + b"<net><!-- " + IR[22:] + b" --></net>", "m.bin"),
    "openvino: beside a comment": ("m.xml", openvino(before=b"<!-- x -->"), "m.bin"),
    "openvino: words": ("m.xml", IR[:-8], "m.bin"),
}


@pytest.mark.parametrize("way", DISAGREEING)
def test_a_description_that_disagrees_with_itself_says_nothing(judged, way):
    """Each stood for all bytes of any file."""
    name, description, weights = DISAGREEING[way]
    assert judged({name: description, weights: NUMBERS})[weights].verdict == "unknown"


@pytest.mark.parametrize("name", ["m.onnx", "m.xml"])
def test_between_tensors_are_zeros_only(judged, name):
    description = {"m.onnx": onnx(offset=b"8"), "m.xml": openvino(offset=8)}[name]
    weights = {"m.onnx": "m.onnx.data", "m.xml": "m.bin"}[name]
    assert judged({name: description, weights: bytes(8) + NUMBERS})[weights].safe
    assert judged({name: description, weights: OTHER + NUMBERS})[weights].verdict == "unknown"


def test_a_pickle_in_place_of_weights_is_a_pickle_whatever_describes_it(judged, payload):
    data = pickle.dumps(payload)
    result = judged({"v.index": checkpoint([(0, 0, len(data))]), "v.data-00000-of-00001": data})[
        "v.data-00000-of-00001"
    ]
    assert (result.format, result.verdict) == ("pickle", "unsafe")


def test_texts_have_the_size_that_the_index_says(judged):
    judged_files = judged({"v.index": checkpoint([(0, 0, 24)], kind=7), "v.data-00000-of-00001": NUMBERS})
    assert {result.verdict for result in judged_files.values()} == {"safe"}


def test_an_index_gives_each_tensor_s_place():
    bundle = read_bundle(checkpoint([(0, 0, 300), (1, 5, 2)], 2), ignored)
    assert (bundle.shards, bundle.extents) == (2, ((0, 0, 300), (1, 5, 2)))


HEADER = block([(b"", number(1, 1))])
LISTED = [(b"x", varints(0, len(HEADER)))]
BROKEN = {
    "outside of itself": ended(HEADER + bytes(5), block([(b"x", varints(0, 1 << 20))])),
    "where the one before ends": checkpoint([(0, 0, 8)], before=OTHER),
    "begin where the one before": ended(HEADER + bytes(5), block([*LISTED, (b"~", LISTED[-1][1])])),
    "behind its last": INDEX[:-9] + b"x" + INDEX[-8:],
    "behind its last block": INDEX[:-48] + b"rm -rf x\n" + INDEX[-48:],
    "a block about": ended(HEADER + bytes(5), block(LISTED), block([(b"sh", b"")])),
    "leads elsewhere": ended(HEADER[:-8] + b"evil" + HEADER[-4:] + bytes(5), block(LISTED)),
    "not sorted": table(block([(b"", number(1, 1)), (b"w", b""), (b"w", b"")])),
    "does not begin by": table(block([(OTHER, number(1, 1))])),
    "does not end": INDEX[:-1] + b"x",
    "compressed": INDEX.replace(b"\x01\0\0\0" + bytes(5), b"\x01\0\0\0\1" + bytes(4)),
    "how many files": checkpoint([], 0),
    "field 9": INDEX.replace(b"\x08\x04\x12", b"\x08\x04\x4a"),
    "another size than its numbers": checkpoint([(0, 0, 8)], kind=1),
    "type or shape that does not exist": checkpoint([(0, 0, 8)], kind=20),
}


@pytest.mark.parametrize("message", BROKEN)
def test_what_is_no_index_is_unknown(judged, message):
    with pytest.raises(FormatError, match=message):
        read_bundle(BROKEN[message], ignored)
    assert judged({"v.index": BROKEN[message]})["v.index"].verdict == "unknown"


@given(st.binary(max_size=200).map(lambda data: data + INDEX[-48:]) | st.binary(max_size=80))
def test_an_index_of_any_bytes_is_read_or_refused(data):
    try:
        read_bundle(data, ignored)
    except FormatError:
        return


@given(st.integers(0, len(INDEX) - 9), st.integers(0, 255))
def test_a_changed_byte_is_read_or_refused(place, value):
    try:
        read_bundle(INDEX[:place] + bytes([value]) + INDEX[place + 1 :], ignored)
    except FormatError:
        return

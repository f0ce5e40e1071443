"""Numbers without a header pass if a file beside them accounts for each of them, and never on their name alone."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.scan.data_files import IR, NUMBERS
from bench.scan.model_files import onnx_model
from bench.scan.saved_models import block, checkpoint, ended, table
from bench.scan.wire import field, number, varints
from gitreg.errors import FormatError
from gitreg.gates.formats.bundle import read_bundle
from gitreg.gates.scan.looks import scan_paths
from gitreg.gates.scan.profiles.table import DEFAULT

INDEX = checkpoint([(0, 0, 8), (0, 8, 16)])
EXTERNAL = b"".join(
    field(13, field(1, key) + field(2, value)) for key, value in ((b"location", b"m.onnx.data"), (b"length", b"24"))
)
ONNX = onnx_model() + field(7, field(5, field(8, b"w") + EXTERNAL))


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


def test_a_pickle_in_place_of_weights_is_a_pickle_whatever_describes_it(judged, payload):
    data = pickle.dumps(payload)
    result = judged({"v.index": checkpoint([(0, 0, len(data))]), "v.data-00000-of-00001": data})[
        "v.data-00000-of-00001"
    ]
    assert (result.format, result.verdict) == ("pickle", "unsafe")


def test_an_index_gives_each_tensor_s_place():
    bundle = read_bundle(checkpoint([(0, 0, 300), (1, 5, 2)], 2), ignored)
    assert (bundle.shards, bundle.extents) == (2, ((0, 0, 300), (1, 5, 2)))


JAVA = b"\xac\xed\x00\x05sr\x00\x04Evil"
HEADER = block([(b"", number(1, 1))])
LISTED = [(b"x", varints(0, len(HEADER)))]
BROKEN = {
    "outside of itself": ended(HEADER + bytes(5), block([(b"x", varints(0, 1 << 20))])),
    "where the one before ends": checkpoint([(0, 0, 8)], before=JAVA),
    "begin where the one before": ended(HEADER + bytes(5), block([*LISTED, *LISTED])),
    "behind its last": INDEX[:-9] + b"x" + INDEX[-8:],
    "behind its last block": INDEX[:-48] + b"rm -rf x\n" + INDEX[-48:],
    "a block about": ended(HEADER + bytes(5), block(LISTED), block([(b"sh", b"")])),
    "leads elsewhere": ended(HEADER[:-8] + b"evil" + HEADER[-4:] + bytes(5), block(LISTED)),
    "not sorted": table(block([(b"", number(1, 1)), (b"w", b""), (b"w", b"")])),
    "does not begin by": table(block([(JAVA, number(1, 1))])),
    "does not end": INDEX[:-1] + b"x",
    "compressed": INDEX.replace(b"\x01\0\0\0" + bytes(5), b"\x01\0\0\0\1" + bytes(4)),
    "how many files": checkpoint([], 0),
    "field 9": INDEX.replace(b"\x08\x01\x12\x00", b"\x08\x01\x4a\x00"),
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

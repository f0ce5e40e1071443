"""What a pickle would do is seen, however it is written; what it may do is said by exact names."""

import collections
import datetime
import decimal
import fractions
import io
import pickle
import uuid

import joblib
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def rules(result):
    return {finding.rule for finding in result.findings}


PLAIN = {
    "containers": {"a": [1, -2.5, None, True, 1 << 70], "b": {1, 2}, "c": (1, 2, 3, 4), "d": frozenset({1})},
    "texts": ["x" * 5000, "\ud800", "", b"\xff", bytearray(b"x")],
    "dates": [datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), datetime.date(2026, 1, 1), datetime.timedelta(1)],
    "numbers": [decimal.Decimal("1.5"), fractions.Fraction(1, 3), complex(1, 2), range(3), slice(1), uuid.UUID(int=1)],
    "collections": [
        collections.OrderedDict(a=1),
        collections.defaultdict(list, a=[1]),
        collections.Counter("aab"),
        collections.deque([1, 2], 3),
    ],
    "numpy": [np.arange(3), np.float32(1), np.array(["a"]), np.array([1, None], dtype=object), np.dtype("f4")],
    "random states": [np.random.RandomState(0)],
}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", PLAIN)
def test_plain_data_is_safe_in_every_protocol(scanned, name, protocol):
    """A false alarm teaches people to look away."""
    result = scanned(pickle.dumps(PLAIN[name], protocol))
    assert (result.format, result.findings) == ("pickle", ())


@pytest.mark.parametrize("protocol", range(6))
def test_a_call_is_unsafe_in_every_protocol_and_says_where(scanned, payload, protocol):
    result = scanned(pickle.dumps([1, payload], protocol))
    assert result.verdict == "unsafe"
    assert rules(result) == {"pickle-import", "pickle-call"}
    assert all(finding.where.startswith("at ") and finding.advice for finding in result.findings)
    assert not any("gitreg convert" in finding.advice for finding in result.findings), "convert would refuse it"


def test_estimators_are_safe_only_by_their_own_profile(scanned):
    """scikit-learn's pickles run scikit-learn's code, so somebody has to say that they want them."""
    data = np.arange(40.0).reshape(20, 2)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(data, [0, 1] * 10)
    forest = RandomForestClassifier(3).fit(data, [0, 1] * 10)
    for estimator in (model, forest):
        assert scanned(pickle.dumps(estimator)).verdict == "unknown"
        advice = scanned(pickle.dumps(estimator)).findings[0].advice
        assert "--profile sklearn" in advice
        assert "gitreg convert" in advice
        assert scanned(pickle.dumps(estimator), profiles=("data", "numpy", "sklearn")).findings == ()


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 1)])
def test_joblib_files_are_read_as_joblib_reads_them(scanned, payload, compress):
    """Arrays lie raw between the opcodes; an array of objects is another pickle there."""
    values = {"x": np.arange(1000.0), "o": np.array([1, None], dtype=object), "u": np.array(["a", "bc"])}
    assert scanned(dumped(values, compress)).findings == ()
    assert scanned(dumped({**values, "p": np.array([payload])}, compress)).verdict == "unsafe"


def dumped(value, compress):
    buffer = io.BytesIO()
    joblib.dump(value, buffer, compress=compress)
    return buffer.getvalue()


def test_opcodes_that_hide_in_a_joblib_array_are_found(scanned):
    """joblib passes over the array's bytes; pickle.load takes them for opcodes."""
    hidden = b"cos\ngetcwd\n)R."
    raw = dumped({"x": np.frombuffer(hidden, np.uint8)}, 0)
    padding = raw[raw.index(hidden) - 16 : raw.index(hidden)]
    aligned = raw.replace(padding, b"\x0f" + b"I1\n0" * 3 + b"I1\n")
    assert scanned(raw).format == scanned(aligned).format == "joblib"
    assert not scanned(aligned).safe


TRICKS = {
    "memo overwritten": b"\x80\x04\x8c\x02os\x94\x8c\x06getcwd\x94h\x00h\x01\x93)R.",
    "memo by a huge number": b"\x80\x02Vx\nr\xff\xff\xff\xff0.",
    "name from the memo's second value": b"\x80\x04\x8c\x01xq\x00\x8c\x02osq\x00h\x00\x8c\x06getcwd\x93)R.",
    "INST": b"(ios\ngetcwd\n.",
    "OBJ": b"(cos\ngetcwd\no.",
    "NEWOBJ": b"\x80\x02cos\ngetcwd\n)\x81.",
    "NEWOBJ_EX": b"\x80\x04\x8c\x02os\x8c\x06getcwd\x93)}\x92.",
    "extension": b"\x80\x02\x82\x01.",
    "persistent id": b"\x80\x02X\x01\x00\x00\x00xQ.",
    "persistent id, text": b"Px\n.",
    "out-of-band buffer": b"\x80\x05\x97.",
    "no STOP": b"cos\ngetcwd\n)R",
    "after STOP": b"\x80\x02N.cos\ngetcwd\n)R.",
    "garbage after STOP": b"\x80\x02N.\x00\x00",
    "octal, for the machine in C only": b"I010\n0cos\ngetcwd\n)R.",
    "zero byte, for the machine in C only": b"I1\x00x\n0cos\ngetcwd\n)R.",
    "arguments of a list, in Python only": b"cos\ngetcwd\n]R.",
    "line without end": b"(ios\ngetcwd",
    "frame crossed": b"\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x8c\x06getcwd\x93)R.",
    "frame beyond the end": b"\x80\x04\x95\xff\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x8c\x06getcwd\x93)R.",
    "name of Python 2": b"c__builtin__\neval\n(S'1'\ntR.",
    "allowed name, other module": b"\x80\x04\x8c\x02os\x8c\x0bOrderedDict\x93)R.",
    "dotted way through an allowed module": b"\x80\x04\x8c\x0bcollections\x8c\x0c_sys.getsize\x93)R.",
    "what a call returned is called": b"\x80\x02ccollections\nOrderedDict\n)R)R.",
    "a class itself is changed": b"\x80\x02ccollections\nOrderedDict\n}U\x01xK\x01sb.",
    "setstate of an instance": b"\x80\x02ccollections\nOrderedDict\n)R}U\x0c__setstate__K\x01sb.",
    "import without a call": b"\x80\x02cantigravity\nfly\n.",
    "codec that inflates": b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x03\x00\x00\x00zip\x86R.",
    "bytes by their number": b"\x80\x02c__builtin__\nbytearray\nJ\xff\xff\xff\x7f\x85R.",
    "fraction to be worked out": b"\x80\x02cfractions\nFraction\nX\x07\x00\x00\x001E99999\x85R.",
    "factory": b"\x80\x02ccollections\ndefaultdict\ncos\ngetcwd\n\x85R.",
    "computed name": b"\x80\x04\x8c\x02osccollections\nCounter\n)R\x93)R.",
    "append of its own": b"\x80\x02cdecimal\nDecimal\n)RK\x01a.",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_are_not_safe(scanned, trick):
    """Each of these got past a scanner, or would get past one that takes opcodes for what they look like."""
    result = scanned(TRICKS[trick])
    assert not result.safe
    assert result.findings


@pytest.mark.parametrize("text", ["cat\ndog\nbird\n", "Timestamp,a\n1,2\n", "(see below)\n", "N.", "I1\n.", "x,y\n"])
def test_text_that_begins_like_a_pickle_is_text(scanned, text):
    assert scanned(text.encode()).safe


def test_the_same_finding_is_said_once(scanned, payload):
    """A pickle of a million calls must not be a report of a million lines."""
    assert len(scanned(pickle.dumps([payload] * 1000, 0)).findings) < 10

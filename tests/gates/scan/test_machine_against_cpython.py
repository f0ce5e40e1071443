"""The emulated machine against CPython's two: nothing that either of them imports or calls is missed."""

import contextlib
import io
import pickle
import pickletools
import sys
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitreg.gates.scan.budget import Meter
from gitreg.gates.scan.pickles.cursor import BrokenError, Cursor
from gitreg.gates.scan.pickles.events import Called, Imported, Oddity
from gitreg.gates.scan.pickles.machine import Machine

sys.setrecursionlimit(5000)


def events(data):
    seen = []
    with contextlib.suppress(BrokenError):
        Machine(Cursor(io.BytesIO(data)), Meter(), seen.append).load()
    return seen


class StandIn:
    """What is imported: takes any call and state, does nothing."""

    calls = 0

    def __init__(self, *args, **named):
        StandIn.calls += 1

    def __new__(cls, *args, **named):
        StandIn.calls += 1
        return object.__new__(cls)

    def __setstate__(self, state):
        pass

    def append(self, item):
        pass

    extend = add = append

    def __setitem__(self, key, value):
        pass


class Frugal(pickle._Unpickler):
    """The machine in Python fills as many bytes as a file claims, which takes minutes, and then reads what is there."""

    dispatch: ClassVar[dict] = dict(pickle._Unpickler.dispatch)

    def load_bytearray8(self):
        self.append(bytearray(self.read(int.from_bytes(self.read(8), "little"))))

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8


def watched(base, data):
    """The names that a machine of CPython asks for, and how many calls it makes."""
    asked = []

    class Watching(base):
        def find_class(self, module, name):
            if not module or not name:
                raise ImportError
            asked.append((module, name))
            return StandIn

        def persistent_load(self, identifier):
            return identifier

    StandIn.calls = 0
    with contextlib.suppress(Exception):
        Watching(io.BytesIO(data)).load()
    return asked, StandIn.calls


OPCODES = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]
PIECES = [b"cos\ngetcwd\n", b"(", b"t", b"R", b".", b"1\n", b"I010\n", b"\x8c\x02os", b"\x8c\x01x", b"\x93", b")", b"}"]
PIECES += [
    b"\x95\x04\x00\x00\x00\x00\x00\x00\x00",
    b"\x80\x04",
    b"q\x00",
    b"h\x00",
    b"\x94",
    b"K\x01",
    b"ios\nx\n",
    b"I1\x00\n",
]
SEQUENCES = st.lists(st.sampled_from(PIECES) | st.sampled_from(OPCODES) | st.binary(max_size=2), max_size=16).map(
    b"".join
)
REAL = [
    pickle.dumps(value, protocol)
    for protocol in range(6)
    for value in ({"a": [1, 2.5, "x" * 300, b"y"]}, np.arange(3), np.array([1, None], dtype=object), {1, 2})
]


@st.composite
def mutated(draw):
    data = bytearray(draw(st.sampled_from(REAL)))
    for _ in range(draw(st.integers(1, 4))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255) | st.sampled_from(b"cRib()tQ.0"))
    return bytes(data)


def _covers(seen, name):
    """Whether the emulation saw that name, or one of whose parts it says that only the loader can tell."""
    return all(known == part or known.startswith("(") for known, part in zip(seen, name, strict=True))


@pytest.mark.parametrize("base", [Frugal, pickle.Unpickler])
@settings(max_examples=600, deadline=None)
@given(data=SEQUENCES | mutated())
def test_nothing_that_cpython_does_is_missed(base, data):
    """A name or call that CPython reaches and the emulation does not is a way past the scanner."""
    asked, calls = watched(base, data)
    seen = events(data)
    named = {event.what.asked for event in seen if isinstance(event, Imported)}
    assert [name for name in asked if not any(_covers(seen, name) for seen in named)] == []
    if calls:
        assert any(isinstance(event, Called | Oddity) for event in seen)


@pytest.mark.parametrize("data", REAL, ids=range(len(REAL)))
def test_what_pickle_writes_is_read_to_the_same_end_with_the_same_names(data):
    asked, _ = watched(Frugal, data)
    cursor, seen = Cursor(io.BytesIO(data)), []
    Machine(cursor, Meter(), seen.append).load()
    assert [event.what.asked for event in seen if isinstance(event, Imported)] == asked
    assert cursor.offset == len(data)
    assert not any(isinstance(event, Oddity) for event in seen)

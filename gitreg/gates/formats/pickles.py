"""Would `pickle.load` run something here?  Asks the scanner's machine, which builds no object; knows no file name."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from gitreg.gates.scan.budget import Limits, Meter, TooMuchError
from gitreg.gates.scan.pickles.cursor import BrokenError, Cursor, CutOffError
from gitreg.gates.scan.pickles.events import Built, Called, Event, Imported, Odd, Oddity
from gitreg.gates.scan.pickles.machine import Machine

_WINDOWS = (1 << 16, 1 << 24)  # nearly every file is decided by the first opcodes
_LIMITS = Limits(steps=200_000)  # nothing but a pickle is that many valid opcodes long
_JOBLIB_COMPRESSED = b"ZF0x"  # joblib before 0.10: a length in hexadecimal, then a zlib stream of a pickle


@dataclass(slots=True)
class _Seen:
    """What is called was imported before; without an import, a call can only fail."""

    imports: bool = False
    runs: bool = False

    def __call__(self, event: Event) -> None:
        if isinstance(event, Imported) or (isinstance(event, Oddity) and event.kind is Odd.EXTENSION):
            self.imports = True
        elif isinstance(event, Called | Built):
            self.runs = self.runs or self.imports


def is_pickle(stream: BinaryIO, size: int | None) -> bool:
    """Whether unpickling this stream would import or call anything, or it is a pickle from its first opcode to STOP.

    Data that merely begins like a pickle is not one: the load would stop before anything happened.  What is still
    undecided after 16 MiB counts as a pickle.  `size` is the stream's in bytes, None if unknown.
    """
    data = b""
    for window in _WINDOWS:
        data += stream.read(window - len(data))
        if data.startswith(_JOBLIB_COMPRESSED):
            return True
        decided = _decided(data, len(data) if len(data) < window else size)
        if decided is not None:
            return decided
    return True


def _decided(data: bytes, size: int | None) -> bool | None:
    """None if what decides lies beyond `data`."""
    seen = _Seen()
    machine = Machine(Cursor(BytesIO(data)), Meter(_LIMITS), seen)
    try:
        machine.load()
    except CutOffError as error:
        beyond = size is None or error.end <= size
        return True if seen.runs else None if beyond else False
    except BrokenError:
        return seen.runs
    except TooMuchError:
        return True
    return machine.declared or seen.imports

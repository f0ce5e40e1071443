"""Would `pickle.load` run something here?  Walks the opcodes without building any object; knows no file name.

Opcodes, their arguments and their effect on the stack are the standard library's own tables (pickletools).
"""

from __future__ import annotations

import pickletools
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

_IMPORTS = frozenset({"GLOBAL", "STACK_GLOBAL", "INST", "EXT1", "EXT2", "EXT4"})
_CALLS = frozenset({"REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "BUILD"})
_CODES: Mapping[int, pickletools.OpcodeInfo] = {ord(opcode.code): opcode for opcode in pickletools.opcodes}
_LENGTHS: Mapping[int, int] = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
_TWO_LINES = frozenset({"GLOBAL", "INST"})  # a module's name, then an attribute's
_HIGHEST_PROTOCOL = 5
_WINDOWS = (1 << 16, 1 << 24)  # nearly every file is decided by the first opcodes
_MOST_OPCODES = 200_000  # nothing but a pickle is that many valid opcodes long
_JOBLIB_COMPRESSED = b"ZF0x"  # joblib before 0.10: a length in hexadecimal, then a zlib stream of a pickle


class _NotAPickle(Exception):  # noqa: N818  the ordinary answer for most files, not an error
    """Here `pickle.load` would stop, having run nothing."""


class _CutOff(Exception):  # noqa: N818
    """The window ends here; the stream may go on."""


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
        whole = len(data) < window
        try:
            return _Walk(BytesIO(data), size, whole).dangerous()
        except _NotAPickle:
            return False
        except _CutOff:
            if whole:
                return False
    return True


@dataclass(slots=True)
class _Walk:
    """What the pickle machine would hold: only how deep its stack is, and where its marks lie."""

    stream: BytesIO
    size: int | None
    whole: bool
    depth: int = 0
    marks: list[int] = field(default_factory=list)
    declared: bool = False
    imports: bool = False

    def dangerous(self) -> bool:
        for number in range(_MOST_OPCODES):
            opcode = self._opcode()
            self._skip_argument(opcode)
            self._move_stack(opcode)
            self.declared = self.declared or (number == 0 and opcode.name == "PROTO")
            self.imports = self.imports or opcode.name in _IMPORTS
            # What is called was imported before; without an import, a call opcode can only fail.
            if opcode.name in _CALLS and self.imports:
                return True
            if opcode.name == "STOP":
                return self.declared or self.imports
        return True

    def _opcode(self) -> pickletools.OpcodeInfo:
        opcode = _CODES.get(self._read(1)[0])
        if opcode is None:
            raise _NotAPickle
        return opcode

    def _skip_argument(self, opcode: pickletools.OpcodeInfo) -> None:
        if opcode.arg is None:
            return
        if opcode.name == "PROTO":
            if self._read(1)[0] > _HIGHEST_PROTOCOL:
                raise _NotAPickle
        elif opcode.arg.n == pickletools.UP_TO_NEWLINE:
            self._skip_lines(2 if opcode.name in _TWO_LINES else 1)
        elif opcode.arg.n in _LENGTHS:
            self._skip(int.from_bytes(self._read(_LENGTHS[opcode.arg.n]), "little"))
        else:
            self._skip(opcode.arg.n)

    def _skip_lines(self, count: int) -> None:
        for _ in range(count):
            line = self.stream.readline()
            # Python's own machine, unlike the one in C, takes a last line without its end.
            if not line.endswith(b"\n") and not (line and self.whole):
                raise _CutOff

    def _skip(self, count: int) -> None:
        if self.size is not None and self.stream.tell() + count > self.size:
            raise _NotAPickle
        if count > _WINDOWS[-1]:
            raise _CutOff
        self._read(count)

    def _read(self, count: int) -> bytes:
        data = self.stream.read(count)
        if len(data) != count:
            raise _CutOff
        return data

    def _move_stack(self, opcode: pickletools.OpcodeInfo) -> None:
        """Take from and put on the stack what the opcode does; where that is impossible, the load fails."""
        if opcode.name == "POP" and self.marks and self.marks[-1] == self.depth:
            self.marks.pop()
            return
        before = opcode.stack_before
        if pickletools.markobject in before:
            self._take_to_mark(before)
        else:
            self._take(len(before))
        if opcode.name == "MARK":
            self.marks.append(self.depth)
        else:
            self.depth += len(opcode.stack_after)

    def _take_to_mark(self, before: list[pickletools.StackObject]) -> None:
        if not self.marks:
            raise _NotAPickle
        below = before.index(pickletools.markobject)
        above = len(before) - below - 1 - before.count(pickletools.stackslice)
        floor = self.marks.pop()
        if self.depth - floor < above:
            raise _NotAPickle
        self.depth = floor
        self._take(below)

    def _take(self, count: int) -> None:
        fence = self.marks[-1] if self.marks else 0
        if self.depth - count < fence:
            raise _NotAPickle
        self.depth -= count

"""Loading a pickle of scikit-learn in which every name, call and state was allowed beforehand, by exact name.

Python's own machine written in Python, not the one in C: its steps can be replaced, and its memo is a dict.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from io import BytesIO
from typing import Any, NoReturn

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.serializers.convert.numpy_parts import JoblibArray, check_array_state, finished_dtype, read_joblib_array
from gitreg.serializers.convert.sklearn_names import Names
from gitreg.serializers.optional import require

# Steps that call or make things in ways that none of scikit-learn's pickles needs, or reserve memory on a claim.
_REFUSED = (pickle.INST, pickle.OBJ, pickle.NEWOBJ_EX, pickle.EXT1, pickle.EXT2, pickle.EXT4, pickle.PERSID,
            pickle.BINPERSID, pickle.NEXT_BUFFER, pickle.READONLY_BUFFER)  # fmt: skip
_Machine: Any = pickle._Unpickler  # noqa: SLF001  it has no public name


class ReviewedUnpickler(_Machine):  # type: ignore[misc]  # typeshed knows the machine in C better
    """`load()` gives the object, or raises FormatError before anything happens that is not allowed."""

    dispatch: dict[int, Callable[[Any], None]] = dict(_Machine.dispatch)  # noqa: RUF012  the base class's own form

    def __init__(self, stream: BytesIO, names: Names) -> None:
        super().__init__(stream)
        self._stream = stream
        self._names = names
        self._numpy = require("numpy")

    def find_class(self, module: str, name: str) -> object:
        found = self._names.find(module, name)
        if found is None:
            shown = escape(f"{module}.{name}"[:100])
            hint = "if you trust the file, load it yourself and save the parts that are plain data"
            raise FormatError(f"holds {shown}, which is not among the reviewed types", hint=hint)
        return found

    def load_reduce(self) -> None:
        arguments = self.stack.pop()
        called = self.stack[-1]
        if id(called) not in self._names.called or not isinstance(arguments, tuple):
            raise FormatError(f"calls {escape(repr(called)[:80])}, which is not reviewed for that")
        self.stack[-1] = called(*arguments)

    def load_newobj(self) -> None:
        arguments = self.stack.pop()
        kind = self.stack[-1]
        if id(kind) not in self._names.made or arguments != ():
            raise FormatError(f"makes an object of {escape(repr(kind)[:80])}, which is not reviewed for that")
        self.stack[-1] = kind.__new__(kind)

    def load_build(self) -> None:
        state, target = self.stack[-1], self.stack[-2]
        if isinstance(target, self._numpy.dtype):
            self.stack.pop()
            self._replace(target, finished_dtype(self._numpy, target, state))
            return
        if isinstance(target, self._numpy.ndarray):
            check_array_state(state)
        elif id(type(target)) not in self._names.made | self._names.called:
            raise FormatError(f"sets the state of {escape(repr(type(target))[:80])}, which is not reviewed for that")
        super().load_build()
        if isinstance(target, JoblibArray):
            self.stack[-1] = self._array(target)

    def _array(self, wrapper: JoblibArray) -> object:
        """Numbers follow as they are; objects as a pickle of their own, in which the same is allowed as in this one."""
        dtype = vars(wrapper).get("dtype")
        if isinstance(dtype, self._numpy.dtype) and dtype.hasobject:
            return ReviewedUnpickler(self._stream, self._names).load()
        return read_joblib_array(self._numpy, wrapper, self._stream)

    def load_bytearray8(self) -> None:
        """The base class reserves what the file claims before it looks whether it is there."""
        data = self.read(int.from_bytes(self.read(8), "little"))
        self.append(bytearray(data))

    def _replace(self, old: object, new: object) -> None:
        """On the stack, and in the memo, where the unfinished one was put just before."""
        self.stack[-1] = new
        for key in reversed(self.memo):
            if self.memo[key] is old:
                self.memo[key] = new
                return

    def _refuse(self) -> NoReturn:
        raise FormatError("uses an opcode that no pickle of scikit-learn needs")

    dispatch[pickle.REDUCE[0]] = load_reduce
    dispatch[pickle.NEWOBJ[0]] = load_newobj
    dispatch[pickle.BUILD[0]] = load_build
    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8
    for _opcode in _REFUSED:
        dispatch[_opcode[0]] = _refuse

"""Functions and any other object, by cloudpickle.  Loading runs what the file says: the caller must have decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitreg.errors import FormatError, UsageError
from gitreg.serializers.optional import require, type_name

if TYPE_CHECKING:
    from pathlib import Path

_FILE = "model.pkl"


class CodeSerializer:
    """The last resort, so it matches everything."""

    name = "code"
    runs_code = True

    def matches(self, model: object) -> bool:  # noqa: ARG002  part of the interface
        return True

    def save(self, model: object, directory: Path) -> None:
        cloudpickle = require("cloudpickle")
        try:
            data = cloudpickle.dumps(model, protocol=5)
        except Exception as error:
            # Pickling runs the object's own methods: anything can come out of it.
            message = f"an object of the type {type_name(model)} cannot be saved"
            raise UsageError(message, hint="save its weights as arrays, or files by `gitreg add`") from error
        (directory / _FILE).write_bytes(data)

    def load(self, directory: Path) -> object:
        cloudpickle = require("cloudpickle")
        data = (directory / _FILE).read_bytes()
        try:
            loaded: object = cloudpickle.loads(data)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            hint = "the modules that it was made with must be installed here"
            raise FormatError(f"{_FILE} does not load: {reason}", hint=hint) from error
        return loaded

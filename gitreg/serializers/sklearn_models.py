"""scikit-learn estimators as skops archives, which are loaded only if all types in them were reviewed."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from gitreg.core.text import escape
from gitreg.errors import FormatError, UsageError, VerificationError
from gitreg.serializers.optional import loaded, require
from gitreg.serializers.sklearn_types import REVIEWED
from gitreg.serializers.skops_archive import repeatable

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

_FILE = "model.skops"


class SklearnSerializer:
    """Estimators of scikit-learn itself, pipelines of them included; classes of others are code."""

    name = "sklearn"
    runs_code = False

    def matches(self, model: object) -> bool:
        base = loaded("sklearn.base")
        own = type(model).__module__.partition(".")[0] == "sklearn"
        return own and base is not None and isinstance(model, base.BaseEstimator)

    def save(self, model: object, directory: Path) -> None:
        skops = require("skops.io")
        try:
            data = repeatable(skops.dumps(model))
        except (TypeError, ValueError, NotImplementedError) as error:
            raise UsageError(f"skops cannot hold this estimator: {escape(str(error))}") from None
        # What could not be loaded again must not be saved first.
        if foreign := _foreign(skops, data):
            hint = "take them out of the model, or save it with the serializer `code`"
            raise UsageError(f"the estimator holds types that are not reviewed: {foreign}", hint=hint)
        (directory / _FILE).write_bytes(data)

    def load(self, directory: Path) -> object:
        skops = require("skops.io")
        data = (directory / _FILE).read_bytes()
        try:
            foreign = _foreign(skops, data)
        except (zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
            raise FormatError(f"{_FILE} is not what gitreg writes for scikit-learn: {escape(str(error))}") from None
        if foreign:
            raise VerificationError(f"{_FILE} holds types that are not reviewed: {foreign}")
        model: object = skops.loads(data, trusted=sorted(REVIEWED))
        return model


def _foreign(skops: ModuleType, data: bytes) -> str:
    """The types that nobody reviewed, as one line; empty if there are none."""
    return escape(", ".join(sorted(set(skops.get_untrusted_types(data=data)) - REVIEWED)))

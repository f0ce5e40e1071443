"""What a pickle of scikit-learn may name, exactly, and what stands for it.

A pickle's own names are never imported: the table is made first, from scikit-learn's public estimators and the
reviewed parts of fitted models, and a name is only looked up in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from gitreg.errors import FormatError
from gitreg.serializers.convert import numpy_parts
from gitreg.serializers.optional import require
from gitreg.serializers.sklearn_types import REVIEWED

# Parts whose constructors a pickle calls with numbers, arrays and texts; none of them acts on anything else.
_CALLED = (
    "sklearn._loss._loss.CyAbsoluteError", "sklearn._loss._loss.CyHalfBinomialLoss",
    "sklearn._loss._loss.CyHalfGammaLoss", "sklearn._loss._loss.CyHalfMultinomialLoss",
    "sklearn._loss._loss.CyHalfPoissonLoss", "sklearn._loss._loss.CyHalfSquaredError",
    "sklearn.linear_model._sgd_fast.Hinge", "sklearn.linear_model._sgd_fast.EpsilonInsensitive",
    "sklearn.linear_model._sgd_fast.Huber", "sklearn.linear_model._sgd_fast.Log",
    "sklearn.linear_model._sgd_fast.ModifiedHuber", "sklearn.linear_model._sgd_fast.SquaredLoss",
    "sklearn.tree._tree.Tree",
    "sklearn._loss._loss.__pyx_unpickle_CyAbsoluteError", "sklearn._loss._loss.__pyx_unpickle_CyHalfBinomialLoss",
    "sklearn._loss._loss.__pyx_unpickle_CyHalfMultinomialLoss",
    "numpy.random._pickle.__bit_generator_ctor", "numpy.random._pickle.__generator_ctor",
    "numpy.random._pickle.__randomstate_ctor", "numpy.random.bit_generator.__pyx_unpickle_SeedSequence",
)  # fmt: skip
_PARTS = (
    "sklearn._loss.link.HalfLogitLink", "sklearn._loss.link.IdentityLink", "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogLink", "sklearn._loss.link.LogitLink", "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.loss.AbsoluteError", "sklearn._loss.loss.HalfBinomialLoss", "sklearn._loss.loss.HalfGammaLoss",
    "sklearn._loss.loss.HalfMultinomialLoss", "sklearn._loss.loss.HalfPoissonLoss",
    "sklearn._loss.loss.HalfSquaredError",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "numpy.random._generator.Generator", "numpy.random._mt19937.MT19937", "numpy.random._pcg64.PCG64",
    "numpy.random.bit_generator.SeedSequence", "numpy.random.mtrand.RandomState",
)  # fmt: skip
_WITH_NEW = ("sklearn.metrics._dist_metrics", "sklearn.neighbors._ball_tree", "sklearn.neighbors._kd_tree")


@dataclass(frozen=True, slots=True)
class Names:
    """`known`: by dotted name.  Of these, `called` may be called, and bare instances of `made` may be made (by id)."""

    known: Mapping[str, object]
    called: frozenset[int]
    made: frozenset[int]

    def find(self, module: str, name: str) -> object | None:
        return self.known.get(f"{_today(module)}.{name}")


def sklearn_names() -> Names:
    """Raises MissingDependencyError."""
    numpy, discovery = require("numpy"), require("sklearn.utils.discovery")
    parts = {f"{kind.__module__}.{kind.__qualname__}": kind for _, kind in discovery.all_estimators()}
    parts |= {name: found for name in (*_PARTS, *REVIEWED) if (found := _attribute(name)) is not None}
    parts[numpy_parts.WRAPPER] = numpy_parts.JoblibArray
    made = frozenset(id(part) for part in parts.values() if isinstance(part, type))
    called = {name: found for name in _CALLED if (found := _attribute(name)) is not None}
    called |= numpy_parts.callables(numpy)
    called |= {f"{module}.newObj": partial(_new, made) for module in _WITH_NEW}
    inert = {f"numpy.{name}": item for name, item in vars(numpy).items() if isinstance(item, numpy.ufunc)}
    inert |= {f"numpy.{name}": getattr(numpy, name) for name in (*numpy_parts.SCALARS, "ndarray")}
    return Names({**inert, **parts, **called}, frozenset(map(id, called.values())), made)


def _new(made: frozenset[int], kind: Any) -> object:  # noqa: ANN401  checked by identity
    """scikit-learn's `newObj`, which would make an instance of anything."""
    if id(kind) not in made:
        raise FormatError("makes an object of a type that is not reviewed")
    instance: object = kind.__new__(kind)
    return instance


def _attribute(dotted: str) -> Any:  # noqa: ANN401  whatever scikit-learn has under the name
    """None for what this release of scikit-learn does not have."""
    module, _, name = dotted.rpartition(".")
    try:
        return getattr(import_module(module), name, None)
    except ImportError:
        return None


def _today(module: str) -> str:
    """Older names of the same modules: Python 2's, which low protocols write, and those before NumPy 2."""
    if module.startswith("numpy.core."):
        return f"numpy._core.{module.removeprefix('numpy.core.')}"
    return {"__builtin__": "builtins", "copy_reg": "copyreg"}.get(module, module)

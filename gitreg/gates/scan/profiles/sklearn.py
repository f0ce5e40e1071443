"""scikit-learn's own fitted estimators.  A transformer that calls somebody's function is not among them."""

from __future__ import annotations

from gitreg.gates.scan.profiles import checks
from gitreg.gates.scan.profiles.profile import Profile
from gitreg.gates.scan.profiles.sklearn_classes import CLASSES

_FUNCTIONS = frozenset(
    {
        ("sklearn.feature_selection._univariate_selection", "f_classif"),
        ("sklearn.feature_selection._univariate_selection", "f_regression"),
        ("sklearn.feature_selection._univariate_selection", "chi2"),
        ("sklearn.cluster._kmeans", "_kmeans_single_lloyd"),
        ("sklearn.cluster._kmeans", "_kmeans_single_elkan"),
    }
)

# Estimators that fetch, call what they are given, or keep files.
_NOT_DATA = frozenset({"FunctionTransformer"})

SKLEARN = Profile(
    "sklearn",
    calls={
        (module, name): checks.anything
        for module, names in CLASSES.items()
        for name in names.split()
        if name not in _NOT_DATA
    },
    passed=_FUNCTIONS,
)

"""The reviewed types beyond skops's own list that fitted scikit-learn models consist of.

Reviewed means: building one from a file sets arrays and numbers, imports nothing and calls nothing that the file
chooses.  Trees and neighbour indices hold positions that scikit-learn does not check, so a forged one can crash a
prediction, though not run code; a model is loaded only after its bytes are verified.
"""

from __future__ import annotations

_DATA = {
    "numpy": ["dtype"],
    "scipy.interpolate._bsplines": ["BSpline"],
    "scipy.sparse._csc": ["csc_array", "csc_matrix"],
    "scipy.sparse._csr": ["csr_array", "csr_matrix"],
    "sklearn._loss.loss": ["HalfTweedieLoss", "HalfTweedieLossIdentity"],
    "sklearn.calibration": ["_CalibratedClassifier", "_SigmoidCalibration", "_TemperatureScaling"],
    "sklearn.cluster._bisect_k_means": ["_BisectingTree"],
    "sklearn.ensemble._hist_gradient_boosting.predictor": ["TreePredictor"],
    "sklearn.gaussian_process._gpc": ["_BinaryGaussianProcessClassifierLaplace"],
    "sklearn.gaussian_process.kernels": [
        "CompoundKernel", "ConstantKernel", "DotProduct", "Exponentiation", "ExpSineSquared", "Matern", "Product",
        "RBF", "RationalQuadratic", "Sum", "WhiteKernel",
    ],
    "sklearn.metrics._dist_metrics": [
        "ChebyshevDistance64", "EuclideanDistance64", "ManhattanDistance64", "MinkowskiDistance64",
    ],
    "sklearn.model_selection._split": ["KFold", "StratifiedKFold"],
    "sklearn.neighbors._ball_tree": ["BallTree", "BallTree64"],
    "sklearn.neighbors._kd_tree": ["KDTree", "KDTree64"],
    "sklearn.neural_network._stochastic_optimizers": ["AdamOptimizer", "SGDOptimizer"],
    "sklearn.tree._tree": ["Tree"],
    "sklearn.utils._bunch": ["Bunch"],
}  # fmt: skip

# Functions that a model refers to; they only ever see the numbers that it is given.
_FUNCTIONS = {
    "numpy": ["max", "mean", "median", "min"],
    "scipy._lib.array_api_compat.numpy._aliases": ["asarray"],
    "sklearn.cluster._kmeans": ["_kmeans_single_elkan", "_kmeans_single_lloyd"],
    "sklearn.feature_selection._mutual_info": ["mutual_info_classif", "mutual_info_regression"],
    "sklearn.feature_selection._univariate_selection": ["chi2", "f_classif", "f_regression"],
}

REVIEWED = frozenset(
    f"{module}.{name}" for table in (_DATA, _FUNCTIONS) for module, names in table.items() for name in names
)

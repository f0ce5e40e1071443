"""skops: models of scikit-learn pass, and a schema that imports or calls something else is not safe."""

import io
import json
import zipfile

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.utils.discovery import all_estimators

from gitreg.gates.scan.formats.skops import _is_known
from gitreg.serializers.sklearn_types import REVIEWED

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = np.random.default_rng(0).random((40, 4)), np.arange(40) % 2
MODELS = [
    RandomForestClassifier(2),
    HistGradientBoostingClassifier(max_iter=2),
    KNeighborsClassifier(algorithm="kd_tree"),
    make_pipeline(StandardScaler(), SelectKBest(k=2), SVC()),
    MLPClassifier(max_iter=5),
    GridSearchCV(SGDClassifier(), {"alpha": [0.1, 1]}, cv=2),
    FunctionTransformer(np.log1p),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_a_model_of_scikit_learns_own_passes(scanned, model):
    result = scanned(skops.io.dumps(model.fit(X, Y)), "m.skops")
    assert (result.safe, result.findings) == (True, ())


def test_what_gitreg_itself_writes_and_loads_passes():
    """`gitreg convert` refuses to write what the scanner does not know."""
    functions = [f"numpy.{item.__name__}" for item in vars(np).values() if isinstance(item, np.ufunc)]
    unknown = [name for name in (*REVIEWED, *functions) if not _is_known(*name.rpartition(".")[::2])]
    assert unknown == []


def test_every_public_estimator_passes():
    kinds = [kind for _, kind in all_estimators()]
    assert [kind for kind in kinds if not _is_known(kind.__module__, kind.__name__)] == []


def schema(**changes: str) -> bytes:
    """A model in which one inner object is changed."""
    data = skops.io.dumps(StandardScaler().fit(X))
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        for member in source.namelist():
            content = source.read(member)
            if member == "schema.json":
                tree = json.loads(content)
                next(iter(tree["content"]["content"].values())).update(changes)
                content = json.dumps(tree).encode()
            target.writestr(member, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"__module__": "os", "__class__": "system", "__loader__": "FunctionNode"}, "skops-type"),
        ({"__module__": "numpy", "__class__": "load", "__loader__": "FunctionNode"}, "skops-type"),
        ({"__module__": "builtins", "__class__": "eval", "__loader__": "TypeNode"}, "skops-type"),
        ({"__module__": "company.models", "__class__": "Net", "__loader__": "ObjectNode"}, "skops-type"),
        ({"__module__": "builtins", "__class__": "int", "__loader__": "OperatorFuncNode"}, "skops-loader"),
        ({"__module__": "builtins", "__class__": "int", "__loader__": "MethodNode"}, "skops-loader"),
    ],
)
def test_a_schema_that_reaches_for_more_is_unknown_and_says_where(scanned, changes, rule):
    result = scanned(schema(**changes), "m.skops")
    assert result.verdict == "unknown"
    assert [(finding.rule, finding.where) for finding in result.findings] == [(rule, "schema.json")]
    assert "reviewed" in result.findings[0].advice

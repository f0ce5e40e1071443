"""Models of frameworks come back equal; unreviewed types are refused; a missing package says what to install."""

import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import onnx
import onnx.helper
import pytest
import skops.io
from sklearn.base import BaseEstimator
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from gitreg.errors import FormatError, UsageError, VerificationError
from gitreg.gates.gate import Candidate
from gitreg.gates.table import build_gate
from gitreg.serializers import serializer_for, serializer_named, write_model
from gitreg.serializers.sklearn_types import REVIEWED

X, Y = load_digits(return_X_y=True)
X, Y = X[:150], Y[:150]

ESTIMATORS = [
    LogisticRegression(max_iter=50),
    make_pipeline(StandardScaler(), SelectKBest(k=20), SVC()),
    RandomForestClassifier(n_estimators=3, random_state=0),
    HistGradientBoostingClassifier(max_iter=2),
    KNeighborsClassifier(algorithm="kd_tree"),
    MLPClassifier((4,), max_iter=5, random_state=0),
    GaussianProcessClassifier(max_iter_predict=2, optimizer=None),
    make_pipeline(FunctionTransformer(np.log1p), LogisticRegression(max_iter=5)),
]


@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning", "ignore::UserWarning", "ignore::RuntimeWarning"
)
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: str(estimator)[:40])
def test_an_estimator_predicts_the_same_after_its_round_trip(round_trip, estimator):
    estimator.fit(X, Y)
    name, loaded = round_trip(estimator)
    assert (name, type(loaded)) == ("sklearn", type(estimator))
    assert (loaded.predict(X) == estimator.predict(X)).all()


def test_the_same_estimator_gives_the_same_bytes_in_another_process(tmp_path):
    """skops names members after memory addresses; without care, every save would be a new version."""
    code = (
        "import sys; from pathlib import Path; from sklearn.datasets import load_digits; from sklearn.svm import SVC\n"
        "from gitreg.serializers import write_model\n"
        "write_model(SVC().fit(*load_digits(return_X_y=True)), Path(sys.argv[1]))"
    )
    for run in ("1", "2"):
        subprocess.run([sys.executable, "-c", code, tmp_path / run], check=True)
    assert (tmp_path / "1/model.skops").read_bytes() == (tmp_path / "2/model.skops").read_bytes()


def test_a_saved_estimator_passes_the_format_gate(tmp_path):
    write_model(KNeighborsClassifier().fit(X, Y), tmp_path)
    result = build_gate("f", "format", {}).check(Candidate({}, lambda: tmp_path))
    assert result.passed, result


class Own(BaseEstimator):
    def predict(self, x):
        return x


def own_function(x):
    return x


def test_an_estimator_of_ones_own_is_code():
    assert serializer_for(Own()).runs_code


@pytest.mark.parametrize("model", [make_pipeline(Own()), FunctionTransformer(own_function)])
def test_what_could_not_be_loaded_again_is_not_saved(tmp_path, model):
    with pytest.raises(
        UsageError,
        match=r"types that are not reviewed: .*(own_function|Own)",
    ):
        write_model(model, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_file_with_unreviewed_types_is_not_loaded_and_names_them(tmp_path):
    """What get_untrusted_types reports is compared with the review, not shown and then trusted."""
    skops.io.dump(FunctionTransformer(subprocess.getoutput), tmp_path / "model.skops")
    with pytest.raises(VerificationError, match=r"subprocess\.getoutput"):
        serializer_named("sklearn").load(tmp_path)


def test_no_reviewed_type_comes_from_a_module_that_acts():
    """A list that grows by pasting in what skops complains about would end in operator.call or os.system."""
    assert {name.partition(".")[0] for name in REVIEWED} == {"numpy", "scipy", "sklearn"}


def archive(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a zip",
        archive({}),
        archive({"schema.json": "{"}),
        archive({"schema.json": "[]"}),
        archive({"schema.json": json.dumps({"protocol": 1})}),
        archive(
            {"schema.json": json.dumps({"protocol": 1, "__loader__": "NoNode", "__class__": "a", "__module__": "b"})}
        ),
    ],
)
def test_a_broken_archive_is_refused_in_one_line(tmp_path, content):
    (tmp_path / "model.skops").write_bytes(content)
    with pytest.raises(FormatError, match="not what gitreg writes for scikit-learn"):
        serializer_named("sklearn").load(tmp_path)


@pytest.fixture
def onnx_model():
    value = lambda name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1])  # noqa: E731
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "g", [value("x")], [value("y")])
    return onnx.helper.make_model(graph)


def test_an_onnx_model_comes_back_equal(round_trip, onnx_model):
    assert round_trip(onnx_model) == ("onnx", onnx_model)


def test_an_onnx_model_whose_weights_lie_elsewhere_is_refused(tmp_path, onnx_model):
    weight = onnx.TensorProto(name="w", data_type=1, dims=[2], data_location=1)
    weight.external_data.add(key="location", value="w.bin")
    onnx_model.graph.initializer.append(weight)
    with pytest.raises(UsageError, match="weights in other files"):
        write_model(onnx_model, tmp_path)


def test_bytes_that_are_not_onnx_are_refused(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"\xff" * 40)
    with pytest.raises(FormatError, match="is not ONNX"):
        serializer_named("onnx").load(tmp_path)


BLOCK = """
import sys
from pathlib import Path
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocked())
from gitreg.errors import MissingDependencyError
from gitreg.serializers import serializer_named, write_model
try:
    exec(sys.argv[2])
except MissingDependencyError as error:
    print(error.message, "|", error.hint)
"""


@pytest.mark.parametrize(
    ("package", "action"),
    [
        ("safetensors", "import numpy; write_model(numpy.ones(1), Path('m'))"),
        ("safetensors", "serializer_named('numpy').load(Path('m'))"),
        ("numpy", "serializer_named('numpy').load(Path('m'))"),
        ("cloudpickle", "write_model(print, Path('m'))"),
        ("cloudpickle", "serializer_named('code').load(Path('m'))"),
        ("skops", "from sklearn.svm import SVC; write_model(SVC(), Path('m'))"),
        ("skops", "serializer_named('sklearn').load(Path('m'))"),
        ("onnx", "serializer_named('onnx').load(Path('m'))"),
        ("torch", "serializer_named('torch').load(Path('m'))"),
    ],
)
def test_a_missing_package_is_named_with_what_to_install(tmp_path, package, action):
    """In a process that really cannot import it."""
    command = [sys.executable, "-c", BLOCK, package, action]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    extra = "torch 'gitreg[models]'" if package == "torch" else "'gitreg[models]'"
    assert shown.stdout == f"this kind of model needs the package {package} | pip install {extra}\n"


def test_choosing_a_serializer_imports_no_framework():
    code = (
        "import sys, gitreg.serializers as s; s.serializer_for({'a': [1.5]}); s.serializer_named('sklearn')\n"
        "heavy = {'numpy', 'torch', 'sklearn', 'onnx', 'safetensors', 'cloudpickle', 'importlib.metadata'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"

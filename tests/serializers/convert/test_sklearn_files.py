"""Pickled scikit-learn models become skops archives that predict the same; nothing that a pickle names is ever run."""

import os
import pickle
import subprocess
from contextlib import suppress

import joblib
import numpy as np
import pytest
import skops.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from gitreg.errors import FormatError, VerificationError
from gitreg.operations import convert as operation
from gitreg.serializers.convert.convert import Converted
from gitreg.serializers.convert.sklearn_file import load_reviewed, save_compared
from gitreg.serializers.sklearn_types import REVIEWED

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X, Y = load_digits(return_X_y=True)
X, Y = X[:150], Y[:150]

ESTIMATORS = [
    LogisticRegression(max_iter=20),
    make_pipeline(StandardScaler(), SVC()),
    RandomForestClassifier(n_estimators=3),
    HistGradientBoostingClassifier(max_iter=2),
    GradientBoostingClassifier(n_estimators=2),
    KNeighborsClassifier(algorithm="kd_tree"),
    MLPClassifier((4,), max_iter=5),
    KMeans(3, n_init=1),
    SGDClassifier(),
]
WRITERS = {
    **{
        f"pickle {number}": lambda model, path, number=number: path.write_bytes(pickle.dumps(model, number))
        for number in (2, 4, 5)
    },
    "joblib": joblib.dump,
    **{
        f"joblib {kind}": lambda model, path, kind=kind: joblib.dump(model, path, compress=(kind, 3))
        for kind in ("zlib", "xz")
    },
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: str(estimator)[:30])
def test_an_estimator_predicts_the_same_after_its_conversion(tmp_path, estimator, writer):
    estimator.fit(X, Y)
    WRITERS[writer](estimator, tmp_path / "m.pkl")
    model, _ = load_reviewed(tmp_path / "m.pkl")
    (tmp_path / "out").mkdir()
    loaded = skops.io.load(save_compared(model, tmp_path / "out", None), trusted=sorted(REVIEWED))
    assert type(loaded) is type(estimator)
    assert (loaded.predict(X) == estimator.predict(X)).all()


class Payload:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "payload",
    [
        Payload(os.system, "touch ran"),
        Payload(eval, "open('ran', 'w')"),
        Payload(subprocess.Popen, ["touch", "ran"]),
        Payload(getattr, LogisticRegression, "fit"),
        Payload(np.load, "ran"),
        Payload(np.fromfile, "ran"),
        Payload(LogisticRegression),
        FunctionTransformer(os.system),
        [Payload(joblib.load, "ran")],
    ],
    ids=["os.system", "eval", "Popen", "getattr", "np.load", "np.fromfile", "no arguments", "transformer", "in a list"],
)
@pytest.mark.parametrize("writer", WRITERS)
def test_what_a_pickle_names_is_not_run(tmp_path, monkeypatch, payload, writer):
    """Already without the sandbox."""
    monkeypatch.chdir(tmp_path)
    WRITERS[writer](payload, tmp_path / "m.pkl")
    with pytest.raises(FormatError, match=r"not among the reviewed types|not reviewed for that"):
        load_reviewed(tmp_path / "m.pkl")
    assert not (tmp_path / "ran").exists()


ATTACKS = {
    "state of a class": b"\x80\x02csklearn.svm._classes\nSVC\n}X\x07\0\0\0predictcnumpy\nmean\nsb.",
    "slots of a class": b"\x80\x02csklearn.svm._classes\nSVC\nN}X\x07\0\0\0predictcnumpy\nmean\ns\x86b.",
    "call of a function": b"\x80\x02cnumpy\nmean\n(I1\ntR.",
    "call of an estimator": b"\x80\x02csklearn.svm._classes\nSVC\n)R.",
    "new of a dtype": b"\x80\x02cnumpy\nndarray\n)\x81.",
    "old instance": b"(isklearn.svm._classes\nSVC\n.",
    "dotted name": b"\x80\x04\x8c\x05numpy\x8c\x0blinalg.norm\x93.",
    "pointers from bytes": b"\x80\x02cnumpy._core.multiarray\n_reconstruct\ncnumpy\nndarray\n(I0\ntC\x01b\x87R"
    b"(I1\n(I1\ntcnumpy\ndtype\nX\x01\0\0\0OI00\nI01\n\x87RI00\nC\x08AAAAAAAAtb.",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_reviewed_names_cannot_be_used_in_other_ways(tmp_path, attack):
    """Also what is allowed may only be called, made and filled as scikit-learn's own pickles do."""
    predict = SVC.predict
    (tmp_path / "m.pkl").write_bytes(ATTACKS[attack])
    with pytest.raises(FormatError):
        load_reviewed(tmp_path / "m.pkl")
    assert SVC.predict is predict


def test_a_forged_tree_harms_only_the_process_that_tries_it(convert, tmp_path):
    """scikit-learn follows a tree's positions unchecked: this one points 2**40 nodes away."""
    model = DecisionTreeClassifier().fit(X, Y)
    state = model.tree_.__getstate__()
    state["nodes"]["left_child"][0] = 1 << 40
    model.tree_.__setstate__(state)
    joblib.dump(model, tmp_path / "m.joblib")
    with pytest.raises(FormatError, match="crashed the process that loaded it"):
        convert(tmp_path / "m.joblib", "m.skops")
    assert not (tmp_path / "out" / "m.skops").exists()


def test_what_a_process_that_was_taken_over_writes_is_looked_at_as_if_it_came_from_elsewhere(
    convert, tmp_path, monkeypatch
):
    def taken_over(wish, kind, folder, progress):
        (folder / "model.skops").write_bytes(pickle.dumps(Payload(os.getcwd)))
        return Converted(folder / "model.skops", 0, {}, ())

    monkeypatch.setattr(operation, "convert", taken_over)
    (tmp_path / "m.pkl").write_bytes(SMALL)
    with pytest.raises(VerificationError, match="what was written is not safe to open"):
        convert(tmp_path / "m.pkl", "m.skops")
    assert not (tmp_path / "out" / "m.skops").exists()


def test_what_the_sandboxed_process_says_comes_back_as_it_was_said(convert, tmp_path):
    (tmp_path / "m.pkl").write_bytes(ATTACKS["call of a function"])
    with pytest.raises(FormatError, match=r"m\.pkl calls .*, which is not reviewed for that"):
        convert(tmp_path / "m.pkl", "m.skops")


def test_a_model_that_does_not_take_random_rows_needs_a_sample(convert, tmp_path):
    model = make_pipeline(FunctionTransformer(np.log1p), LogisticRegression(max_iter=5)).fit(X, Y)
    joblib.dump(model, tmp_path / "m.joblib")
    with pytest.raises(FormatError, match="does not predict on the sample") as caught:
        convert(tmp_path / "m.joblib", "m.skops")
    assert "--sample" in caught.value.hint
    np.save(tmp_path / "rows.npy", X[:5])
    assert convert(tmp_path / "m.joblib", "m.skops", sample=tmp_path / "rows.npy").size


SMALL = pickle.dumps(StandardScaler().fit(X[:, :2]), 4)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "m.pkl"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_pickle_loads_or_is_a_format_error(scratch, changes):
    content = bytearray(SMALL)
    for place, value in changes:
        content[place] = value
    scratch.write_bytes(content)
    with suppress(FormatError):
        load_reviewed(scratch)

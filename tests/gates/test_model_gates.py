"""`smoke` and `latency` on real models, saved as people save them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from gitreg.errors import FormatError
from gitreg.gates.gate import Candidate, Verdict
from gitreg.gates.table import build_gate
from gitreg.serializers import write_model

X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 1.0]])
EXAMPLE = [[0.5, 0.5], [1.5, 0.5]]


@pytest.fixture
def model(tmp_path):
    write_model(LinearRegression().fit(X, [0.0, 1.0, 2.0, 3.0]), tmp_path / "model")
    return tmp_path / "model"


def check(kind: str, directory, schema: dict | None = None, files: dict[str, bytes] | None = None, **options):
    schema = {"example": EXAMPLE} if schema is None else schema
    candidate = Candidate({"schema": schema}, lambda: directory, branch_file=(files or {}).__getitem__)
    return build_gate("try", kind, {"timeout": 60} | options).check(candidate)


def test_a_model_that_loads_and_predicts_passes(model):
    result = check("smoke", model, {"example": EXAMPLE, "output": {"shape": [-1], "type": "float64"}})
    assert (result.verdict, result.figure) == (Verdict.PASS, "output float64 [2]")


@pytest.mark.parametrize(
    ("output", "reason"),
    [({"shape": [-1, 10]}, "declares the shape"), ({"type": "int64"}, "declares the type int64")],
)
def test_an_output_other_than_declared_fails(model, output, reason):
    result = check("smoke", model, {"example": EXAMPLE, "output": output})
    assert result.verdict is Verdict.FAIL
    assert reason in result.reason


def test_an_output_that_is_not_finite_fails(tmp_path):
    estimator = LinearRegression().fit(X, [0.0, 1.0, 2.0, 3.0])
    estimator.coef_ = np.array([np.nan, 1.0])
    write_model(estimator, tmp_path / "model")
    result = check("smoke", tmp_path / "model")
    assert (result.verdict, result.reason) == (Verdict.FAIL, "the output is not finite")


def test_a_sample_of_the_wrong_shape_fails_with_the_frameworks_words(model):
    result = check("smoke", model, sample="gates/sample.json", files={"gates/sample.json": b"[[1, 2, 3]]"})
    assert result.verdict is Verdict.FAIL
    assert "3 features" in result.reason


def test_a_damaged_model_fails(model):
    (model / "model.skops").write_bytes(b"PK\x03\x04")
    assert check("smoke", model).verdict is Verdict.FAIL


def test_without_a_sample_nothing_passes(model):
    assert "schema.example" in check("smoke", model, {}).reason


def test_a_model_whose_code_kills_itself_was_not_judged(tmp_path):
    """Loading may run the model's code: it runs apart, and takes nothing along."""

    def predict(_sample):
        import os  # noqa: PLC0415

        os.kill(os.getpid(), 9)

    write_model(predict, tmp_path / "model")
    result = check("smoke", tmp_path / "model")
    assert (result.verdict, result.reason) == (Verdict.ERROR, "the model was ended by a signal")


def test_an_onnx_file_predicts(tmp_path):
    convert = pytest.importorskip("skl2onnx").to_onnx
    (tmp_path / "model").mkdir()
    onnx = convert(LogisticRegression().fit(X, [0, 0, 1, 1]), X[:1].astype(np.float32))
    (tmp_path / "model" / "m.onnx").write_bytes(onnx.SerializeToString())
    result = check("smoke", tmp_path / "model", {"example": EXAMPLE, "output": {"shape": [-1], "type": "int64"}})
    assert result.passed, result.reason


def test_latency_is_measured_and_the_machine_recorded(model):
    result = check("latency", model, p99_ms=10_000, per_second=0.1, runs=20, warm_up=2, threads=2)
    assert result.passed, result.reason
    evidence = json.loads(result.evidence)
    assert evidence["machine"]["cores"] > 0
    assert evidence["milliseconds"]["50"] <= evidence["milliseconds"]["99"]


@pytest.mark.parametrize(
    ("limit", "reason"), [({"p50_ms": 1e-6}, "p50 is above"), ({"per_second": 1e12}, "fewer than 1e+12 predictions")]
)
def test_a_slow_model_fails(model, limit, reason):
    result = check("latency", model, runs=5, warm_up=1, **limit)
    assert result.verdict is Verdict.FAIL
    assert reason in result.reason


def test_latency_without_a_limit_would_check_nothing():
    with pytest.raises(FormatError, match="gate g: p95_ms is missing"):
        build_gate("g", "latency", {"runs": 5})


@pytest.mark.parametrize(
    ("options", "verdict"),
    [
        ({"p50_ms": 10_000, "p99_ms": 20_000, "margin": 1}, Verdict.MARGIN),
        ({"p50_ms": 10_000, "p99_ms": 20_000, "margin": 10_000}, Verdict.PASS),
        ({"per_second": 0.1, "margin": 1e-6}, Verdict.MARGIN),
        ({"per_second": 0.1, "margin": 1e9}, Verdict.PASS),
        ({"p99_ms": 10_000}, Verdict.PASS),
    ],
)
def test_latency_has_a_margin_if_every_figure_keeps_it(model, options, verdict):
    """A model that is just fast enough today would be let in without anybody looking at it."""
    assert check("latency", model, runs=5, warm_up=1, **options).verdict is verdict


def test_a_margin_of_two_units_is_refused():
    with pytest.raises(FormatError, match="no one unit"):
        build_gate("g", "latency", {"p99_ms": 10, "per_second": 5, "margin": 1})

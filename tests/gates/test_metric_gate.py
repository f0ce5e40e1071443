"""The gate that stops a bad or worsened figure."""

import math

import pytest

from gitreg.errors import FormatError
from gitreg.gates.gate import Candidate, Verdict
from gitreg.gates.table import build_gate


def check(options, metrics, baseline=None):
    candidate = Candidate(
        {"metrics": metrics}, checkout=lambda: pytest.fail("needs no bytes"), baseline_metrics=baseline
    )
    return build_gate("quality", "metric", {"metric": "accuracy"} | options).check(candidate)


def test_a_figure_within_its_bounds_passes_and_is_shown():
    result = check({"min": 0.9, "max": 1}, {"accuracy": 0.95})
    assert (result.verdict, result.figure) == (Verdict.PASS, "accuracy 0.95")
    assert result.reason == "minimum 0.9; maximum 1"


@pytest.mark.parametrize(
    ("options", "reason"), [({"min": 0.96}, "below the minimum 0.96"), ({"max": 0.94}, "above the maximum 0.94")]
)
def test_a_figure_out_of_bounds_fails_and_says_which_bound(options, reason):
    result = check(options, {"accuracy": 0.95})
    assert (result.verdict, result.reason) == (Verdict.FAIL, reason)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400, True, "0.99", None])
def test_what_is_no_finite_number_never_passes(value):
    result = check({"min": 0.0}, {"accuracy": value})
    assert (result.verdict, result.figure) == (Verdict.FAIL, "accuracy missing")


@pytest.mark.parametrize("metrics", [{}, {"loss": 0.1}, None, [0.99]])
def test_a_missing_figure_never_passes(metrics):
    assert check({"min": 0.0}, metrics).verdict is Verdict.FAIL


def test_a_regression_beyond_what_is_allowed_fails():
    result = check({"max_regression": 0.01}, {"accuracy": 0.95}, {"accuracy": 0.97})
    assert result.verdict is Verdict.FAIL
    assert result.reason == "worse by 0.02 than the 0.97 of what the stage holds, 0.01 allowed"


def test_a_regression_is_compared_as_written_not_in_binary():
    """In floats 0.98 - 0.97 is greater than 0.01: an allowed step would be refused."""
    assert check({"max_regression": 0.01}, {"accuracy": 0.97}, {"accuracy": 0.98}).verdict is Verdict.PASS


def test_a_metric_bounded_above_gets_worse_upwards():
    options = {"metric": "loss", "max": 1.0, "max_regression": 0.1}
    assert check(options, {"loss": 0.5}, {"loss": 0.3}).verdict is Verdict.FAIL
    assert check(options, {"loss": 0.1}, {"loss": 0.3}).verdict is Verdict.PASS
    assert check(options | {"better": "higher"}, {"loss": 0.5}, {"loss": 0.3}).verdict is Verdict.PASS


def test_the_first_version_of_a_stage_has_nothing_to_regress_from():
    assert check({"max_regression": 0.0}, {"accuracy": 0.1}).verdict is Verdict.PASS


def test_a_baseline_without_the_metric_does_not_count_as_no_regression():
    assert check({"max_regression": 0.5}, {"accuracy": 0.9}, {"f1": 0.9}).verdict is Verdict.FAIL


def compared(metrics, named):
    """With v1.2.0, whose metrics `named` are; the stage holds something far worse."""
    found = {"v1.2.0": named}
    candidate = Candidate(
        {"metrics": metrics},
        checkout=lambda: pytest.fail("needs no bytes"),
        baseline_metrics={"accuracy": 0.1},
        metrics_of=lambda version: found[version],
    )
    options = {"metric": "accuracy", "baseline": "v1.2.0", "max_regression": 0.01}
    return build_gate("quality", "metric", options).check(candidate)


def test_a_named_baseline_counts_instead_of_what_the_stage_holds():
    """Many small steps down would each pass against the stage."""
    result = compared({"accuracy": 0.95}, {"accuracy": 0.97})
    assert (result.verdict, result.reason) == (Verdict.FAIL, "worse by 0.02 than the 0.97 of v1.2.0, 0.01 allowed")
    result = compared({"accuracy": 0.96}, {"accuracy": 0.97})
    assert (result.verdict, result.reason) == (Verdict.PASS, "0.97 of v1.2.0, may lose 0.01")


@pytest.mark.parametrize("named", [{}, {"accuracy": math.nan}, {"accuracy": math.inf}])
def test_a_named_baseline_without_a_finite_figure_fails(named):
    result = compared({"accuracy": 0.99}, named)
    assert (result.verdict, result.reason) == (Verdict.FAIL, "v1.2.0 has no finite accuracy to compare with")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({}, "min is missing"),
        ({"minimum": 0.9}, "minimum is not an option"),
        ({"min": "0.9"}, "min must be a finite number"),
        ({"min": True}, "min must be a finite number"),
        ({"min": math.nan}, "min must be a finite number"),
        ({"min": 2, "max": 1}, "min is above max"),
        ({"max_regression": -0.1}, "max_regression must not be negative"),
        ({"max_regression": 0, "baseline": "production"}, "baseline must be a version"),
        ({"min": 1, "baseline": "v1.2.0"}, "baseline needs max_regression"),
        ({"min": 1, "better": "up"}, "better must be"),
        ({"min": 1, "metric": ""}, "metric must be a text"),
    ],
)
def test_a_gate_that_would_check_the_wrong_thing_is_not_built(options, named):
    with pytest.raises(FormatError, match=f"gate quality: {named}"):
        build_gate("quality", "metric", {"metric": "accuracy"} | options)


@pytest.mark.parametrize(
    ("options", "accuracy", "verdict"),
    [
        ({"min": 0.95}, 0.96, Verdict.MARGIN),
        ({"min": 0.95}, 0.959, Verdict.PASS),
        ({"min": 0.95}, 0.94, Verdict.FAIL),
        ({"min": 0.95, "max": 0.965}, 0.96, Verdict.PASS),
        ({"min": 0.95, "max_regression": 0.02}, 0.96, Verdict.MARGIN),
        ({"max_regression": 0.02}, 0.95, Verdict.PASS),
    ],
)
def test_a_margin_is_kept_from_every_bound_and_counted_as_written(options, accuracy, verdict):
    """A figure next to one of its bounds would be let in without anybody looking at it."""
    assert check(options | {"margin": 0.01}, {"accuracy": accuracy}, {"accuracy": 0.969}).verdict is verdict


def test_what_cannot_be_compared_has_no_margin():
    assert check({"min": 0.9, "max_regression": 0.1, "margin": 0.01}, {"accuracy": 1.0}).verdict is Verdict.PASS


def test_without_the_option_no_figure_is_far_enough():
    assert check({"min": 0.0}, {"accuracy": 1.0}).verdict is Verdict.PASS


@pytest.mark.parametrize("margin", [0, -0.1, "0.1", math.nan])
def test_a_margin_that_is_none_is_refused(margin):
    with pytest.raises(FormatError, match="margin"):
        check({"min": 0.9, "margin": margin}, {"accuracy": 1.0})

"""A metric that a program computes again: neither a claim alone nor a program alone lets a version in."""

from __future__ import annotations

import json

import pytest

from gitreg.errors import FormatError, NotFoundError, VerificationError
from gitreg.gates.gate import Candidate, Verdict
from gitreg.gates.table import build_gate

DATASET = f"digits@blake3:{'ab' * 32}"
COUNT = b"""#!/usr/bin/env python3
import json, pathlib, sys
asked = json.load(sys.stdin)
answers, truth = (pathlib.Path(asked[key], "labels").read_text().split() for key in ("checkout", "dataset"))
right = sum(one == other for one, other in zip(answers, truth, strict=True))
print(json.dumps({"metrics": {"accuracy": right / len(truth), "rows": len(truth)}}))
"""


def check(tmp_path, program: bytes = COUNT, claims: float = 0.75, held: float | None = None, **options):
    for name, labels in (("model", "1 2 3 4"), ("digits", "1 2 3 5")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "labels").write_text(labels)
    candidate = Candidate(
        {"metrics": {"accuracy": claims}},
        lambda: tmp_path / "model",
        None if held is None else {"accuracy": held},
        branch_file={"gates/evaluate.py": program}.__getitem__,
        dataset={DATASET: tmp_path / "digits"}.__getitem__,
    )
    usual = {"metric": "accuracy", "min": 0.7, "evaluate": ["gates/evaluate.py"], "dataset": DATASET, "timeout": 20}
    return build_gate("again", "metric", usual | options).check(candidate)


def answers(text: str, code: int = 0) -> bytes:
    return f"#!/usr/bin/env python3\nimport sys\nprint({text!r})\nsys.exit({code})\n".encode()


def says(accuracy: object) -> bytes:
    return answers(json.dumps({"metrics": {"accuracy": accuracy}}))


def test_a_figure_that_comes_out_again_passes_and_what_was_seen_is_kept(tmp_path):
    result = check(tmp_path)
    assert (result.verdict, result.figure) == (Verdict.PASS, "accuracy 0.75, evaluated 0.75")
    assert result.reason == f"minimum 0.7; evaluated on {DATASET}"
    assert json.loads(result.evidence) == {"dataset": DATASET, "metrics": {"accuracy": 0.75, "rows": 4}}


def test_a_figure_that_the_pointer_overstates_fails(tmp_path):
    """A promoter's colleague could otherwise write any number into the pointer."""
    result = check(tmp_path, claims=0.99)
    assert (result.verdict, result.figure) == (Verdict.FAIL, "accuracy 0.99, evaluated 0.75")
    assert result.reason == f"evaluated on {DATASET}, 0.24 from what the pointer claims; 0.0 allowed"


def test_a_figure_that_is_understated_is_wrong_as_well(tmp_path):
    assert check(tmp_path, claims=0.74).verdict is Verdict.FAIL


def test_a_tolerance_is_inclusive_and_compared_as_written(tmp_path):
    assert check(tmp_path, says(0.97), claims=0.98, tolerance=0.01).verdict is Verdict.PASS


def test_the_computed_figure_must_be_within_the_bounds_however_close_to_the_claim(tmp_path):
    result = check(tmp_path, says(0.69), claims=0.7, tolerance=0.5)
    assert (result.verdict, result.reason) == (Verdict.FAIL, f"evaluated on {DATASET}: below the minimum 0.7")


def test_the_computed_figure_is_compared_with_what_the_stage_holds(tmp_path):
    result = check(tmp_path, says(0.94), claims=0.95, held=0.96, max_regression=0.01, tolerance=0.5)
    assert result.verdict is Verdict.FAIL
    assert "worse by 0.02 than the 0.96 of what the stage holds" in result.reason


def test_both_figures_must_have_the_margin(tmp_path):
    """In a hybrid stage a margin does without people."""
    assert check(tmp_path, says(0.71), claims=0.8, tolerance=0.5, margin=0.05).verdict is Verdict.PASS


def test_with_both_margins_nobody_needs_to_look(tmp_path):
    assert check(tmp_path, margin=0.05).verdict is Verdict.MARGIN


def test_a_claim_that_fails_as_it_stands_costs_no_evaluation(tmp_path):
    result = check(tmp_path, answers("never run"), claims=0.6)
    assert (result.verdict, result.figure, result.reason) == (Verdict.FAIL, "accuracy 0.6", "below the minimum 0.7")


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), True, "0.9", None])
def test_what_is_no_finite_number_never_passes(figure, tmp_path):
    result = check(tmp_path, says(figure))
    assert result.verdict is Verdict.FAIL
    assert "the evaluation has no finite number for metrics.accuracy" in result.reason


@pytest.mark.parametrize("text", ["", "0.75", "[0.75]", '{"metrics": 0.75}', '{"accuracy": 0.75}'])
def test_an_answer_that_is_not_in_the_contract_never_passes(text, tmp_path):
    assert check(tmp_path, answers(text)).verdict is Verdict.FAIL


def test_a_program_that_fails_says_why_whatever_it_printed(tmp_path):
    program = b'#!/bin/sh\necho \'{"metrics": {"accuracy": 0.75}}\'\necho no rows >&2\nexit 3\n'
    result = check(tmp_path, program)
    assert (result.verdict, result.reason) == (Verdict.FAIL, "the evaluation failed: no rows")


def test_a_program_that_takes_too_long_has_decided_nothing(tmp_path):
    result = check(tmp_path, b"#!/bin/sh\nsleep 60\n", timeout=0.5)
    assert (result.verdict, result.reason) == (Verdict.ERROR, "the program took longer than it may")


def test_a_program_cannot_change_the_model_or_the_dataset(tmp_path):
    """Gates that run beside it look at the same files."""
    program = COUNT + b"for key in ('checkout', 'dataset'): pathlib.Path(asked[key], 'labels').write_text('')\n"
    assert "Permission denied" in check(tmp_path, program).reason
    assert (tmp_path / "digits" / "labels").read_text() == "1 2 3 5"


def test_a_program_that_is_not_the_pinned_one_is_not_run(tmp_path):
    with pytest.raises(VerificationError, match="not the pinned one"):
        check(tmp_path, sha256="00" * 32)


def test_a_dataset_that_is_not_there_lets_nothing_through():
    candidate = Candidate({"metrics": {"accuracy": 0.9}}, lambda: pytest.fail("needs no bytes"))
    options = {"metric": "accuracy", "min": 0.7, "evaluate": ["gates/evaluate.py"], "dataset": DATASET}
    with pytest.raises(NotFoundError, match="no registry to find digits@blake3"):
        build_gate("again", "metric", options).check(candidate)


def test_a_verdict_that_a_program_had_a_part_in_is_not_kept_for_the_next_time():
    usual = {"metric": "accuracy", "min": 0.7}
    assert build_gate("again", "metric", usual).repeatable
    again = usual | {"evaluate": ["gates/evaluate.py"], "dataset": DATASET}
    assert not build_gate("again", "metric", again).repeatable


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"evaluate": ["x/y"]}, "dataset is missing"),
        ({"evaluate": ["x/y"], "dataset": "digits@v1.0.0"}, "dataset does not say which bytes it means"),
        ({"evaluate": ["x/y"], "dataset": "digits"}, "dataset does not say which bytes it means"),
        ({"evaluate": ["x/y"], "dataset": "digits@blake3:00"}, "dataset does not say which bytes it means"),
        ({"evaluate": ["x/y"], "dataset": DATASET, "tolerance": -1}, "tolerance must not be negative"),
        ({"evaluate": [], "dataset": DATASET}, "evaluate must be a list that is not empty"),
        ({"dataset": DATASET}, "dataset needs evaluate"),
        ({"tolerance": 0.1}, "tolerance needs evaluate"),
        ({"evalaute": ["x/y"]}, "evalaute is not an option"),
    ],
)
def test_an_evaluation_that_would_check_something_else_than_meant_is_refused(options, problem):
    with pytest.raises(FormatError, match=f"gate again: {problem}"):
        build_gate("again", "metric", {"metric": "accuracy", "min": 0.7} | options)

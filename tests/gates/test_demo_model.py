"""The gates on good input: a model really trained, as the demo trains it."""

import json
import os
import subprocess
import sys

import pytest

from gitreg.demo.training import Recipe, predict, train, write_dataset
from gitreg.gates.gate import Candidate, Verdict
from gitreg.gates.run import run_gates
from gitreg.gates.table import build_gate
from gitreg.serializers import serializer_of

# Taken before a test's own environment replaces it: what chooses BLAS kernels must be the same wherever bytes are
# compared, as other kernels round differently.
ENVIRONMENT = dict(os.environ)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """(root, facts of each recipe); `root/data` and `root/RECIPE` hold what was written."""
    root = tmp_path_factory.mktemp("trained")
    write_dataset(root / "data")
    return root, {recipe: train(root / recipe, root / "data", recipe) for recipe in Recipe}


def test_the_second_recipe_is_truly_better(trained):
    """The demo promotes it over the first, so its figures must bear that out."""
    _, facts = trained
    assert facts[Recipe.BASELINE].metrics["accuracy"] > 0.95
    assert facts[Recipe.KERNEL].metrics["accuracy"] > facts[Recipe.BASELINE].metrics["accuracy"] + 0.01


def test_a_trained_model_passes_all_gates_and_the_worse_one_does_not_replace_it(trained):
    root, facts = trained
    gates = [
        build_gate("quality", "metric", {"metric": "accuracy", "min": 0.95, "max_regression": 0.005}),
        build_gate("card", "card", {}),
        build_gate("format", "format", {}),
    ]

    def verdicts(recipe, baseline):
        pointer = {"model": {"owner": "ana", "license": "apache-2.0"}, "metrics": facts[recipe].metrics}
        candidate = Candidate(pointer, lambda: root / recipe, facts[baseline].metrics)
        return [(result.name, result.verdict) for result in run_gates(gates, candidate)]

    passed = [("quality", Verdict.PASS), ("card", Verdict.PASS), ("format", Verdict.PASS)]
    assert verdicts(Recipe.KERNEL, Recipe.BASELINE) == passed
    assert verdicts(Recipe.BASELINE, Recipe.KERNEL) == [("quality", Verdict.FAIL), *passed[1:]]


def test_the_dataset_passes_its_gates_too(trained):
    root, _ = trained
    gates = [build_gate("card", "card", {"required": ["card"]}), build_gate("format", "format", {})]
    assert all(result.passed for result in run_gates(gates, Candidate({}, lambda: root / "data")))


def test_both_files_of_a_model_say_the_same(trained):
    """model.onnx is what is measured, model.skops what loads as an object: they must be one model."""
    root, facts = trained
    for recipe in Recipe:
        predictions = predict(root / recipe, root / "data", 450)
        estimator = serializer_of(root / recipe).load(root / recipe)
        right = sum(one.expected == one.predicted for one in predictions)
        assert round(right / 450, 4) == facts[recipe].metrics["accuracy"]
        assert [one.predicted for one in predictions] == estimator.predict(holdout_images(root)).tolist()


def holdout_images(root):
    from safetensors.numpy import load_file  # noqa: PLC0415

    return load_file(root / "data" / "holdout.safetensors")["images"].astype("float32")


def test_training_again_in_another_process_gives_the_same_bytes(trained):
    """Same training, same manifest, on any number of cores: otherwise every run of CI would be a new version."""
    root, facts = trained
    command = [sys.executable, "-m", "gitreg.demo.training"]
    shown = subprocess.run([*command, "dataset", root / "data2"], capture_output=True, text=True, check=True)
    assert shown.stdout == f"1347 images to train on, 450 held out, in {root / 'data2'}\n"
    outs = ["--metrics-out", root / "metrics.json", "--params-out", root / "params.json"]
    arguments = ["train", "--recipe", "baseline", "--data", root / "data2", *outs, root / "again"]
    one_core = ENVIRONMENT | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    subprocess.run([*command, *arguments], capture_output=True, check=True, env=one_core)
    assert contents(root / "data2") == contents(root / "data")
    assert contents(root / "again") == contents(root / Recipe.BASELINE)
    assert json.loads((root / "metrics.json").read_text()) == facts[Recipe.BASELINE].metrics
    assert json.loads((root / "params.json").read_text()) == facts[Recipe.BASELINE].params


def contents(directory):
    return {entry.name: (directory / entry.name).read_bytes() for entry in os.scandir(directory)}


def test_the_commands_that_the_demo_narrates_print_what_a_person_wants_to_see(trained):
    root, _ = trained
    command = [
        sys.executable,
        "-m",
        "gitreg.demo.training",
        "predict",
        root / "kernel",
        "--data",
        root / "data",
        "--count",
        "5",
    ]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert shown.stderr == ""
    assert shown.stdout == "shown      2 0 4 9 4\npredicted  2 0 4 9 4\n5 of 5 right\n"

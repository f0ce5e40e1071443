"""Real training for the demo: scikit-learn's bundled digits, two recipes, ONNX out.  Knows nothing of registries."""

from __future__ import annotations

import json
import time
import warnings
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

import click

from gitreg.errors import GitregError
from gitreg.serializers import write_model
from gitreg.serializers.optional import require

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    import numpy as np
    from sklearn.base import BaseEstimator

_PIXELS = 64
_OPSET = 17

_DATASET_CARD = """\
---
license: cc-by-4.0
pretty_name: Handwritten digits, 8 x 8
task_categories:
- image-classification
tags:
- digits
---
# Handwritten digits

{train} images to train on and {holdout} held out, 8 x 8 pixels of 0 to 16, split evenly over the ten digits by seed
{seed}. `images` (uint8, n x 64) and `labels` (uint8, n) lie in `train.safetensors` and `holdout.safetensors`.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository (1998),
the copy that scikit-learn brings.
"""

_MODEL_CARD = """\
---
license: apache-2.0
pipeline_tag: image-classification
library_name: sklearn
tags:
- digits
- onnx
- {recipe}
datasets:
- digits
metrics:
- accuracy
- f1
model-index:
- name: digits
  results:
  - task:
      type: image-classification
    dataset:
      type: digits
      name: Handwritten digits, 8 x 8
      split: holdout
    metrics:
    - type: accuracy
      value: {accuracy}
    - type: f1
      value: {macro_f1}
---
# Which digit is it?

{description} It reads 64 pixels of 0 to 16 and names a digit. Measured on {holdout} images that it never saw, through
`model.onnx` itself: accuracy {accuracy}. `model.skops` holds the same model for scikit-learn.

Meant for showing how a registry works, on scans like those of its dataset; not for reading real post.
"""

_SCHEMA = {
    "inputs": [{"name": "pixels", "type": "float32", "shape": ["n", _PIXELS]}],
    "outputs": [{"name": "label", "type": "int64", "shape": ["n"]}],
    # what the gates that run the model give it, and what must come back
    "example": [[0.0] * _PIXELS],
    "output": {"type": "int64", "shape": [-1]},
}


class Recipe(StrEnum):
    """How to train: a linear baseline, and support vectors that do better."""

    BASELINE = "baseline"
    KERNEL = "kernel"

    @property
    def description(self) -> str:
        match self:
            case Recipe.BASELINE:
                return "A logistic regression on the pixels."
            case Recipe.KERNEL:
                return "Support vectors with a radial kernel."
            case _:
                assert_never(self)


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """What was written: numbers of images, and the seed of the split."""

    train: int
    holdout: int
    seed: int


@dataclass(frozen=True, slots=True)
class TrainingFacts:
    """What to record beside the model."""

    params: Mapping[str, str | int | float]
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Prediction:
    """One held-out image: the digit that it shows, and the one that the model names."""

    expected: int
    predicted: int


def write_dataset(directory: Path, *, seed: int = 0, holdout: float = 0.25) -> DatasetFacts:
    """Write the two splits and a dataset card; the same seed gives the same bytes.  `holdout` is a share."""
    digits = _package("sklearn.datasets").load_digits()
    split = _package("sklearn.model_selection").train_test_split
    save_file = _package("safetensors.numpy").save_file
    parts = split(
        digits.data.astype("uint8"),
        digits.target.astype("uint8"),
        test_size=holdout,
        random_state=seed,
        stratify=digits.target,
    )
    directory.mkdir(parents=True, exist_ok=True)
    for name, images, labels in (("train", parts[0], parts[2]), ("holdout", parts[1], parts[3])):
        save_file({"images": images, "labels": labels}, str(directory / f"{name}.safetensors"))
    facts = DatasetFacts(len(parts[0]), len(parts[1]), seed)
    (directory / "README.md").write_text(_DATASET_CARD.format(**asdict(facts)), encoding="utf-8")
    return facts


def train(directory_out: Path, dataset_dir: Path, recipe: Recipe) -> TrainingFacts:
    """Train and write model.onnx, model.skops, schema.json and a model card.

    Metrics are measured on the held-out images through the ONNX file, as whoever pulls the model will use it.  The
    same recipe and data give the same bytes on one machine, for any number of cores; another processor may round
    the last bits of the weights differently.
    """
    images, labels = _load(dataset_dir, "train")
    estimator, params = _estimator(recipe)
    with _package("threadpoolctl").threadpool_limits(1):  # sums in another order would be other bytes
        estimator.fit(images, labels)
    write_model(estimator, directory_out)
    _write_onnx(estimator, directory_out / "model.onnx")
    (directory_out / "schema.json").write_text(json.dumps(_SCHEMA, indent=2) + "\n", encoding="ascii")
    expected, predicted = _holdout(directory_out, dataset_dir)
    metrics = _measure(expected, predicted)
    card = _MODEL_CARD.format(recipe=recipe.value, description=recipe.description, holdout=len(expected), **metrics)
    (directory_out / "README.md").write_text(card, encoding="utf-8")
    return TrainingFacts({"recipe": recipe.value, "train_images": len(labels), **params}, metrics)


def predict(directory: Path, dataset_dir: Path, count: int) -> list[Prediction]:
    """The first `count` held-out images, through onnxruntime."""
    expected, predicted = _holdout(directory, dataset_dir, count)
    return [Prediction(int(one), int(other)) for one, other in zip(expected, predicted, strict=True)]


def _package(module: str) -> ModuleType:
    return require(module, hint="pip install 'gitreg[demo]'")


def _load(dataset_dir: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    tensors = _package("safetensors.numpy").load_file(str(dataset_dir / f"{split}.safetensors"))
    return tensors["images"].astype("float32"), tensors["labels"].astype("int64")


def _estimator(recipe: Recipe) -> tuple[BaseEstimator, dict[str, str | int | float]]:
    match recipe:
        case Recipe.BASELINE:
            scaled = _package("sklearn.preprocessing").MinMaxScaler()
            linear = _package("sklearn.linear_model").LogisticRegression(C=1.0, max_iter=200)
            return _package("sklearn.pipeline").make_pipeline(scaled, linear), {"C": 1.0, "max_iter": 200}
        case Recipe.KERNEL:
            params: dict[str, str | int | float] = {"C": 10.0, "gamma": 0.001, "kernel": "rbf"}
            return _package("sklearn.svm").SVC(**params), params
        case _:
            assert_never(recipe)


def _write_onnx(estimator: BaseEstimator, path: Path) -> None:
    types = _package("skl2onnx.common.data_types")
    with warnings.catch_warnings():  # of skl2onnx reading attributes that scikit-learn is about to drop
        warnings.simplefilter("ignore", FutureWarning)
        model = _package("skl2onnx").convert_sklearn(
            estimator,
            name="digits",  # the default is a random one, and the same training must give the same bytes
            initial_types=[("pixels", types.FloatTensorType([None, _PIXELS]))],
            options={id(estimator): {"zipmap": False}},
            target_opset=_OPSET,
        )
    opsets = sorted(model.opset_import, key=lambda opset: str(opset.domain))  # they come out of a set
    del model.opset_import[:]
    model.opset_import.extend(opsets)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _holdout(directory: Path, dataset_dir: Path, count: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    images, labels = _load(dataset_dir, "holdout")
    runtime: Any = _package("onnxruntime")
    session = runtime.InferenceSession(str(directory / "model.onnx"), providers=["CPUExecutionProvider"])
    return labels[:count], session.run(None, {"pixels": images[:count]})[0]


def _measure(expected: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    macro_f1 = _package("sklearn.metrics").f1_score(expected, predicted, average="macro")
    return {"accuracy": round(float((expected == predicted).mean()), 4), "macro_f1": round(float(macro_f1), 4)}


@click.group()
def commands() -> None:
    """Train a classifier of handwritten digits, in a few seconds and without a network."""


@commands.command("dataset")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--seed", default=0, show_default=True, help="Which images are held out.")
def dataset_command(directory: Path, seed: int) -> None:
    """Write the digits into DIRECTORY, split for training and for measuring."""
    facts = write_dataset(directory, seed=seed)
    click.echo(f"{facts.train} images to train on, {facts.holdout} held out, in {directory}")


@commands.command("train")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--data", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--recipe", type=click.Choice([recipe.value for recipe in Recipe]), default=Recipe.BASELINE.value)
@click.option("--metrics-out", type=click.Path(path_type=Path, dir_okay=False), help="Write the metrics as JSON.")
@click.option("--params-out", type=click.Path(path_type=Path, dir_okay=False), help="Write the parameters as JSON.")
def train_command(directory: Path, data: Path, recipe: str, metrics_out: Path | None, params_out: Path | None) -> None:
    """Train on the dataset in --data and write the model into DIRECTORY."""
    begun = time.monotonic()
    facts = train(directory, data, Recipe(recipe))
    for path, values in ((metrics_out, facts.metrics), (params_out, facts.params)):
        if path is not None:
            path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    figures = ", ".join(f"{name} {value}" for name, value in facts.metrics.items())
    click.echo(f"{recipe}: {figures}, trained in {time.monotonic() - begun:.1f} s, in {directory}")


@commands.command("predict")
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--data", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--count", default=10, show_default=True, type=click.IntRange(min=1))
def predict_command(directory: Path, data: Path, count: int) -> None:
    """Name the first held-out digits of --data by the model in DIRECTORY, through onnxruntime."""
    predictions = predict(directory, data, count)
    right = sum(prediction.expected == prediction.predicted for prediction in predictions)
    click.echo(f"shown      {' '.join(str(prediction.expected) for prediction in predictions)}")
    click.echo(f"predicted  {' '.join(str(prediction.predicted) for prediction in predictions)}")
    click.echo(f"{right} of {len(predictions)} right")


def main() -> None:
    """Run one command; a missing package or a broken file is one line, not a traceback."""
    try:
        commands(prog_name="python -m gitreg.demo.training")
    except GitregError as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        click.echo(f"error: {error.message}{hint}", err=True)
        raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()

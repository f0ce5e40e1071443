"""Pointers: what is committed in place of the bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from format_strategies import digests, golden, model_names, mutated, only_gitreg_errors, stage_names, versions
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.digest import Digest
from gitreg.core.names import ModelName
from gitreg.core.pointer import Kind, LineageEntry, Pointer, parse_pointer
from gitreg.core.pointer_edit import format_pointer
from gitreg.errors import FormatError

GOLDEN = Path(__file__).parent / "golden" / "pointer-1.toml"
EXAMPLE = Pointer(
    name=ModelName("mnist"),
    manifest=Digest("a" * 64),
    size=14_336_221_184,
    files=12,
    kind=Kind.DATASET,
    path="mnist.onnx",
    model={"description": "Größe \"q\"\n\t'x'", "labels": ["vision", "digits"], "card": {"a.b": {"": True}}},
    params={"lr": 1e-3, "layers": [64, 10], "shuffle": False, "seed": -1},
    metrics={"accuracy": 0.981, "epochs": 12},
    schema={"inputs": [{"name": "x", "shape": [1, 64]}]},
    dependencies={"python": "3.11"},
    lineage=(
        LineageEntry("digits@v1.0.0", Digest("b" * 64), "training-data"),
        LineageEntry(f"base@blake3:{'c' * 64}", Digest("c" * 64), "base-model"),
    ),
)

whole = st.integers(-(1 << 63), (1 << 63) - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(codec="utf-8"), max_size=12)
values = st.recursive(
    texts | whole | floats | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
tables = st.dictionaries(texts, values, max_size=3)
# after "#", for a stage may be called v6, and mnist@v6 is neither it nor a version
refs = st.builds("{}@{}".format, model_names, versions) | st.builds("{}#{}".format, model_names, stage_names)
lineages = st.builds(LineageEntry, refs, digests, texts)
pointers = st.builds(
    Pointer,
    name=model_names,
    manifest=digests,
    size=st.integers(0, 1 << 50),
    files=st.integers(0, 1 << 22),
    kind=st.sampled_from(Kind),
    path=st.none() | st.just("model.onnx"),
    model=tables,
    params=tables,
    metrics=st.dictionaries(texts, floats | whole, max_size=3),
    schema=tables,
    dependencies=tables,
    lineage=st.lists(lineages, max_size=3).map(tuple),
)


def test_golden_file():
    """A pointer committed yesterday could not be read today."""
    golden(GOLDEN, format_pointer(EXAMPLE))
    assert parse_pointer(GOLDEN.read_bytes()) == EXAMPLE


@given(pointers)
def test_round_trip(pointer):
    """What was recorded about a model would change on its way into Git."""
    assert parse_pointer(format_pointer(pointer)) == pointer


@given(st.data())
def test_a_damaged_pointer_is_parsed_or_refused(data):
    """A bad merge would look like a bug of ours."""
    text = mutated(data.draw, GOLDEN.read_bytes())
    pointer = only_gitreg_errors(lambda: parse_pointer(text))
    assert pointer is None or parse_pointer(format_pointer(pointer)) == pointer


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('manifest = "blake3:aa', "# ", "artifact: manifest: is missing"),
        ("blake3:aa", "blake3:a", "artifact: manifest: not a BLAKE3 digest"),
        ("blake3:aa", "blake3:aaa", "artifact: manifest: not a BLAKE3 digest"),
        ("blake3:aa", "blake3:AA", "artifact: manifest: not a BLAKE3 digest"),
        ("blake3:aa", "sha256:aa", "artifact: manifest: not a digest"),
        ('name = "mnist"', "", "artifact: name: is missing"),
        ('name = "mnist"', 'name = "Mnist"', "artifact: name: not a model name"),
        ('name = "mnist"', 'name = "../mnist"', "artifact: name: not a model name"),
        ('name = "mnist"', r'name = "mnist\n"', "artifact: name: not a model name"),
        ('name = "mnist"', r'name = "mn\u001bist"', "artifact: name: not a model name"),
        ('name = "mnist"', f'name = "{"m" * 200}"', "artifact: name: not a model name"),
        ('name = "mnist"', "name = 1", "artifact: name: must be a string"),
        ("size = 14336221184", "size = -1", "artifact: size: must not be negative"),
        ("size = 14336221184", "size = 1.5", "artifact: size: must be a whole number"),
        ("size = 14336221184", "size = true", "artifact: size: must be a whole number"),
        ("files = 12", "file = 12", "artifact: files: is missing"),
        ("files = 12", "files = 12\nsizes = 1", "artifact: sizes: unknown key"),
        ('kind = "dataset"', 'kind = "Dataset"', "artifact: kind: must be 'model' or 'dataset'"),
        ('kind = "dataset"', 'kind = ""', "artifact: kind: must be 'model' or 'dataset'"),
        ('path = "mnist.onnx"', 'path = "../mnist.onnx"', "artifact: path: "),
        ('path = "mnist.onnx"', 'path = "/etc/passwd"', "artifact: path: "),
        ('path = "mnist.onnx"', 'path = "a/b"', "artifact: path: must be a file name"),
        ("accuracy = 0.981", "accuracy = nan", "metrics: accuracy: must be a finite number"),
        ("accuracy = 0.981", "accuracy = -inf", "metrics: accuracy: must be a finite number"),
        ("accuracy = 0.981", 'accuracy = "high"', "metrics: accuracy: must be a finite number"),
        ("accuracy = 0.981", "accuracy = true", "metrics: accuracy: must be a finite number"),
        ("lr = 0.001", "lr = inf", "params: lr: must be finite"),
        ("layers = [64, 10]", "layers = [64, [nan]]", "params: layers: must be finite"),
        ("[params]", "[parms]", "parms: unknown key"),
        ('ref = "digits@v1.0.0"', 'ref = "digits.gitreg"', "lineage[0]: ref: a path is not a reference"),
        ('ref = "digits@v1.0.0"', 'ref = "Digits"', "lineage[0]: ref: not a model name"),
        ('role = "training-data"', 'rol = "training-data"', "lineage[0]: rol: unknown key"),
        ("[artifact]", "[[artifact]]", "artifact: must be a table"),
    ],
)
def test_nonsense_is_refused_and_named(old, new, reason):
    """An edited pointer would be registered with what it does not say."""
    text = GOLDEN.read_text()
    assert old in text
    with pytest.raises(FormatError) as caught:
        parse_pointer(text.replace(old, new, 1).encode(), "models/mnist.gitreg")
    assert caught.value.message.startswith(f"models/mnist.gitreg: {reason}")
    assert caught.value.hint


def test_dates_become_text():
    """Values that JSON cannot carry would break every --json."""
    text = GOLDEN.read_text().replace("seed = -1", "seed = 2026-01-02T03:04:05Z")
    assert parse_pointer(text.encode()).params["seed"] == "2026-01-02 03:04:05+00:00"

"""The classic surface: exactly what simple registries promise, and never an object that did not verify."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gitreg import ModelRegistry, create_registry
from gitreg.errors import RefusedError, UsageError

np = pytest.importorskip("numpy")


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelRegistry:
    """As a user makes it: in ./models, out of nothing, and without a key or a Git identity of their own."""
    monkeypatch.chdir(tmp_path)
    return create_registry("local", path="./models")


def twice(x):
    return 2 * x


def test_the_example_that_people_know(registry: ModelRegistry):
    saved = registry.save_model(twice, "linear_model", "Simple linear predictor", tags={"type": "function"})
    assert saved == "1"
    assert registry.save_model(lambda x: 3 * x, "linear_model") == "2"
    assert registry.load_model("linear_model")(5) == 15
    assert registry.load_model("linear_model", version="1")(5) == 10
    assert registry.get_model_versions("linear_model") == ["1", "2"]
    assert registry.get_latest_version("linear_model") == "2"


def test_the_records(registry: ModelRegistry):
    registry.save_model(np.ones(3), "m", "Ones", tags={"type": "array", "team": "Größe"})
    ((name, (record,)),) = registry.list_models().items()
    assert set(record) == {"name", "version", "description", "tags", "created_at", "storage_path", "file_size"}
    assert (name, record["name"], record["version"], record["description"]) == ("m", "m", "1", "Ones")
    assert record["tags"] == {"type": "array", "team": "Größe"}
    assert Path(record["storage_path"]).is_file()
    assert record["file_size"] > 24
    assert record["created_at"].startswith("20")


def test_what_is_not_there_says_so_in_these_words(registry: ModelRegistry):
    with pytest.raises(ValueError, match=r"^Model 'nope' not found in registry$"):
        registry.load_model("nope")
    registry.save_model([1], "m")
    for version in ("999", "0", "v9.9.9", "x", "", "-1", "1.5", "²"):
        with pytest.raises(ValueError, match=rf"^Model 'm' version '{version}' not found$"):
            registry.load_model("m", version=version)
    with pytest.raises(ValueError, match=r"^Model 'Not A Name' not found in registry$"):
        registry.load_model("Not A Name")
    with pytest.raises(ValueError, match=r"^Model 'nope' not found in registry$"):
        registry.delete_model("nope")
    with pytest.raises(ValueError, match=r"^Model 'm' version '7' not found$"):
        registry.delete_model("m", "7")
    assert registry.get_model_versions("nope") == []
    assert registry.get_latest_version("nope") is None
    with pytest.raises(UsageError):
        registry.save_model([1], "Not A Name")
    assert list(registry.list_models()) == ["m"]


def test_versions_may_be_named_as_numbers_too(registry: ModelRegistry):
    registry.save_model([1], "m")
    assert registry.load_model("m", version=1) == [1]
    assert registry.load_model("m", version="v1.0.0") == [1]


DTYPES = [
    "float64",
    "float32",
    "float16",
    "int8",
    "int64",
    "uint16",
    "bool",
    "complex128",
    "<U5",
    "datetime64[s]",
    ">f4",
]


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_come_back_with_their_type(registry: ModelRegistry, dtype: str):
    array = np.array([[0, 1], [1, 0], [1, 1]]).astype(dtype)
    registry.save_model(array, "array")
    loaded = registry.load_model("array")
    assert (loaded.dtype, loaded.shape) == (array.dtype, array.shape)
    assert (loaded == array).all()


@pytest.mark.parametrize(
    "model",
    [
        {"weights": [1.5, -0.0], "bias": None, "name": "ü"},
        (1, 2, (3,)),
        b"bytes\x00",
        "text",
        7,
        2.5,
        True,
        None,
        [],
        {1: "integer key"},
        float("inf"),
        10**30,
        {"only"},
    ],
    ids=repr,
)
def test_plain_values_come_back_equal_and_of_the_same_type(registry: ModelRegistry, model: object):
    registry.save_model(model, "plain")
    loaded = registry.load_model("plain")
    assert type(loaded) is type(model)
    assert repr(loaded) == repr(model) if not isinstance(model, set) else loaded == model


def test_a_state_dict_of_arrays(registry: ModelRegistry):
    state = {"layer.weight": np.random.default_rng(0).normal(size=(4, 3)), "step": np.array(3)}
    registry.save_model(state, "net")
    loaded = registry.load_model("net")
    assert loaded.keys() == state.keys()
    assert all((loaded[key] == state[key]).all() and loaded[key].dtype == state[key].dtype for key in state)


def test_an_estimator_predicts_the_same(registry: ModelRegistry):
    datasets, linear = pytest.importorskip("sklearn.datasets"), pytest.importorskip("sklearn.linear_model")
    images, labels = datasets.load_digits(return_X_y=True)
    model = linear.LogisticRegression(max_iter=1000).fit(images[:300] / 16, labels[:300])
    registry.save_model(model, "digits")
    loaded = registry.load_model("digits")
    assert type(loaded) is type(model)
    assert (loaded.predict_proba(images / 16) == model.predict_proba(images / 16)).all()
    assert "model.pkl" not in {path.name for path in registry.registry.path("digits").rglob("*")}


def test_an_onnx_model_comes_back_as_it_was(registry: ModelRegistry):
    onnx = pytest.importorskip("onnx")
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    x, y = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "xy")
    model = onnx.helper.make_model(onnx.helper.make_graph([node], "g", [x], [y]))
    registry.save_model(model, "net")
    assert registry.load_model("net").SerializeToString() == model.SerializeToString()


def test_what_cannot_be_saved_leaves_nothing(registry: ModelRegistry):
    registry.save_model([1], "m")
    before = _state(registry)
    with pytest.raises(UsageError, match="cannot be saved"):
        registry.save_model((line for line in "abc"), "m")
    assert _state(registry) == before
    assert registry.load_model("m") == [1]


def _state(registry: ModelRegistry) -> str:
    commands = (["git", "status", "--porcelain"], ["git", "for-each-ref"], ["ls", "-RA", "m"])
    return "".join(subprocess.check_output(command, cwd=registry.registry.root, text=True) for command in commands)


def test_a_second_look_finds_the_same_registry(registry: ModelRegistry, tmp_path: Path):
    registry.save_model([1], "m")
    assert create_registry("local", path=tmp_path / "models").load_model("m") == [1]
    assert ModelRegistry(None, "models").get_model_versions("m") == ["1"]


def test_bytes_may_lie_in_a_folder_of_their_own(tmp_path: Path):
    registry = ModelRegistry(str(tmp_path / "bytes"), tmp_path / "facts")
    registry.save_model(np.arange(5), "m")
    assert registry.list_models()["m"][0]["storage_path"].startswith(str(tmp_path / "bytes"))
    assert Path(registry.list_models()["m"][0]["storage_path"]).is_file()
    with pytest.raises(RefusedError, match="keeps its bytes in"):
        ModelRegistry(str(tmp_path / "elsewhere"), tmp_path / "facts")


def test_a_registry_inside_another_repository_is_one_of_its_own(tmp_path: Path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "mine.txt").write_text("mine")
    create_registry("local", path=tmp_path / "models").save_model([1], "m")
    assert (tmp_path / "models" / ".git").is_dir()
    assert not (tmp_path / ".gitreg").exists()


@pytest.mark.parametrize(
    ("kind", "options", "why"), [("ftp", {}, "unknown kind"), ("s3", {}, "bucket"), ("gcs", {}, "bucket")]
)
def test_a_registry_of_no_kind(kind: str, options: dict[str, str], why: str, tmp_path: Path):
    with pytest.raises(UsageError, match=why):
        create_registry(kind, path=tmp_path / "models", **options)
    assert not (tmp_path / "models").exists()


def test_deleted_versions_are_gone_and_their_numbers_are_not_used_again(registry: ModelRegistry):
    for value in (1, 2, 3):
        registry.save_model([value], "m")
    registry.delete_model("m", "3")
    assert registry.get_latest_version("m") == "2"
    assert registry.load_model("m") == [2]
    with pytest.raises(ValueError, match="version '3' not found"):
        registry.load_model("m", version="3")
    assert registry.save_model([4], "m") == "4"
    registry.delete_model("m")
    assert registry.list_models() == {}
    with pytest.raises(ValueError, match="not found in registry"):
        registry.load_model("m")
    assert registry.save_model([5], "m") == "5"


def test_the_same_model_twice_is_two_versions(registry: ModelRegistry):
    assert [registry.save_model([1], "m") for _ in range(2)] == ["1", "2"]

"""NumPy and Keras files become safetensors, bit for bit; what stands in the way is said, and nothing is left."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest
from safetensors.numpy import load_file

from gitreg.errors import FormatError, NotFoundError, RefusedError, UsageError

h5py = pytest.importorskip("h5py")


def test_an_archive_of_arrays_becomes_tensors_of_the_same_names(convert, tmp_path):
    arrays = {
        "a": np.arange(6.0).reshape(2, 3),
        "f": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "e": np.zeros((0, 2)),
    }
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    found = load_file(convert(tmp_path / "a.npz").target)
    assert set(found) == set(arrays)
    assert all((found[name] == arrays[name]).all() and found[name].dtype == arrays[name].dtype for name in arrays)


def test_a_single_array_is_named_array(convert, tmp_path):
    np.save(tmp_path / "a.npy", np.float32(2.5))
    assert load_file(convert(tmp_path / "a.npy").target) == {"array": np.float32(2.5)}


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.array([None]), "Object arrays"),
        (np.array(["text"]), "<U4, which safetensors lacks"),
        (np.arange(3, dtype=">f4"), ">f4, which safetensors lacks"),
        (np.ones(2, "c16"), "<c16, which safetensors lacks"),
    ],
)
def test_an_array_that_is_no_tensor_is_refused(convert, tmp_path, array, reason):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(FormatError, match=reason):
        convert(tmp_path / "a.npy")


def keras(path, write, **members):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write(file)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", members.get("config", json.dumps({"class_name": "Sequential", "config": {}})))
        archive.writestr("metadata.json", "{}")
        archive.writestr("model.weights.h5", buffer.getvalue())


def test_keras_weights_go_by_their_paths_and_the_architecture_is_said_to_stay(convert, tmp_path):
    kernel = np.arange(6, dtype="f4").reshape(2, 3)

    def write(file):
        file["layers/dense/vars/0"] = kernel
        file.create_dataset("layers/dense/vars/1", 3, "f4")  # whose zeros are never written
        file.create_group("vars")

    keras(tmp_path / "m.keras", write)
    result = convert(tmp_path / "m.keras")
    found = load_file(result.target)
    assert set(found) == {"layers/dense/vars/0", "layers/dense/vars/1"}
    assert (found["layers/dense/vars/0"] == kernel).all()
    assert "architecture stays" in result.notes[0]


def external_link(file):
    file["w"] = h5py.ExternalLink("/etc/passwd", "/")


def soft_link(file):
    file["a"] = np.ones(2, "f4")
    file["b"] = h5py.SoftLink("/a")


def external_storage(file):
    file.create_dataset("w", (4,), "u1", external=[("/etc/hostname", 0, 4)])


@pytest.mark.parametrize("write", [external_link, soft_link, external_storage])
def test_weights_that_lie_elsewhere_are_refused(convert, tmp_path, write):
    """A Keras file could name any file of this machine, and the conversion would publish its bytes."""
    keras(tmp_path / "m.keras", write)
    with pytest.raises(FormatError, match=r"link to another place|in other files"):
        convert(tmp_path / "m.keras")


def test_the_target_is_never_replaced_unasked(convert, tmp_path):
    np.save(tmp_path / "a.npy", np.ones(2))
    convert(tmp_path / "a.npy")
    with pytest.raises(RefusedError, match="is there already"):
        convert(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", np.zeros(3))
    assert load_file(convert(tmp_path / "a.npy", force=True).target)["array"].shape == (3,)


def test_a_failed_conversion_leaves_the_old_target_as_it_was(convert, tmp_path):
    np.save(tmp_path / "a.npy", np.ones(2))
    target = convert(tmp_path / "a.npy").target
    np.save(tmp_path / "a.npy", np.array([None]), allow_pickle=True)
    with pytest.raises(FormatError):
        convert(tmp_path / "a.npy", force=True)
    assert load_file(target)["array"].shape == (2,)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["model.safetensors"]


def test_wrong_words_are_told_apart_from_wrong_files(convert, tmp_path):
    np.save(tmp_path / "a.npy", np.ones(2))
    with pytest.raises(UsageError, match=r"converted to \.safetensors"):
        convert(tmp_path / "a.npy", "a.skops")
    with pytest.raises(UsageError, match="--part"):
        convert(tmp_path / "a.npy", part="model")
    with pytest.raises(NotFoundError):
        convert(tmp_path / "missing.pt")
    target = convert(tmp_path / "a.npy").target
    with pytest.raises(UsageError, match="same file"):
        convert(target, force=True)
    (tmp_path / "text").write_text("no model")
    with pytest.raises(FormatError, match="no format that can be converted"):
        convert(tmp_path / "text", "t.safetensors")


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04", b"PK\x03\x04" + bytes(40), b"\x93NUMPY\x01\x00\xff", pickle.dumps(1)]
)
def test_a_file_that_only_begins_like_a_model_is_refused(convert, tmp_path, content):
    (tmp_path / "m").write_bytes(content)
    name = "m.skops" if content[0] == 0x80 else "m.safetensors"
    with pytest.raises(FormatError):
        convert(tmp_path / "m", name)

"""Keras: configurations in JSON, archives and HDF5, where classes, functions and files are named."""

import io
import json
import zipfile

import h5py
import pytest

from gitreg.gates.scan.budget import Limits
from gitreg.gates.scan.looks import LOOKS
from gitreg.gates.scan.profiles.table import DEFAULT, allow_list
from gitreg.gates.scan.scan import scan_file


def config(**layer) -> dict:
    return {"class_name": "Sequential", "config": {"layers": [{"config": {}, **layer}]}}


def archive(tree: object) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr("metadata.json", '{"keras_version": "3.3.3"}')
        opened.writestr("config.json", json.dumps(tree))
    return buffer.getvalue()


def hdf5(text: str, block: int = 0) -> bytes:
    """A model as Keras 2 saves it, behind a block of bytes that HDF5 leaves to others."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", userblock_size=block) as file:
        file.attrs["model_config"] = text
        file.create_dataset("model_weights/dense/kernel", data=[1.0, 2.0])
    return buffer.getvalue()


FORMS = {
    "json": lambda tree: json.dumps(tree).encode(),
    "keras": archive,
    "hdf5": lambda tree: hdf5(json.dumps(tree)),
    "hdf5 behind a block": lambda tree: hdf5(json.dumps(tree), 512),
    "hdf5, escaped": lambda tree: hdf5(json.dumps(tree).replace("class_name", "cl\\u0061ss_name")),
}
USUAL = [
    {"class_name": "Dense", "module": "keras.layers"},
    {"class_name": "Dense", "module": "keras.src.layers.core.dense"},
    {"class_name": "Functional", "module": "keras"},
    {"class_name": "Adam", "module": "keras.optimizers"},
    {"class_name": "relu", "module": "keras.activations"},
    {"class_name": "Add", "module": "keras.src.ops.numpy"},
    {"class_name": "DTypePolicy", "module": "keras", "registered_name": None},
    {"class_name": "StringLookup", "module": "keras.layers", "config": {"vocabulary": ["a", "b"]}},
]
UNUSUAL = {
    "a lambda": ({"class_name": "Lambda", "module": "keras.layers"}, "keras-lambda"),
    "a lambda as a value": ({"class_name": "__lambda__", "module": "builtins"}, "keras-lambda"),
    "a module of Python's": ({"class_name": "system", "module": "os"}, "keras-class"),
    "a module that only begins like Keras": ({"class_name": "Dense", "module": "kerasx.layers"}, "keras-class"),
    "a download": ({"class_name": "get_file", "module": "keras.utils"}, "keras-class"),
    "a switch": ({"class_name": "enable_unsafe_deserialization", "module": "keras.config"}, "keras-class"),
    "a loader": ({"class_name": "load_model", "module": "keras.models"}, "keras-class"),
    "somebody's own class": ({"class_name": "Mine", "registered_name": "package>Mine"}, "keras-class"),
    "a vocabulary out of a file": (
        {"class_name": "StringLookup", "module": "keras.layers", "config": {"vocabulary": "/etc/passwd"}}, "keras-file",
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("layer", USUAL, ids=lambda layer: f"{layer['module']}.{layer['class_name']}")
def test_a_usual_layer_is_data_except_behind_a_block_that_others_may_read(scanned, layer, form):
    result = scanned(FORMS[form](config(**layer)))
    assert not [finding for finding in result.findings if finding.rule.startswith("keras")]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", UNUSUAL)
def test_what_keras_would_import_run_or_read_is_found_in_every_form(scanned, kind, form):
    layer, rule = UNUSUAL[kind]
    result = scanned(FORMS[form](config(**layer)))
    assert not result.safe
    (finding,) = [finding for finding in result.findings if finding.rule == rule]
    assert "take the weights alone" in finding.advice
    assert finding.where or form == "json"


def test_a_configuration_that_cannot_be_read_is_not_taken_for_none(scanned):
    result = scanned(hdf5('{"class_name": broken'))
    assert (result.verdict, result.findings[0].rule) == ("unknown", "keras-config")


def test_weights_alone_are_data(scanned):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_dataset("layers/dense/vars/0", data=[1.0])
    assert scanned(buffer.getvalue()).safe


def test_an_image_that_is_also_a_model_is_ambiguous(scanned):
    """HDF5's readers find it behind the first 512 bytes, whatever those are."""
    data = b"\x89PNG\r\n\x1a\n".ljust(512, b"\0") + hdf5(json.dumps(config(class_name="Dense")), 512)[512:]
    assert "ambiguous" in {finding.rule for finding in scanned(data, "image.png").findings}


def test_text_that_nearly_is_a_configuration_many_times_ends_by_the_budget(tmp_path):
    """Each of these is read up to its end, in vain."""
    (tmp_path / "model.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + (b'{"a":' * 900 + b"x") * 100)
    result = scan_file(tmp_path / "model.h5", allow_list(DEFAULT), LOOKS, Limits(text=1 << 20))
    assert {finding.rule for finding in result.findings} == {"budget"}

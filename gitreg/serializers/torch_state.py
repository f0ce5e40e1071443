"""PyTorch state dicts (a dict of tensors) as safetensors.  A whole module is code and not handled here."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import TYPE_CHECKING, cast

from gitreg.errors import FormatError, UsageError
from gitreg.serializers.optional import loaded, require

if TYPE_CHECKING:
    from pathlib import Path

    import torch

_FILE = "model.safetensors"
_KEY = "gitreg"
_TORCH = "pip install torch 'gitreg[models]'"
_FORMS = {"dict": dict, "OrderedDict": OrderedDict}


class TorchSerializer:
    """Order of the names, shapes, dtypes and values survive; tied tensors come back equal but apart, on the CPU."""

    name = "torch"
    runs_code = False

    def matches(self, model: object) -> bool:
        module = loaded("torch")
        if module is None or not isinstance(model, dict) or type(model) not in _FORMS.values() or not model:
            return False
        return all(type(name) is str and type(value) is module.Tensor for name, value in model.items())

    def save(self, model: object, directory: Path) -> None:
        save_file = require("safetensors.torch", hint=_TORCH).save_file
        state = cast(dict[str, "torch.Tensor"], model)
        facts = json.dumps({"form": type(state).__name__, "names": list(state)})
        tensors = _apart(state)
        try:
            save_file(tensors, str(directory / _FILE), metadata={_KEY: facts})
        except (RuntimeError, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"safetensors does not hold one of these tensors: {error}") from None

    def load(self, directory: Path) -> object:
        require("torch", hint=_TORCH)
        safetensors = require("safetensors")
        try:
            with safetensors.safe_open(str(directory / _FILE), "pt") as file:
                facts = json.loads(file.metadata()[_KEY])
                return _FORMS[facts["form"]]((name, file.get_tensor(name)) for name in facts["names"])
        except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
            raise FormatError(f"{_FILE} is not what gitreg writes for PyTorch: {error}") from None


def _apart(model: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Plain contiguous tensors of which no two share memory, as the format demands."""
    seen: set[int] = set()
    apart = {}
    for name, tensor in model.items():
        if tensor.is_sparse or tensor.is_quantized:
            raise UsageError(f"the tensor {name!r} is sparse or quantized, which safetensors does not hold")
        storage = tensor.untyped_storage()
        whole = tensor.is_contiguous() and storage.nbytes() == tensor.nbytes
        shared = not whole or storage.data_ptr() in seen
        seen.add(storage.data_ptr())
        apart[name] = tensor.detach().contiguous().clone() if shared else tensor.detach()
    return apart

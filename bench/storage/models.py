"""Model files as the frameworks write them, made with numpy alone: what matters to deduplication is where bytes lie."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

Tensors = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Shape:
    """A decoder-only transformer; the default has 79 million parameters."""

    vocabulary: int = 50_257
    width: int = 512
    layers: int = 17


def transformer(shape: Shape, seed: int = 1) -> dict[str, np.ndarray]:
    """Weights in the order in which frameworks write them."""
    generator = np.random.default_rng(seed)
    wide = 4 * shape.width
    square = (shape.width, shape.width)
    tensors = {"embed": _random(generator, (shape.vocabulary, shape.width))}
    for layer in range(shape.layers):
        tensors |= {f"layer{layer:02}.{name}": _random(generator, square) for name in ("q", "k", "v", "o")}
        tensors[f"layer{layer:02}.up"] = _random(generator, (shape.width, wide))
        tensors[f"layer{layer:02}.down"] = _random(generator, (wide, shape.width))
        tensors[f"layer{layer:02}.norm"] = _random(generator, (shape.width,))
    tensors["final"] = _random(generator, (shape.width,))
    return tensors


def trained(tensors: Tensors, *parts: str) -> dict[str, np.ndarray]:
    """The tensors whose names hold one of the parts get other values in every element, as an optimizer step does."""
    return {
        name: tensor * np.float32(1.001) if any(part in name for part in parts) else tensor
        for name, tensor in tensors.items()
    }


def _random(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return generator.random(shape, dtype=np.float32)


def write_safetensors(path: Path, tensors: Tensors) -> None:
    header, offset = {}, 0
    for name, tensor in tensors.items():
        end = offset + tensor.nbytes
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.data)


def write_torch(path: Path, tensors: Tensors) -> None:
    """A stored zip with the file's stem in every name and entries aligned to 64 bytes, as torch.save makes."""
    with path.open("wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        _entry(archive, f"{path.stem}/data.pkl", "\n".join(tensors).encode())
        for number, tensor in enumerate(tensors.values()):
            _entry(archive, f"{path.stem}/data/{number}", tensor.tobytes())
        _entry(archive, f"{path.stem}/version", b"3\n")


def _entry(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name)
    start = archive.fp.tell() + 30 + len(name) + 4
    padding = -start % 64
    info.extra = struct.pack("<2sH", b"FB", padding) + b"Z" * padding
    archive.writestr(info, data)


def write_gguf(path: Path, tensors: Tensors) -> None:
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), 1)
    header += _text("general.architecture") + struct.pack("<I", 8) + _text("llama")
    offset = 0
    for name, tensor in tensors.items():
        dimensions = tensor.shape[::-1]
        header += _text(name) + struct.pack(f"<I{len(dimensions)}QIQ", len(dimensions), *dimensions, 0, offset)
        offset += tensor.nbytes + -tensor.nbytes % 32
    with path.open("wb") as file:
        file.write(header + bytes(-len(header) % 32))
        for tensor in tensors.values():
            file.write(tensor.tobytes() + bytes(-tensor.nbytes % 32))


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def write_onnx(path: Path, tensors: Tensors) -> None:
    """A ModelProto whose graph holds initialisers only."""
    graph = b"".join(_field(5, _initialiser(name, tensor)) for name, tensor in tensors.items())
    path.write_bytes(_varint(1 << 3) + _varint(8) + _field(7, graph))


def write_hdf5(path: Path, tensors: Tensors) -> None:
    """A group for each layer and a contiguous dataset for each tensor, as Keras writes weights."""
    import h5py  # noqa: PLC0415 - the one case that needs it

    with h5py.File(path, "w") as file:
        for name, tensor in tensors.items():
            file.create_dataset(name.replace(".", "/"), data=tensor)


def can_write_hdf5() -> bool:
    return find_spec("h5py") is not None


def _initialiser(name: str, tensor: np.ndarray) -> bytes:
    dimensions = b"".join(_varint(1 << 3) + _varint(size) for size in tensor.shape)
    return dimensions + _varint(2 << 3) + _varint(1) + _field(8, name.encode()) + _field(9, tensor.tobytes())


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])

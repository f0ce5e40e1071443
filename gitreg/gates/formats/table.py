"""Which parser looks at which file, and the one function that looks at a file.  Knows no gate."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from gitreg.errors import FormatError
from gitreg.gates.formats import npy
from gitreg.gates.formats.gguf import MAGIC as GGUF_MAGIC
from gitreg.gates.formats.gguf import check_gguf
from gitreg.gates.formats.hidden import refuse_pickles
from gitreg.gates.formats.keras import check_keras
from gitreg.gates.formats.npz import check_npz
from gitreg.gates.formats.onnx import check_onnx
from gitreg.gates.formats.reading import read_at_most, strict_json
from gitreg.gates.formats.safetensors import check_safetensors
from gitreg.gates.formats.sentencepiece import BEGINS, check_sentencepiece
from gitreg.gates.formats.skops import check_skops
from gitreg.gates.formats.tokenizer import check_tokenizer
from gitreg.gates.formats.torch_zip import check_torch_zip
from gitreg.gates.formats.yaml_text import check_yaml

_LONGEST_JSON = 256 << 20


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A file claims a format by its name's ending, or by the bytes it begins with (`magic`).

    `begins`: what it must begin with as well, where files of other formats have the same ending.
    """

    name: str
    suffix: str
    check: Callable[[Path], None]
    magic: bytes | None = None
    begins: re.Pattern[bytes] | None = None

    def claimed(self, path: Path, head: bytes) -> bool:
        named = path.name.lower().endswith(self.suffix) and (self.begins is None or self.begins.match(head) is not None)
        return named or (self.magic is not None and head.startswith(self.magic))


def inspect(path: Path) -> str | None:
    """The name of the format that the file claims and has; None if it claims none that is known here.

    Raises:
        FormatError: not what it claims to be, a pickle in any wrapping, or no regular file.
        MissingDependencyError: only a package that is not installed could tell.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise FormatError("is not a regular file")
    refuse_pickles(path)
    with path.open("rb") as stream:
        head = stream.read(8)
    claimed = [known for known in _KNOWN if known.claimed(path, head)]
    for known in claimed:
        known.check(path)
    return claimed[0].name if claimed else None


def _check_json(stream: BinaryIO, size: int) -> None:  # noqa: ARG001  every parser is called alike
    strict_json(read_at_most(stream, _LONGEST_JSON, "the file"), "the file")


def _opened(check: Callable[[BinaryIO, int], None], path: Path) -> None:
    with path.open("rb") as stream:
        check(stream, path.stat().st_size)


_KNOWN = (
    FileFormat("safetensors", ".safetensors", partial(_opened, check_safetensors)),
    FileFormat("onnx", ".onnx", check_onnx),
    FileFormat("npy", ".npy", partial(_opened, npy.check_npy), npy.MAGIC),
    FileFormat("npz", ".npz", partial(_opened, check_npz)),
    FileFormat("tokenizer", "tokenizer.json", partial(_opened, check_tokenizer)),
    FileFormat("json", ".json", partial(_opened, _check_json)),
    FileFormat("skops", ".skops", partial(_opened, check_skops)),
    FileFormat("gguf", ".gguf", partial(_opened, check_gguf), GGUF_MAGIC),
    FileFormat("keras", ".keras", partial(_opened, check_keras)),
    FileFormat("torch", ".pt", partial(_opened, check_torch_zip)),
    FileFormat("torch", ".pth", partial(_opened, check_torch_zip)),
    FileFormat("yaml", ".yaml", partial(_opened, check_yaml)),
    FileFormat("yaml", ".yml", partial(_opened, check_yaml)),
    FileFormat("sentencepiece", ".model", partial(_opened, check_sentencepiece), begins=BEGINS),
)
KNOWN_FORMATS = frozenset(known.name for known in _KNOWN)

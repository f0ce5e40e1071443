"""Which edition of a check this is: a verdict of another one must not be taken for this one's."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from gitreg.core.digest import Digest

# Other people's code that has a say in what the gates of a kind decide.
_LIBRARIES: Mapping[str, tuple[str, ...]] = {"format": ("onnx", "protobuf", "PyYAML")}


@cache
def edition(kind: str) -> str:
    """A digest of the checks' own code, so that nobody has to remember a number when a check learns something; and of
    the versions of Python, which reads archives, and of the libraries that decide with it.
    """
    libraries = [f"{name} {_version(name)}" for name in _LIBRARIES.get(kind, ())]
    return str(Digest.of("\n".join([_code(), platform.python_version(), *libraries]).encode()))


@cache
def _code() -> str:
    files = sorted(Path(__file__).parent.rglob("*.py"))
    return str(Digest.of(b"".join(Digest.of(file.read_bytes()).hex.encode() for file in files)))


def _version(package: str) -> str:
    # Imported here because it costs 40 ms, which policies without such gates must not pay.
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    try:
        return version(package)
    except PackageNotFoundError:
        return "none"

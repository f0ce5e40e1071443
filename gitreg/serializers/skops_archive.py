"""skops archives made repeatable: skops names members after memory addresses and stamps them with the time."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field
from io import BytesIO

_SCHEMA = "schema.json"


@dataclass(slots=True)
class _Numbering:
    """New numbers for addresses, in the order in which the schema mentions them."""

    files: dict[str, str] = field(default_factory=dict)
    _ids: dict[int, int] = field(default_factory=dict)

    def renumber(self, node: object) -> object:
        if isinstance(node, list):
            return [self.renumber(item) for item in node]
        if not isinstance(node, dict):
            return node
        new = dict(node)
        if "__loader__" in node and isinstance(node.get("__id__"), int):
            new["__id__"] = self._ids.setdefault(node["__id__"], len(self._ids) + 1)
        if "__loader__" in node and isinstance(node.get("file"), str):
            new["file"] = self._file(node["file"])
        return {key: value if key in {"__id__", "file"} else self.renumber(value) for key, value in new.items()}

    def _file(self, name: str) -> str:
        suffix = name.rpartition(".")[2]
        return self.files.setdefault(name, f"{len(self.files) + 1}.{suffix}")


def repeatable(data: bytes) -> bytes:
    """The same model in an archive whose bytes depend on nothing but the model and the skops release."""
    numbering = _Numbering()
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        schema = numbering.renumber(json.loads(source.read(_SCHEMA)))
        _write(archive, _SCHEMA, json.dumps(schema, indent=2).encode())
        for old, new in numbering.files.items():
            _write(archive, new, source.read(old))
    return target.getvalue()


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name)  # dated 1980, and of no user
    member.create_system = 3
    member.external_attr = 0o644 << 16
    archive.writestr(member, content)

"""How many features a scikit-learn model takes, by the schema of its skops file.  Loads nothing."""

from __future__ import annotations

import json
from pathlib import Path

from gitreg.gates.formats.archive import open_archive, open_member

_LONGEST_NUMBER = 20


def skops_features(path: Path) -> int | None:
    """Of a file that the check accepted; None if the model does not say it itself, as pipelines do not."""
    with (
        path.open("rb") as stream,
        open_archive(stream) as archive,
        open_member(archive, archive.getinfo("schema.json")) as content,
    ):
        root = json.loads(content.read())
    match root:
        case {"content": {"content": {"n_features_in_": {"is_json": True, "content": str(number)}}}}:
            return int(number) if number.isdecimal() and len(number) <= _LONGEST_NUMBER else None
    return None

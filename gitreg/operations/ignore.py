"""Keeping an artifact's bytes out of Git: one exact line in the `.gitignore` beside it."""

from __future__ import annotations

import re
from pathlib import Path

from gitreg.operations.atomic import write_file


def ignore(place: Path) -> Path:
    """Make Git ignore exactly this path.  Returns the .gitignore that says so (unchanged if it did already)."""
    file = place.parent / ".gitignore"
    line = "/" + re.sub(r"([\\*?\[\]!# ])", r"\\\1", place.name)
    if place.is_dir():
        line += "/"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    if line not in text.split("\n"):
        joint = "" if not text or text.endswith("\n") else "\n"
        write_file(file, f"{text}{joint}{line}\n".encode())
    return file

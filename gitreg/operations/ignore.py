"""Keeping an artifact's bytes out of Git: one exact line in the `.gitignore` beside it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from gitreg.operations.atomic import write_file


def ignore(place: Path) -> Path:
    """Make Git ignore exactly this path.  Returns the .gitignore that says so (unchanged if it did already)."""
    file = place.parent / ".gitignore"
    # bytes: what else stands in the file may be in any encoding
    line = b"/" + re.sub(rb"([\\*?\[\]!# ])", rb"\\\1", os.fsencode(place.name))
    if place.is_dir():
        line += b"/"
    text = file.read_bytes() if file.exists() else b""
    if line not in text.splitlines():
        joint = b"" if not text or text.endswith(b"\n") else b"\n"
        write_file(file, text + joint + line + b"\n")
    return file

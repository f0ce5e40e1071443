"""Data that runs nothing, by how it begins; programs, which do; and text, JSON looked at more closely."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gitreg.gates.scan.formats.json_tree import nodes, texts_in
from gitreg.gates.scan.formats.keras import check_config
from gitreg.gates.scan.formats.skops import check_type
from gitreg.gates.scan.formats.texts import check_template, check_text

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_DATA: Mapping[bytes, str] = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"RIFF": "riff",
    b"fLaC": "flac",
    b"OggS": "ogg",
    b"II*\x00": "tiff",
    b"MM\x00*": "tiff",
    b"ID3": "mp3",
    b"FEA1": "feather",
    b"lmgg": "ggml",
    b"fmgg": "ggml",
    b"tjgg": "ggml",
    b"algg": "ggml",
    b"\xba\x16\x4f\x2f\x0c\x00\x00\x00": "fasttext",
}
_PROGRAMS: Mapping[bytes, str] = {
    b"\x7fELF": "a native program",
    b"MZ": "a Windows program",
    b"\xcf\xfa\xed\xfe": "a native program",
    b"\xca\xfe\xba\xbe": "a native or Java program",
    b"#!": "a script",
    b"\xce\xfa\xed\xfe": "a native program",
    b"!<arch>\n": "a native library",
    b"BC\xc0\xde": "a program of LLVM",
    b"\x00asm": "a WebAssembly program",
    b"ftrt": "an engine of TensorRT, which is machine code",
    b"ptrt": "an engine of TensorRT, which is machine code",
}
_BYTECODE = re.compile(rb"[\x00-\xff][\x0a-\x0f]\r\n")
_SOURCES = frozenset(
    {".py", ".pyc", ".pyd", ".so", ".dll", ".dylib", ".sh", ".bat", ".ps1", ".js", ".pth", ".lua", ".rb"}
)
_HEAD = 1 << 16
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_READ = "read it, or leave it out: a program needs no gate to be dangerous"


def look_at_data(part: Part, scan: Scan) -> str | None:  # noqa: ARG001  every look is called alike
    head = part.head(16)
    return next((name for magic, name in _DATA.items() if head.startswith(magic)), None)


def look_at_program(part: Part, scan: Scan) -> str | None:
    head = part.head(16)
    for magic, what in _PROGRAMS.items():
        if head.startswith(magic) and (magic != b"MZ" or not _is_text(part)):
            scan.unsafe(part, "program", f"is {what}", _READ)
            return "program"
    if _BYTECODE.match(head):
        scan.unsafe(part, "program", "is compiled Python", _READ)
        return "program"
    return None


def look_at_text(part: Part, scan: Scan) -> str | None:
    """UTF-8 without control characters, as far as its beginning shows."""
    if not _is_text(part) or part.head(2) == b"#!":
        return None
    if part.suffix in _SOURCES:
        scan.unknown(part, "source", "is a program's text, which nobody has looked through", _READ)
        return "source"
    if _begins_json(part) and _is_json(part, scan):
        return "json"
    check_text(part, scan)
    return "text"


def _begins_json(part: Part) -> bool:
    """Also after blanks, however many, which its readers pass over."""
    return part.head(_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"[", b""}


def _is_json(part: Part, scan: Scan) -> bool:
    longest = scan.meter.limits.text
    try:
        with part.open() as stream:
            data = stream.read(longest + 1)
        if len(data) > longest:
            scan.unknown(part, "json-size", f"may be JSON, and is longer than the {longest} bytes that are looked at")
            return True
        value = json.loads(data)
    except RecursionError:
        scan.unknown(part, "json-depth", "is JSON that nests too deep to be looked at")
        return True
    except ValueError:
        return False
    check_config(value, part, scan)
    for node in nodes(value):
        _check_table(node, part, scan)
        check_type(node, part, scan)
    return True


def _check_table(table: dict[str, object], part: Part, scan: Scan) -> None:
    """What Hugging Face's configurations can ask for: code beside them, and templates that reach out."""
    if table.get("auto_map"):
        scan.unknown(part, "auto-map", "names code beside it to run (auto_map)", "never load it with trust_remote_code")
    for text in texts_in(table.get("chat_template")):
        check_template(part, scan, text)


def _is_text(part: Part) -> bool:
    head = part.head(_HEAD)
    if not head or _CONTROL.search(head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(head) == _HEAD and error.start > len(head) - 4
    return True

"""Data that runs nothing, by how it begins; programs, which do; and text, JSON looked at more closely."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gitreg.gates.scan.formats.json_tree import nodes, texts_in
from gitreg.gates.scan.formats.keras import check_config
from gitreg.gates.scan.formats.skops import check_type
from gitreg.gates.scan.formats.texts import check_template, check_text, first_letter

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

# Magic numbers that are words are told from words by what follows: a number, with zeros in its upper bytes.
_DATA = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "png"),
    (re.compile(rb"\xff\xd8\xff"), "jpeg"),
    (re.compile(rb"GIF8[79]a.{6}\x00", re.DOTALL), "gif"),
    (re.compile(rb"fLaC[\x00\x80]\x00\x00\x22"), "flac"),
    (re.compile(rb"OggS\x00[\x00-\x07]"), "ogg"),
    (re.compile(rb"II\*\x00|MM\x00\*"), "tiff"),
    (re.compile(rb"ID3[\x02-\x04][^\xff].[\x00-\x7f]{4}", re.DOTALL), "mp3"),
    (re.compile(rb"lmgg.{3}\x00|fmgg\x01\x00{3}|tjgg[\x01-\x03]\x00{3}|algg\x01\x00{3}", re.DOTALL), "ggml"),
    (re.compile(rb"\xba\x16\x4f\x2f\x0c\x00\x00\x00"), "fasttext"),
)
_RIFF = re.compile(rb"RIFF(.{4})(?:WAVE|AVI |WEBP)", re.DOTALL)
_STREAMED = frozenset({b"\x00" * 4, b"\xff" * 4})  # in place of a length
_FEATHER_BEGINS, _FEATHER_ENDS = b"FEA1\x00\x00\x00\x00", b"FEA1"
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
    b"\xac\xed\x00\x05": "a stream of Java's objects",
    b"\x1bLua": "compiled Lua",
    b"\x1bLJ": "compiled Lua",
}
_BYTECODE = re.compile(rb"[\x00-\xff][\x0a-\x0f]\r\n")
_SOURCES = frozenset({".py", ".sh", ".bat", ".ps1", ".js", ".lua", ".rb"})
_MAY_BE_SOURCES = frozenset({".pyc", ".pyd", ".so", ".dll", ".dylib"})
_TORCH = frozenset({b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK"})
_UTF16 = frozenset({b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<"})
_YAML = frozenset({".yaml", ".yml"})
_HEAD = 1 << 16
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_READ = "read it, or leave it out: a program needs no gate to be dangerous"


def look_at_data(part: Part, scan: Scan) -> str | None:  # noqa: ARG001  every look is called alike
    head = part.head(16)
    if match := _RIFF.match(head):
        return "riff" if match[1] in _STREAMED or _reaches(part, match[1]) else None
    if head.startswith(_FEATHER_BEGINS):
        return "feather" if part.tail(len(_FEATHER_ENDS)) == _FEATHER_ENDS else None
    return next((name for magic, name in _DATA if magic.match(head)), None)


def _reaches(part: Part, length: bytes) -> bool:
    return part.size is not None and 8 + int.from_bytes(length, "little") in {part.size, part.size - 1}


def look_at_program(part: Part, scan: Scan) -> str | None:
    head = part.head(16)
    for magic, what in _PROGRAMS.items():
        if head.startswith(magic) and (magic != b"MZ" or not _is_text(part)):
            scan.unsafe(part, "program", f"is {what}", _READ)
            return "program"
    if _BYTECODE.match(head) and not _is_text(part):
        scan.unsafe(part, "program", "is compiled Python", _READ)
        return "program"
    return None


def look_at_text(part: Part, scan: Scan) -> str | None:
    """UTF-8 without control characters, as far as its beginning shows.

    Some readers run a text before they come to bytes that are none: what is called one must be nothing else.
    """
    head = part.head(2)
    if head == b"#!":
        return None
    if head in _UTF16:
        scan.unknown(part, "utf-16", "is text in UTF-16, which is not looked into", "write it in UTF-8")
        return "text"
    is_text = _is_text(part)
    is_path_file = part.suffix == ".pth" and head not in _TORCH  # Python runs its lines when it starts
    if part.suffix in _SOURCES or is_path_file or (is_text and part.suffix in _MAY_BE_SOURCES):
        scan.unknown(part, "source", "is a program's text, which nobody has looked through", _READ)
        return "source"
    if not is_text and part.suffix not in _YAML:
        return None
    if is_text and first_letter(part) in {b"{", b"[", b""} and _is_json(part, scan):
        return "json"
    check_text(part, scan)
    return "text" if is_text else None


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

"""Which paths an artifact's files may have: those that mean the same file on every system, and none outside.

Knows nothing of the disk: a path here is text, relative, with `/` between its names.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from gitreg.core.limits import MAX_NAME_BYTES, MAX_PATH_BYTES, MAX_PATH_DEPTH
from gitreg.core.text import escape
from gitreg.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Where a checkout keeps half-written files below its directory.
TEMP_DIRECTORY: Final = ".gitreg-tmp"

# Windows gives these to devices, whatever the extension; superscript digits count too.
_DEVICE: Final = re.compile(r"(?i:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])[ ]*(?:\..*)?", re.DOTALL)
# Nearly every real path: what does not match takes the slow way below and gets its reason there.
# No possessive quantifiers: CPython matched groups wrongly with them until 3.11.5 (gh-106052).
_PLAIN_NAME: Final = (
    r"(?!(?i:con|prn|aux|nul|com[0-9]|lpt[0-9]|\.git(?:/|$)|\.gitreg))"
    r"\.?[A-Za-z0-9_+=@,()#%!-](?:[A-Za-z0-9_+=@,()#%! .-]{0,252}[A-Za-z0-9_+=@,()#%!-])?"
)
_PLAIN_PATH: Final = re.compile(rf"(?:{_PLAIN_NAME}/){{0,63}}{_PLAIN_NAME}")
# A checkout must never bring a repository's hooks and settings along, nor touch one it is made in.
_GIT: Final = frozenset({".git", "git~1"})
# Characters that some file systems ignore, so that they could hide in a name above.
_IGNORABLE: Final = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u00ad]")
# Line and paragraph separators, and the marks that make a name read in another order than it is stored.
_DECEPTIVE: Final = re.compile("[\u2028-\u202e\u2066-\u2069]")


def parse(text: str) -> str:
    """Return the path if it is one an artifact may have.  Raises FormatError."""
    check_paths((text,))
    return text


def check_paths(paths: Iterable[str]) -> None:
    """Check every path by itself, and the set: no two may meet on a disk that ignores case or normal form.

    Raises FormatError naming the first offender.
    """
    paths = tuple(paths)
    if not _are_plain(paths):
        _check_one_by_one(paths)


def _are_plain(paths: Sequence[str]) -> bool:
    """Whether all is well for reasons that can be seen at a glance, as it is for nearly every artifact."""
    if max(map(len, paths), default=0) > MAX_PATH_BYTES or not all(map(_PLAIN_PATH.fullmatch, paths)):
        return False
    folded = {path.lower() for path in paths}
    directories = _directories(paths)
    folded_directories = {directory.lower() for directory in directories}
    return (
        len(folded) == len(paths)
        and len(folded_directories) == len(directories)
        and folded.isdisjoint(folded_directories)
    )


def _directories(paths: Iterable[str]) -> set[str]:
    """Every directory above any of the paths."""
    found: set[str] = set()
    level = {path.rpartition("/")[0] for path in paths}
    while level:
        found |= level
        level = {directory.rpartition("/")[0] for directory in level} - found
    return found - {""}


def _check_one_by_one(paths: Iterable[str]) -> None:
    """As `check_paths`, at several microseconds a path."""
    directories: dict[str, str] = {}
    known: set[str] = set()
    files: set[str] = set()
    for path in paths:
        parent, slash, name = path.rpartition("/")
        if slash and parent not in known:
            _add_directories(path, directories, known)
        _check_name(name, path)
        _check_length(path)
        key = _folded(path)
        if key in files:
            raise _unusable(path, "it differs from another file's only in case or normal form")
        files.add(key)
    for key in directories.keys() & files:
        raise _unusable(directories[key], "it is both a file and a directory")


def _add_directories(path: str, directories: dict[str, str], known: set[str]) -> None:
    """Check and remember every directory above `path`; done once per directory, not once per file."""
    names = path.split("/")[:-1]
    if len(names) >= MAX_PATH_DEPTH:
        raise _unusable(path, f"it is more than {MAX_PATH_DEPTH} directories deep")
    for depth, name in enumerate(names, start=1):
        _check_name(name, path)
        directory = "/".join(names[:depth])
        if directories.setdefault(_folded(directory), directory) != directory:
            raise _unusable(path, "its directory differs from another only in case or normal form")
        known.add(directory)


def _check_name(name: str, path: str) -> None:
    """Raise FormatError unless `name` can be one file or directory name everywhere."""
    if name in {"", ".", ".."}:
        raise _unusable(path, "it must be relative, without empty, '.' or '..' parts")
    if "\\" in name or ":" in name:
        raise _unusable(path, "backslash and colon mean something else on Windows")
    if name[-1] in ". ":
        raise _unusable(path, "Windows drops a dot or space at the end of a name")
    if _DEVICE.fullmatch(name) is not None:
        raise _unusable(path, "Windows reserves this name for a device")
    _check_characters(name, path)
    if _IGNORABLE.sub("", name).casefold() in _GIT:
        raise _unusable(path, "it would lie in a Git repository's own directory")
    if name == TEMP_DIRECTORY:
        raise _unusable(path, "an interrupted checkout left it behind")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise _unusable(path, f"a name in it is longer than {MAX_NAME_BYTES} bytes")


def _check_characters(name: str, path: str) -> None:
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        raise _unusable(path, "it holds control characters or is not UTF-8")
    if _DECEPTIVE.search(name) is not None:
        raise _unusable(path, "it holds characters that change the direction or line of text")
    if not unicodedata.is_normalized("NFC", name):
        raise _unusable(path, "it is not in Unicode normal form C")


def _check_length(path: str) -> None:
    if len(path.encode(errors="surrogatepass")) > MAX_PATH_BYTES:
        raise _unusable(path, f"it is longer than {MAX_PATH_BYTES} bytes")


def _folded(path: str) -> str:
    """What a disk that ignores case and normal form would compare; the path itself where it is the same text."""
    if path.isascii():
        lowered = path.lower()
        return path if lowered == path else lowered
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def _unusable(path: str, reason: str) -> FormatError:
    return FormatError(f"unusable path in an artifact: '{escape(path[:200])}': {reason}", hint="rename the file")

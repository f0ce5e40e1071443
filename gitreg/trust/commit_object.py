"""The raw bytes of signed commits with at most one parent, read strictly and written as `git commit -S` writes them.

Knows git's format only; what a receipt puts into the message is core/receipt_message.py's.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gitreg.core.oid import Oid
from gitreg.errors import FormatError
from gitreg.trust.sshsig import BEGIN, END
from gitreg.trust.tag_object import Tagger, parse_tagger

MAX_COMMIT: Final = 1024 * 1024
# Author and committer are one: a second name or date would be somebody's claim that nothing checks.
_COMMIT: Final = re.compile(
    rb"tree ([^\n]*)\n(?:parent ([^\n]*)\n)?author ([^\n]*)\ncommitter \3\n"
    rb"(?P<header>(?P<name>gpgsig|gpgsig-sha256) (?P<signature>%s\n(?: [A-Za-z0-9+/=]+\n)+ %s)\n)\n"
    % (BEGIN.encode(), END.encode())
)


class CommitObject(NamedTuple):
    """`signature` is armored and unverified; it covers `signed_bytes`."""

    tree: Oid
    parent: Oid | None
    by: Tagger
    message: str
    signature: str
    signed_bytes: bytes


def parse_commit_object(raw: bytes) -> CommitObject:
    """Read a signed commit's content; FormatError for anything but the form that `attach_to_commit` leaves."""
    if len(raw) > MAX_COMMIT or b"\0" in raw:
        raise FormatError(f"a commit with a NUL byte, or of more than {MAX_COMMIT} bytes")
    form = _COMMIT.match(raw)
    if form is None:
        raise FormatError("not a commit with one parent or none, one person and one SSH signature")
    tree, parent = _oid(form[1]), _oid(form[2]) if form[2] is not None else None
    if form["name"] != _header_name(tree):
        raise FormatError("a commit whose signature is for another object format")
    return CommitObject(
        tree=tree,
        parent=parent,
        by=parse_tagger(_text(form[3])),
        message=_text(raw[form.end() :]),
        signature=form["signature"].decode().replace("\n ", "\n") + "\n",
        signed_bytes=raw[: form.start("header")] + raw[form.end("header") :],
    )


def encode_commit_object(tree: Oid, parent: Oid | None, by: Tagger, message: str) -> bytes:
    """The bytes to be signed."""
    lines = [f"tree {tree}", *([f"parent {parent}"] if parent else []), f"author {by}", f"committer {by}"]
    return ("\n".join(lines) + f"\n\n{message}").encode()


def attach_to_commit(payload: bytes, armored: str) -> bytes:
    """The complete object, as `git commit -S` leaves it; FormatError unless it reads back."""
    head, _, message = payload.partition(b"\n\n")
    name = _header_name(_oid(head.partition(b"\n")[0].removeprefix(b"tree ")))
    signature = armored.removesuffix("\n").replace("\n", "\n ").encode()
    raw = head + b"\n" + name + b" " + signature + b"\n\n" + message
    if parse_commit_object(raw).signed_bytes != payload:
        raise FormatError("a commit that cannot be written with this person and message")
    return raw


def _header_name(tree: Oid) -> bytes:
    return b"gpgsig" if len(tree) == 40 else b"gpgsig-sha256"


def _oid(data: bytes) -> Oid:
    return Oid.parse(_text(data))


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise FormatError("a commit that is not UTF-8 text") from None

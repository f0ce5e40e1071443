"""URLs of shared stores, as a committed file may name them: a place, never options or secrets."""

from __future__ import annotations

import re
from typing import Self
from urllib.parse import unquote

from gitreg.core.text import escape
from gitreg.errors import UsageError

SCHEMES = ("file", "s3", "gs", "az", "abfs", "sftp")
_PLAIN = re.compile(r"[A-Za-z0-9._~/:@%+=, -]+")
_SFTP_HOST = re.compile(r"(?:[A-Za-z0-9._+-]+@)?[A-Za-z0-9._-]+(?::([0-9]{1,5}))?")
_ABFS_CONTAINER = re.compile(r"(?:[a-z0-9-]+@)?[A-Za-z0-9._-]+")
_SSH_PORT, _MAX_PORT = 22, 65535
_BUCKET = re.compile(r"[A-Za-z0-9._-]+")


class RemoteUrl(str):
    """`s3://bucket/prefix`, `file:///srv/models`; without chains (`::`), options, user or password."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        scheme, separator, rest = text.partition("://")
        if not separator or scheme not in SCHEMES:
            raise _bad(text, f"schemes are {', '.join(SCHEMES)}, as in s3://bucket/prefix or file:///srv/models")
        rest = rest.rstrip("/")
        if "::" in text or not rest or not _PLAIN.fullmatch(rest) or ".." in unquote(rest).split("/"):
            raise _bad(text, "a plain place, without chains, options or '..'")
        if scheme == "file" and not rest.startswith("/"):
            raise _bad(text, "a file URL needs an absolute path: file:///srv/models")
        if not _is_place(scheme, rest.partition("/")[0]):
            hint = "credentials belong in your own configuration: git config gitreg.remote.NAME.OPTION VALUE"
            raise _bad(text, f"{hint}; only sftp has a port, from 1 to {_MAX_PORT}")
        return cls(f"{scheme}://{rest}")

    @property
    def scheme(self) -> str:
        return self.partition("://")[0]


def _is_place(scheme: str, host: str) -> bool:
    """sftp may name a user and a port, abfs a container before the @; a colon elsewhere hides a password."""
    match scheme:
        case "file":
            return host == ""
        case "sftp":
            match = _SFTP_HOST.fullmatch(host)
            return match is not None and 1 <= int(match[1] or _SSH_PORT) <= _MAX_PORT
        case "abfs":
            return _ABFS_CONTAINER.fullmatch(host) is not None
        case _:
            return _BUCKET.fullmatch(host) is not None


def _bad(text: str, hint: str) -> UsageError:
    return UsageError(f"not a usable remote URL: '{escape(_without_secret(text)[:200])}'", hint=hint)


def _without_secret(text: str) -> str:
    """What stands before an @, after a ? or in a port's place may be a password, whatever the text around it."""
    shown = re.sub(r"^([a-z0-9:+]*://)?.*@", r"\1***@", text, flags=re.DOTALL)
    shown = re.sub(r"(//[^/:]*:)(?![0-9]{1,5}(?:/|$)).*", r"\1***", shown, flags=re.DOTALL)
    return re.sub(r"[?#;&].*", "...", shown, flags=re.DOTALL)

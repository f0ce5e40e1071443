"""URLs of shared stores, as a committed file may name them: a place, never options or secrets."""

from __future__ import annotations

import re
from typing import Self
from urllib.parse import urlsplit

from gitreg.core.text import escape
from gitreg.errors import UsageError

SCHEMES = ("file", "s3", "gs", "az", "abfs", "sftp")
_PLAIN = re.compile(r"[A-Za-z0-9._~/:@%+=, -]+")


class RemoteUrl(str):
    """`s3://bucket/prefix`, `file:///srv/models`; without chains (`::`), options, user or password."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        scheme, separator, rest = text.partition("://")
        if not separator or scheme not in SCHEMES:
            raise _bad(text, f"schemes are {', '.join(SCHEMES)}, as in s3://bucket/prefix or file:///srv/models")
        if "::" in text or not rest or not _PLAIN.fullmatch(rest) or ".." in rest.split("/"):
            raise _bad(text, "a plain place, without chains, options or '..'")
        if _has_credentials(text, scheme):
            raise _bad(text, "credentials belong in your own configuration: git config gitreg.remote.NAME.OPTION VALUE")
        if scheme == "file" and not rest.startswith("/"):
            raise _bad(text, "a file URL needs an absolute path: file:///srv/models")
        return cls(text.rstrip("/"))

    @property
    def scheme(self) -> str:
        return self.partition("://")[0]


def _has_credentials(text: str, scheme: str) -> bool:
    """sftp may name a user and abfs a container before the @; nothing may name a password."""
    parts = urlsplit(text)
    return parts.password is not None or ("@" in parts.netloc and scheme not in {"sftp", "abfs"})


def _bad(text: str, hint: str) -> UsageError:
    return UsageError(f"not a usable remote URL: '{escape(_without_secret(text)[:200])}'", hint=hint)


def _without_secret(text: str) -> str:
    return re.sub(r"//[^/@]*@", "//***@", text)

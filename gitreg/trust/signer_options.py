"""The options of a line in allowed_signers: for what and when a key counts."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, NamedTuple

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.trust.patterns import matches_list

# OpenSSH lets a backslash escape a quote; nothing a value may hold needs that, so a backslash is an error here.
_OPTION: Final = re.compile(r'([A-Za-z-]+)(?:="([^"\\]*)")?')
_KEY_TYPE: Final = re.compile(r"(?:ssh|ecdsa|sk|webauthn)-")
_TIME: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?Z")
_AUTHORITY: Final = "cert-authority"
_VALUED: Final = frozenset({"namespaces", "valid-after", "valid-before"})


class SignerOptions(NamedTuple):
    """Restrictions; None means there is none of that kind.  Both ends of the time are included, as in OpenSSH.

    The key of a line for an authority signs certificates, and nothing else.
    """

    is_authority: bool = False
    namespaces: str | None = None
    valid_after: datetime | None = None
    valid_before: datetime | None = None

    def allow(self, namespace: str, at: datetime) -> bool:
        return self.in_force(at) and (self.namespaces is None or matches_list(namespace, self.namespaces))

    def in_force(self, at: datetime) -> bool:
        if self.valid_after is None and self.valid_before is None:
            return True
        second = at.replace(microsecond=0)
        return (self.valid_after is None or self.valid_after <= second) and (
            self.valid_before is None or second <= self.valid_before
        )


def split_options(text: str) -> tuple[str, str]:
    """Part what follows the principals into the options (perhaps empty) and the key."""
    if _KEY_TYPE.match(text):
        return "", text
    quoted = False
    for at, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif char in " \t" and not quoted:
            return text[:at], text[at:].strip(" \t")
    raise FormatError(f"no key after the options, or a quote left open: '{escape(text[:60])}'")


def parse_options(text: str) -> SignerOptions:
    """Read options; FormatError for unknown, repeated or malformed ones."""
    values = _values(text) if text else {}
    options = SignerOptions(
        _AUTHORITY in values,
        values.get("namespaces"),
        _time(values.get("valid-after")),
        _time(values.get("valid-before")),
    )
    if options.valid_after and options.valid_before and options.valid_before <= options.valid_after:
        raise FormatError("valid-before is not later than valid-after")
    return options


def _values(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    at = -1
    while at < len(text):
        option = _OPTION.match(text, at + 1)
        if option is None or text[option.end() : option.end() + 1] not in ("", ","):
            raise FormatError(f"options that cannot be read: '{escape(text[:60])}'")
        at = option.end()
        name, value = option[1].lower(), option[2]
        known = value is not None if name in _VALUED else name == _AUTHORITY and value is None
        if not known:
            raise FormatError(f"an unknown option, or one without its value: '{escape(option[0][:60])}'")
        if name in values:
            raise FormatError(f"the option {name} twice")
        values[name] = value or ""
    return values


def _time(text: str | None) -> datetime | None:
    """`YYYYMMDD[HHMM[SS]]Z`.  OpenSSH also takes times without Z, which mean another moment on each machine."""
    if text is None:
        return None
    form = _TIME.fullmatch(text)
    if form is None or not text.isascii():
        raise FormatError(f"not a time in UTC (YYYYMMDD, HHMM or HHMMSS if needed, then Z): '{escape(text[:40])}'")
    year, month, day, hour, minute, second = (int(part or 0) for part in form.groups())
    try:
        time = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise FormatError(f"a time that does not exist: '{text}'") from None
    if time.timestamp() <= 0:
        raise FormatError(f"a time before 1970: '{text}'")
    return time

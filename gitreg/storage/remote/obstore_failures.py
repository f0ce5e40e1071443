"""Which cause an error of obstore has.  It has no fields to ask, so its text is read; a test sees when that changes."""

from __future__ import annotations

import re
from typing import Final

from gitreg.storage.remote.failures import Cause, cause_of_answer

# A request's own, or that of one value in a request for many.
_STATUS: Final = re.compile(r'(?:status code: |\bcode: ")(\d{3})\b([ \w]*)')
_CODE: Final = re.compile(r'<Code>([A-Za-z]\w{0,60})</Code>|\bcode: "([A-Za-z]\w{0,60})"')
# Looked for in this order: a refused connection is also one that could not be made.
_SIGNS: Final = (
    ("External AWS credential provider", Cause.EXPIRED),  # ours, which had some at first
    ("redirect without LOCATION", Cause.WRONG_REGION),
    ("builder error", Cause.BAD_OPTION),  # such as an endpoint that is no URL
    ("dns error", Cause.UNKNOWN_HOST),
    ("InvalidCertificate", Cause.UNTRUSTED),
    ("kind: Timeout", Cause.TIMEOUT),
    ("TimedOut", Cause.TIMEOUT),
    ("kind: Connect,", Cause.NO_CONNECTION),
    ("HTTP error", Cause.CUT),
    ("HttpError", Cause.CUT),
)
_ODD_KEY: Final = "Encountered object with invalid path"
# What it asks for credentials when it was given none: a cloud's own machines answer, others do not.
_MACHINE_ONLY: Final = ("169.254.169.254", "metadata.google.internal", "token request")


def cause_of(text: str) -> tuple[Cause, str]:
    """The cause, and for one that is not known what may be told of it: a status and a word, never the text."""
    if text.startswith(_ODD_KEY):  # and then the name, in which anything may stand
        return Cause.ODD_KEY, ""
    if any(sign in text for sign in _MACHINE_ONLY):
        return Cause.NO_CREDENTIALS, ""
    status, code = _STATUS.search(text), _CODE.search(text)
    if status or code:
        word = (code[1] or code[2]) if code else ""
        cause = cause_of_answer(int(status[1]) if status else 0, word)
        told = f"{status[1]}{status[2].rstrip()} {word}".strip() if status else word
        return cause, told if cause in {Cause.OTHER, Cause.SERVER} else ""
    for sign, cause in _SIGNS:
        if sign in text:
            return cause, ""
    return Cause.OTHER, ""

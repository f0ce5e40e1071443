"""Raising a policy's epoch without disturbing anything else that people wrote."""

from __future__ import annotations

import re

from gitreg.core.policy import POLICY_PATH, parse_policy
from gitreg.errors import FormatError

_EPOCH = re.compile(rb"^(epoch[ \t]*=[ \t]*)[0-9][0-9_]*", re.MULTILINE)


def with_epoch(data: bytes, epoch: int) -> bytes:
    """The same policy with another epoch.  Raises FormatError if it is malformed, or writes its epoch in an odd way."""
    policy = parse_policy(data)
    edited = _EPOCH.sub(rb"\g<1>%d" % epoch, data, count=1)
    if parse_policy(edited) != policy._replace(epoch=epoch):
        raise FormatError(
            f"{POLICY_PATH}: cannot set its epoch", hint=f"write `epoch = {epoch}` into it, and try again"
        )
    return edited

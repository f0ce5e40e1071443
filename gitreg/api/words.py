"""From the words of a call to the choices they stand for."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from gitreg.core.event import Cause
from gitreg.core.text import escape
from gitreg.errors import UsageError
from gitreg.operations.decisions.approve import Way

Choice = TypeVar("Choice", bound=Enum)


def cause_of(*, rollback: bool) -> Cause:
    return Cause.ROLLBACK if rollback else Cause.PROMOTE


def way_of(*, push: bool, file: bool) -> Way:
    if push and file:
        raise UsageError("a decision is pushed as a ref or filed to be committed, not both", hint="choose one")
    if push:
        return Way.PUSHED_REF
    return Way.FILE if file else Way.REF


def one_of(choices: type[Choice], text: str, what: str) -> Choice:
    try:
        return choices(text)
    except ValueError:
        known = ", ".join(each.value for each in choices)
        raise UsageError(f"not {what}: '{escape(text)}'", hint=f"one of: {known}") from None

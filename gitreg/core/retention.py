"""How long the bytes of versions stay: the policy's `[retention]`, and what it decides about one version.

Facts are no concern of it: tags stay for ever.  See docs/adr/0020.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from types import MappingProxyType
from typing import Final, NamedTuple

from gitreg.core.names import StageName
from gitreg.core.near import did_you_mean
from gitreg.core.text import escape
from gitreg.core.toml import Table

_DAY: Final = 86_400
_MOST_DAYS: Final = 36_525  # a hundred years; whoever means longer means "keep"


class Then(Enum):
    """What becomes of bytes, the strongest first: of several rules about a version, the strongest decides."""

    KEEP = "keep"
    ARCHIVE = "archive"
    DELETE = "delete"


class Term(NamedTuple):
    """So many days, and what comes after them."""

    then: Then
    days: int = 0


class Retention(NamedTuple):
    """A stage without a term keeps what it ever held, and so does `other` for versions that were in no stage."""

    latest: int = 0
    stages: Mapping[StageName, Term] = MappingProxyType({})
    other: Term = Term(Then.KEEP)
    archive: StageName | None = None  # a remote's name


class Stay(NamedTuple):
    """A version in a stage; `left` in seconds, None if it is there now."""

    stage: StageName
    left: int | None


class Fate(NamedTuple):
    """What becomes of a version's bytes, and why; `until` in seconds if they stay for a time only."""

    then: Then
    reason: str
    until: int | None = None


def read_retention(table: Table, stages: Collection[str]) -> Retention:
    """`[retention]`.  Raises FormatError."""
    archive = table.parsed("archive", StageName.parse) if "archive" in table.names() else None
    return read_model_retention(table, stages, Retention(archive=archive))


def read_model_retention(table: Table, stages: Collection[str], inherited: Retention) -> Retention:
    """What is said for some models, and inherited where nothing is; the archive is the same for all.

    Raises FormatError.
    """
    inner = table.table("stages")
    terms = {inner.named(key, StageName.parse): _read_term(inner.table(key)) for key in inner.names()}
    for stage in terms:
        if stage not in stages:
            raise inner.fail(stage, "no such stage", hint=did_you_mean(stage, stages) or "define it: [stages.NAME]")
    retention = inherited._replace(
        latest=table.count("latest", default=inherited.latest),
        stages={**inherited.stages, **terms},
        other=_read_term(table.table("other")) if "other" in table.names() else inherited.other,
    )
    table.finish()
    return retention


def _read_term(table: Table) -> Term:
    said = table.required("then", str)
    then = next((each for each in Then if each.value == said), None)
    if then is None:
        raise table.fail("then", f"not a fate: '{escape(said[:80])}'", hint='"keep", "archive" or "delete"')
    days = table.count("days", default=0)
    if then is Then.KEEP and "days" in table.names():
        raise table.fail("days", 'nothing comes after "keep"', hint="leave `days` out")
    if days > _MOST_DAYS:
        raise table.fail("days", f"more than {_MOST_DAYS} days", hint='say then = "keep" if you mean for ever')
    table.finish()
    return Term(then, days)


def fate(retention: Retention, registered: int, stays: Collection[Stay], now: int, *, latest: bool) -> Fate:
    """What is due at `now` (seconds) for a version that was registered then, and in these stages since."""
    fates = [_after_stay(retention, stay, now) for stay in stays]
    if not stays:
        fates.append(_after(retention.other, registered, now, "in no stage since"))
    if latest:
        fates.append(Fate(Then.KEEP, f"one of the last {retention.latest}"))
    return strongest(fates)


def strongest(fates: Iterable[Fate]) -> Fate:
    """The one that decides; of those that keep, the one that does so longest."""
    order = list(Then)
    return min(fates, key=lambda each: (order.index(each.then), -(_FOR_EVER if each.until is None else each.until)))


_FOR_EVER: Final = 1 << 62


def _after_stay(retention: Retention, stay: Stay, now: int) -> Fate:
    if stay.left is None:
        return Fate(Then.KEEP, f"in {stay.stage} now")
    if stay.stage not in retention.stages:
        return Fate(Then.KEEP, f"was in {stay.stage}, which has no term")
    return _after(retention.stages[stay.stage], stay.left, now, f"left {stay.stage} on")


def _after(term: Term, since: int, now: int, what: str) -> Fate:
    reason = f"{what} {_date(since)}"
    if term.then is Then.KEEP:
        return Fate(Then.KEEP, reason)
    until = since + term.days * _DAY
    waits = f"{reason} and stays {days(term.days)}"
    return Fate(Then.KEEP, waits, until) if now < until else Fate(term.then, reason)


def days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _date(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return "at no time that a calendar has"

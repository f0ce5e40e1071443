"""Numbers and moments the way people read them."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_SPANS = (("year", 31_536_000), ("month", 2_592_000), ("day", 86_400), ("hour", 3_600), ("minute", 60))


def size(count: int) -> str:
    """Bytes in binary units: `512 B`, `3.4 MiB`."""
    if count < 1024:
        return f"{count} B"
    step = next((step for step in range(1, len(_UNITS)) if count / 1024**step < 1023.95), len(_UNITS))
    return f"{count / 1024**step:.1f} {_UNITS[step - 1]}"


def counted(count: int, noun: str) -> str:
    """`1 file`, `12 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def seconds(value: float) -> str:
    """`40 ms`, `3.2 s`, `4 min 10 s`."""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def moment(when: datetime) -> str:
    """ISO 8601 in UTC, to the second."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(when: datetime, now: datetime) -> str:
    """`3 days ago`; what lies ahead, as clocks that are wrong make it, is given as it is."""
    elapsed = int((now - when).total_seconds())
    if elapsed < 0:
        return moment(when)
    for unit, length in _SPANS:
        if elapsed >= length:
            return f"{counted(elapsed // length, unit)} ago"
    return "just now"


def number(value: float) -> str:
    """A metric or parameter, without noise digits."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)

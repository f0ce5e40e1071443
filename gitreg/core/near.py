"""The name that somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable

from gitreg.core.text import escape


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the nearest of `known`; None if none is near."""
    # Imported here because only mistakes need it, and every command that makes none would wait 2 ms for it.
    from difflib import get_close_matches  # noqa: PLC0415

    near = get_close_matches(name[:80], list(known), n=1)
    return f"did you mean '{escape(near[0])}'?" if near else None

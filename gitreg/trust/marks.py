"""High-water marks: what a clone has seen may not disappear or turn into something else.  Knows no file."""

from __future__ import annotations

from collections.abc import Mapping

from gitreg.core.oid import Oid
from gitreg.core.tag_name import parse_tag_name
from gitreg.trust.facts import Failed


def losses(seen: Mapping[str, Oid], present: Mapping[str, Oid]) -> tuple[Failed, ...]:
    """The tags that are not any more what they were when they were seen, as failures of `deleted` or `moved`.

    Both map names to oids.  They are compared as they stand, for on every question there may be thousands of them.
    """
    return tuple(
        failed
        for name, oid in seen.items()
        if present.get(name) != oid and (failed := _loss(name, oid, present.get(name))) is not None
    )


def _loss(name: str, oid: Oid, now: Oid | None) -> Failed | None:
    tag = parse_tag_name(name)
    if tag is None:
        return None
    if now is None:
        return Failed(tag, oid, "deleted", "this clone has seen it, and it is gone")
    return Failed(tag, oid, "moved", f"this clone has seen it as {oid[:12]}, and now it is {now[:12]}")

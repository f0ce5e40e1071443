"""A tensor by name, type and shape: what a file says of itself, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Value:
    """`kind` is NumPy's name, `shape` has None where the model takes any extent; both None if the file is silent."""

    name: str
    kind: str | None
    shape: tuple[int | None, ...] | None

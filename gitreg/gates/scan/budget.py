"""How much a scan may cost.  Counted in bytes and steps, not seconds: a verdict is the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass, field


class TooMuchError(Exception):
    """The budget is spent; the message says on what."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one file.  `inflated`: bytes out of compressed streams; `spooled`: of those, bytes kept for going back."""

    steps: int = 20_000_000
    inflated: int = 8 << 30
    spooled: int = 1 << 30
    members: int = 100_000
    depth: int = 8
    text: int = 256 << 20


@dataclass(slots=True)
class Meter:
    """What one file has cost so far.  Mutable: all its parts draw on it."""

    limits: Limits = field(default_factory=Limits)
    steps: int = 0
    inflated: int = 0
    members: int = 0
    texts: int = 0

    def step(self, count: int = 1) -> None:
        self.steps += count
        if self.steps > self.limits.steps:
            raise TooMuchError(f"has more than {self.limits.steps} steps")

    def inflate(self, count: int) -> None:
        self.inflated += count
        if self.inflated > self.limits.inflated:
            raise TooMuchError(f"unpacks to more than {self.limits.inflated} bytes")

    def parsed(self, count: int) -> None:
        """Text that was read as something that it turned out not to be."""
        self.texts += count
        if self.texts > self.limits.text:
            raise TooMuchError(f"has more than {self.limits.text} characters that begin like a configuration")

    def member(self, count: int = 1) -> None:
        self.members += count
        if self.members > self.limits.members:
            raise TooMuchError(f"has more than {self.limits.members} members")

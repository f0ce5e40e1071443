"""What a clone remembers of the log it has verified: one line for each object received, found without parsing the rest.

gitreg-receipts 1
registry 6c0e...
tip 4be1...
end 1790000000 3f1a...            when, and under which policy, the last receipt was written
<blank>
8e02... 1790000000 mnist@v1.2.0   a tag
3f1a... 1790000000 policy         a policy, when a receipt first cited it
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple, Self

from gitreg.core.oid import Oid
from gitreg.core.registry_id import RegistryId
from gitreg.errors import FormatError

POLICY_WORD: Final = "policy"
_HEAD: Final = re.compile(
    rb"gitreg-receipts 1\nregistry ([0-9a-f-]+)\ntip ([0-9a-f]+)\nend ([0-9]{1,12}) ([0-9a-f]+)\n\n"
)


class BookHead(NamedTuple):
    """Which log the book is about, and up to where."""

    registry: RegistryId
    tip: Oid
    seconds: int
    policy: Oid


class Entry(NamedTuple):
    """An object received; `name` is its tag's, or POLICY_WORD."""

    oid: Oid
    seconds: int
    name: str


class ReceiptBook(Mapping[Oid, int]):
    """Seconds (UTC) by the object received.  A mapping over text: most questions are about few of many entries."""

    def __init__(self, head: BookHead, entries: bytes) -> None:
        self.head = head
        self._entries = b"\n" + entries

    @classmethod
    def of(cls, head: BookHead, entries: Iterable[Entry]) -> Self:
        return cls(head, "".join(f"{each.oid} {each.seconds} {each.name}\n" for each in entries).encode())

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read what `text` wrote.  Raises FormatError; the entries are believed as they are."""
        head = _HEAD.match(data)
        if head is None or not data.endswith(b"\n"):
            raise FormatError("not a book of receipts of format 1")
        registry, tip, seconds, policy = (field.decode() for field in head.groups())
        return cls(
            BookHead(RegistryId.parse(registry), Oid.parse(tip), int(seconds), Oid.parse(policy)), data[head.end() :]
        )

    @property
    def text(self) -> bytes:
        head = self.head
        lines = f"gitreg-receipts 1\nregistry {head.registry}\ntip {head.tip}\nend {head.seconds} {head.policy}\n"
        return lines.encode() + self._entries

    def entries(self) -> list[Entry]:
        """All of them, in the order of their receipts."""
        fields = (line.split(" ") for line in self._entries.decode().split("\n") if line)
        return [Entry(Oid(oid), int(seconds), name) for oid, seconds, name in fields]

    def __getitem__(self, oid: Oid) -> int:
        found = self._entries.find(f"\n{oid} ".encode())
        if found < 0:
            raise KeyError(oid)
        start = found + len(oid) + 2
        return int(self._entries[start : self._entries.index(b" ", start)])

    def __iter__(self) -> Iterator[Oid]:
        return (entry.oid for entry in self.entries())

    def __len__(self) -> int:
        return self._entries.count(b"\n") - 1

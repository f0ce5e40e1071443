"""Different people with different keys: the choice that counts most of them, whatever order they come in."""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def most_distinct(claims: Sequence[tuple[Hashable, Hashable]]) -> list[int]:
    """The places, in order, of as many (person, key) pairs as can be with no person and no key among them twice.

    Taking them as they come could miss one: whoever signed with a shared key first would shut out its other holder,
    though they have another key of their own.  (Augmenting paths in the graph of people and keys.)
    """
    choice = _Choice(claims)
    for person in choice.claims_of:
        choice.place(person, set())
    return sorted(choice.taken.values())


class _Choice:
    """`taken`: the claim by which each key is used; whoever is placed stays placed."""

    def __init__(self, claims: Sequence[tuple[Hashable, Hashable]]) -> None:
        self._claims = claims
        self.claims_of: dict[Hashable, list[int]] = {}
        for place, (person, _) in enumerate(claims):
            self.claims_of.setdefault(person, []).append(place)
        self.taken: dict[Hashable, int] = {}

    def place(self, person: Hashable, tried: set[Hashable]) -> bool:
        """Give the person a key, if need be by giving those who have theirs another."""
        for place in self.claims_of[person]:
            key = self._claims[place][1]
            if key in tried:
                continue
            tried.add(key)
            if key not in self.taken or self.place(self._claims[self.taken[key]][0], tried):
                self.taken[key] = place
                return True
        return False

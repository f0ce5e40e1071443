"""One question about many models.  Each model stands alone, so that several processes can share them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from gitreg.core.names import ModelName

Answer = TypeVar("Answer")
Answers = dict[ModelName, Answer]

_WORTH_IT = 4_000  # tags; below, starting another process costs more than it saves


def ask_each(
    models: Mapping[ModelName, int],
    ask: Callable[[ModelName], Answer],
    processes: int,
    settle: Callable[[], object] = lambda: None,
) -> list[Answer]:
    """The answers in the order of `models`, which says how many tags each has; from so many processes, if that pays.

    An answer is a value that can be pickled, and depends on nothing that another question changes.  `settle` finds out
    what all answers stand on, and may tell people of it, so that not every process does.
    """
    found: Answers[Answer] = {}
    if processes > 1 and len(models) > 1 and sum(models.values()) >= _WORTH_IT:
        settle()
        found = _shared(models, processes, ask)
    return [found[model] if model in found else ask(model) for model in models]


def _shared(models: Mapping[ModelName, int], processes: int, ask: Callable[[ModelName], Answer]) -> Answers[Answer]:
    from gitreg.operations.forked import ask_forked  # noqa: PLC0415 - heavy, and needed for large registries alone

    return ask_forked(_shares(models, processes), ask)


def _shares(models: Mapping[ModelName, int], count: int) -> list[list[ModelName]]:
    """As even as can be had by giving the largest first, each to whom has least."""
    shares: list[list[ModelName]] = [[] for _ in range(min(count, len(models)))]
    sizes = [0] * len(shares)
    for model in sorted(models, key=models.__getitem__, reverse=True):
        least = sizes.index(min(sizes))
        shares[least].append(model)
        sizes[least] += models[model]
    return shares

"""Bringing objects from the shared store into the clone's own."""

from __future__ import annotations

from gitreg.operations.context import Context
from gitreg.operations.pointers import committed_pointers
from gitreg.operations.stores import local_store, remote_store, with_archive
from gitreg.operations.transfer import Direction, Route, Transfer, transfer


def receive_committed(context: Context) -> list[Transfer]:
    """Bring in what HEAD's pointers name."""
    route = Route(Direction.FETCH, with_archive(context, remote_store(context)), local_store(context))
    pointers = [found.pointer for found in committed_pointers(context.repo, context.head_commit())]
    return [transfer(context, pointer.name, pointer.manifest, route) for pointer in pointers]

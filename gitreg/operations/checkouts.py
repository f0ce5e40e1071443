"""Verified checkouts in the cache that all repositories of this user share."""

from __future__ import annotations

from pathlib import Path

from gitreg.core.digest import Digest
from gitreg.operations.context import Context
from gitreg.operations.stores import reading_store
from gitreg.storage.cache import checkout_path
from gitreg.storage.verified import read_manifest


def shared_checkout(context: Context, manifest: Digest) -> Path:
    """A read-only, verified checkout of an artifact, made if it is not there yet."""
    store = reading_store(context)
    return checkout_path(read_manifest(store, manifest), store, context.settings.cache)

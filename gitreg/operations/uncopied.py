"""Artifacts that were added without a copy: what this clone knows of them until a push has sent their bytes.

Only their manifests are kept, apart from the clone's objects, which are complete wherever there is a manifest; and
where their files are.  What is read there later is believed only if it hashes to what was added.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitreg.core.digest import Digest
from gitreg.core.text import escape
from gitreg.errors import SourceError
from gitreg.operations.atomic import write_file
from gitreg.operations.context import Context
from gitreg.operations.stores import local_store
from gitreg.storage.layered import LayeredStore
from gitreg.storage.local import LocalStore
from gitreg.storage.reuse import Holder, ReusingStore, locate
from gitreg.storage.store import MissingObjectError, ObjectStore
from gitreg.storage.verified import read_manifest, write_manifest_text


def remember(context: Context, manifest: bytes, place: Path) -> None:
    """Keep the manifest's text, and after it where its files are, which alone makes the record count (W1)."""
    digest = write_manifest_text(manifests(context), manifest)
    write_file(_place_file(context, digest), os.fsencode(place))


def forget(context: Context, manifest: Digest) -> None:
    """The bytes are in a store now."""
    if place_of(context, manifest) is not None:
        _place_file(context, manifest).unlink(missing_ok=True)
        manifests(context).remove((manifest,))


def place_of(context: Context, manifest: Digest) -> Path | None:
    """Where the artifact's files were when it was added without a copy; None if it was not, or is in a store now."""
    try:
        return Path(os.fsdecode(_place_file(context, manifest).read_bytes()))
    except FileNotFoundError:
        return None


@contextmanager
def source_of(context: Context, manifest: Digest) -> Iterator[ObjectStore]:
    """A store to read the artifact from, chunk by chunk out of its files.

    Raises SourceError, inside the block too, where they no longer hold what was added.
    """
    place = place_of(context, manifest)
    known = manifests(context)
    if place is None:
        raise MissingObjectError(manifest, known.describe())
    contents = read_manifest(known, manifest)
    root = place if place.is_dir() else place.parent
    located = locate({chunk.digest for chunk in contents.chunks}, [Holder(contents, root)])
    source = ReusingStore(LayeredStore(local_store(context), known), located)
    try:
        yield source
    except MissingObjectError as error:
        raise changed_since(place) from error
    finally:
        source.close()


def changed_since(place: Path) -> SourceError:
    """The files were the only copy, and are not as they were."""
    return SourceError(
        f"{escape(str(place))} has changed since it was added without a copy, so its bytes are gone",
        hint="put the files back as they were; or gitreg add them as they are now, and commit",
    )


def manifests(context: Context) -> LocalStore:
    """The manifests of all artifacts that were added without a copy."""
    return LocalStore.create(context.repo.local_state / "uncopied")


def _place_file(context: Context, manifest: Digest) -> Path:
    return context.repo.local_state / "uncopied" / "places" / manifest.hex

"""Saying what became of bytes that no store has: given up by the policy, which is no fault."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gitreg.core.retention import Then
from gitreg.core.tag_name import VersionTag
from gitreg.errors import StorageError
from gitreg.operations.context import Context
from gitreg.operations.resolve import Draft, FoundVersion
from gitreg.operations.retention import plan_retention
from gitreg.storage.store import MissingObjectError


@contextmanager
def explaining(context: Context, found: FoundVersion | Draft) -> Iterator[None]:
    """Within, a missing object of a version that retention gives up is told as that."""
    try:
        yield
    except MissingObjectError as error:
        if isinstance(found, Draft):
            raise
        tag = VersionTag(found.model, found.version)
        for each in plan_retention(context).versions:
            if each.version == tag and each.then is not Then.KEEP:
                raise StorageError(
                    f"the bytes of {tag} were given up: {each.reason}; {error.message}",
                    hint=f"if anybody has the same files: gitreg add them, {_BACK[each.then]}",
                ) from error
        raise


_BACK = {
    Then.ARCHIVE: "or look for them in the archive that gc was given",
    Then.DELETE: "or restore the objects from the bucket's old versions",
}

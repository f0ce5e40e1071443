"""Which artifacts the registry's refs name, and by what names people know them."""

from __future__ import annotations

from gitreg.core.digest import Digest
from gitreg.core.event import Registration
from gitreg.core.reference import POINTER_SUFFIX
from gitreg.core.tag_message import parse_message
from gitreg.core.tag_name import VersionTag, parse_tag_name
from gitreg.errors import GitregError
from gitreg.git.ever import blobs_ever
from gitreg.git.objects import GitObject, ObjectReader
from gitreg.git.refs import list_tags
from gitreg.operations.context import Context
from gitreg.operations.pointers import read_pointers
from gitreg.trust.tag_object import parse_tag_object


def named_artifacts(context: Context) -> dict[Digest, tuple[str, ...]]:
    """Manifests of all version tags and of every pointer that a ref's history has, each with what names it.

    Whether a tag verifies does not matter for its bytes.
    """
    names: dict[Digest, tuple[str, ...]] = {}
    tagged = ((manifest, str(name)) for manifest, name in registered_manifests(context))
    for manifest, name in [*tagged, *_pointed_to(context)]:
        if name not in names.get(manifest, ()):
            names[manifest] = (*names.get(manifest, ()), name)
    return names


def registered_manifests(context: Context) -> list[tuple[Digest, VersionTag]]:
    """What the version tags claim, verified or not."""
    named = [(ref, parse_tag_name(ref.name)) for ref in list_tags(context.repo) if ref.object_type == "tag"]
    versions = [(ref.oid, name) for ref, name in named if isinstance(name, VersionTag)]
    with ObjectReader(context.repo) as reader:
        answers = list(reader.read_many(oid for oid, _ in versions))
    pairs = zip(versions, answers, strict=True)
    found = [(_registered(name, answer.data), name) for (_, name), answer in pairs if isinstance(answer, GitObject)]
    return [(manifest, name) for manifest, name in found if manifest is not None]


def _registered(name: VersionTag, raw: bytes) -> Digest | None:
    try:
        event = parse_message(parse_tag_object(raw).message, name).event
    except GitregError:
        return None
    return event.manifest if isinstance(event, Registration) else None


def _pointed_to(context: Context) -> list[tuple[Digest, str]]:
    """Versions live in history, registered or not."""
    found = read_pointers(context.repo, sorted(blobs_ever(context.repo, POINTER_SUFFIX, reflogs=False)))
    return [(each.pointer.manifest, each.path) for each in found]

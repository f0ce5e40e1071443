"""Listing, resolving, creating and deleting refs.  Creating is the lock: a ref that exists is never overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from gitreg.core.oid import Oid
from gitreg.core.text import escape
from gitreg.errors import RefusedError, UsageError
from gitreg.git.ref_name import check_pattern, check_ref_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitreg.git.repository import Repository

TAGS: Final = "refs/tags/"


class Ref(NamedTuple):
    """A ref's full name and what it points at.

    `object_type` is "tag" for an annotated tag, "commit" for a plain one, "missing" if the object is not there.
    """

    name: str
    oid: Oid
    object_type: str


class TagRef(NamedTuple):
    """A tag by its short name (`mnist@v1.0.0`), as the repository has it: nothing in it is checked yet."""

    name: str
    oid: Oid
    object_type: str


class NewRef(NamedTuple):
    """A ref's name and the object that it shall point at, or still does."""

    name: str
    oid: Oid


def list_refs(repo: Repository, *patterns: str) -> list[Ref]:
    """Refs by full name: a pattern is a name, a folder ending in "/", or has `*` (which matches no slash)."""
    checked = [_pattern(pattern) for pattern in patterns]
    # Names hold neither NUL nor newline.
    outcome = repo.git.attempt("for-each-ref", "--format=%(objectname)%00%(objecttype)%00%(refname)", *checked)
    if outcome.status != 0 and b"missing object" in outcome.stderr:
        return _list_damaged(repo, checked)
    if outcome.status != 0:
        raise outcome.error()
    return [Ref(name, Oid.parse(oid), kind) for oid, kind, name in _records(outcome.stdout)]


def list_tags(repo: Repository, *patterns: str) -> list[TagRef]:
    """Tags by short-name pattern (`mnist@*`, `team/ner#production#*`); all of them if no pattern is given."""
    return tags_below(repo, TAGS, *patterns)


def tags_below(repo: Repository, namespace: str, *patterns: str) -> list[TagRef]:
    """Like `list_tags`, for tags kept elsewhere, such as those fetched into a private namespace (ends in "/")."""
    wanted = [namespace + pattern for pattern in patterns] or [namespace]
    return [TagRef(ref.name.removeprefix(namespace), ref.oid, ref.object_type) for ref in list_refs(repo, *wanted)]


def tag_lines(repo: Repository, *patterns: str) -> str:
    """What `list_tags` lists, by name, as lines of an object's name, a space and the tag's: git opens no object."""
    wanted = [_pattern(TAGS + pattern) for pattern in patterns] or [TAGS]
    listing = repo.git.run("for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", *wanted)
    return listing.decode("utf-8", "surrogateescape")


def resolve(repo: Repository, ref: str) -> Oid | None:
    """What the full ref name points at, unpeeled; None if there is no such ref."""
    outcome = repo.git.attempt("show-ref", "--verify", "--hash", "--", check_ref_name(ref))
    if outcome.status != 0:
        # show-ref answers "not a valid ref" with the status it has for real failures too
        if b"not a valid ref" in outcome.stderr:
            return None
        raise outcome.error()
    return Oid.parse(outcome.stdout.decode("ascii").strip())


def create_ref(repo: Repository, name: str, oid: Oid) -> None:
    """Create one ref; RefusedError if it exists, whoever made it and whenever."""
    create_refs(repo, [NewRef(name, oid)])


def create_refs(repo: Repository, refs: Iterable[NewRef]) -> None:
    """Create all of them or, if any exists, none (RefusedError)."""
    wanted = list(refs)
    commands = "".join(f"create {check_ref_name(ref.name)}\0{Oid.parse(ref.oid)}\0" for ref in wanted)
    outcome = repo.git.attempt("update-ref", "--stdin", "-z", input=commands.encode("utf-8"))
    if outcome.status == 0:
        return
    taken = [ref.name for ref in wanted if resolve(repo, ref.name) is not None]
    if taken:
        raise RefusedError(
            f"{escape(', '.join(taken))} exists already", hint="refs are created once: fetch and look again"
        )
    raise outcome.error()


def delete_ref(repo: Repository, name: str, old: Oid) -> None:
    """Delete a ref that still points at `old`; RefusedError if it has moved or is gone."""
    delete_refs(repo, [NewRef(name, old)])


def delete_refs(repo: Repository, refs: Iterable[Ref | NewRef]) -> None:
    """Delete all of them or, if any no longer points where it did, none (RefusedError)."""
    wanted = list(refs)
    commands = "".join(f"delete {check_ref_name(ref.name)}\0{Oid.parse(ref.oid)}\0" for ref in wanted)
    outcome = repo.git.attempt("update-ref", "--stdin", "-z", input=commands.encode("utf-8"))
    if outcome.status == 0:
        return
    for ref in wanted:
        if resolve(repo, ref.name) != ref.oid:
            raise RefusedError(
                f"{escape(ref.name)} no longer points at {ref.oid}", hint="someone changed it: look again"
            )
    raise outcome.error()


def pack_refs(repo: Repository) -> None:
    """Put loose refs into one file; worth it after many arrived at once (prefix listing is 300 times faster then)."""
    repo.git.run("pack-refs", "--all")


def _pattern(pattern: str) -> str:
    if pattern.endswith("/"):
        if not pattern.startswith("refs/"):
            raise UsageError(f"not a folder of refs: {escape(pattern)}")
        check_ref_name(pattern + "x")
        return pattern
    return check_pattern(pattern)


def _list_damaged(repo: Repository, patterns: list[str]) -> list[Ref]:
    """The same list where git gives up over one ref whose object is gone: names first, then what each points at."""
    names = _records(repo.git.run("for-each-ref", "--format=%(objectname)%00%(refname)", *patterns))
    oids = "".join(f"{oid}\n" for oid, _ in names).encode("ascii")
    kinds = repo.git.run("cat-file", "--batch-check=%(objecttype)", input=oids).decode("ascii").split("\n")
    return [
        Ref(name, Oid.parse(oid), "missing" if kind.endswith(" missing") else kind)
        for (oid, name), kind in zip(names, kinds, strict=False)
    ]


def _records(listing: bytes) -> list[list[str]]:
    return [line.split("\0") for line in listing.decode("utf-8", "surrogateescape").split("\n") if line]

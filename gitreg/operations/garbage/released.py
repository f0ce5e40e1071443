"""What the policy's retention gives up of what refs name: facts stay, and their bytes need not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from gitreg.core.digest import Digest
from gitreg.core.names import StageName
from gitreg.core.oid import Oid
from gitreg.core.retention import Then
from gitreg.core.tag_name import VersionTag, parse_tag_name
from gitreg.errors import GitregError, RefusedError
from gitreg.git.network import private_tags
from gitreg.git.refs import list_tags, resolve, tags_below
from gitreg.operations.branch import git_remote, protected_branch
from gitreg.operations.context import Context
from gitreg.operations.garbage.all_refs import PRIVATE, plain_name
from gitreg.operations.garbage.results import Blocked
from gitreg.operations.garbage.roots import Reason, Root
from gitreg.operations.retention import VersionFate, plan_retention


@dataclass(frozen=True, slots=True)
class Released:
    """Of all roots, those that keep their bytes; and every version's fate, with what is given up."""

    holding: tuple[Root, ...] = ()
    versions: tuple[VersionFate, ...] = ()
    archive: StageName | None = None
    blocked: tuple[Blocked, ...] = ()

    def due(self, then: Then) -> list[Digest]:
        """The manifests that have this fate."""
        return list(dict.fromkeys(each.manifest for each in self.versions if each.then is then))


def released(context: Context, own: Sequence[Root], others: Sequence[Root]) -> Released:
    """Hold the roots of this registry against its retention; those of other registries all count."""
    try:
        plan = plan_retention(context)
        if plan.versions:
            _check_fetched(context)
    except GitregError as error:
        return Released((*own, *others), blocked=(Blocked.by("retention", error),))
    due = {each.version for each in plan.versions if each.then is not Then.KEEP}
    kept = {each.manifest for each in plan.versions if each.then is Then.KEEP}
    free = {each.manifest for each in plan.versions} - kept
    holding = (*(root for root in own if root.manifest not in free or _holds(root, due)), *others)
    return Released(holding, tuple(_as_held(plan.versions, holding)), plan.archive)


def _holds(root: Root, due: set[VersionTag]) -> bool:
    """Whether a name keeps bytes that are due to go: what people work with does, what only remembers does not."""
    match root.reason:
        case Reason.TIP | Reason.STAGED | Reason.WORK_TREE:
            return True
        case Reason.HISTORY | Reason.REFLOG:
            return False
        case Reason.REF:
            name = plain_name(root.ref)
            tag = parse_tag_name(name)
            if tag is None:  # somebody's own tag; or a decision, which speaks of a version
                return not name.startswith("refs/gitreg/")
            return isinstance(tag, VersionTag) and tag not in due
        case _:
            assert_never(root.reason)


def _as_held(versions: Iterable[VersionFate], holding: Iterable[Root]) -> Iterable[VersionFate]:
    """The fates as they really are: what something else holds stays."""
    holders = {root.manifest: root for root in holding}
    for each in versions:
        root = holders.get(each.manifest)
        if each.then is Then.KEEP or root is None:
            yield each
        else:
            yield replace(each, then=Then.KEEP, reason=f"{plain_name(root.ref)} {root.reason.value}", until=None)


def _check_fetched(context: Context) -> None:
    """Raise RefusedError unless this clone knows all events and the policy: with an old state in mind, the wrong
    versions would go."""
    repo, remote = context.repo, git_remote(context.repo)
    known: set[tuple[str, Oid]] = {(ref.name, ref.oid) for ref in list_tags(repo)}
    known |= {(ref.name, ref.oid) for ref in tags_below(repo, private_tags(remote))}
    theirs = [ref for ref in tags_below(repo, f"{PRIVATE}tags/") if parse_tag_name(ref.name) is not None]
    new = [ref.name for ref in theirs if (ref.name, ref.oid) not in known]
    branch = protected_branch(repo)
    if (tip := resolve(repo, f"{PRIVATE}heads/{branch.name}")) not in (None, branch.shared):
        new.append(f"{branch.name} at {tip}")
    if new:
        raise RefusedError(f"there are events that this clone has not seen: {new[0]}", hint="gitreg fetch")

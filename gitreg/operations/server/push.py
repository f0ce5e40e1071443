"""A push as the receiving repository sees it: which branch is protected, where it stood, and where it would stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from gitreg.core.config import CONFIG_PATH, Config, parse_config
from gitreg.core.oid import Oid
from gitreg.core.policy import POLICY_PATH, Policy, parse_policy
from gitreg.core.tag_name import TagName, parse_tag_name
from gitreg.errors import GitregError
from gitreg.git.config import set_config
from gitreg.git.head import default_branch
from gitreg.git.objects import ObjectReader
from gitreg.git.pushed import PushedRef
from gitreg.git.refs import TAGS, Ref, resolve
from gitreg.git.repository import Repository
from gitreg.operations.branch import PINNED_BRANCH, ProtectedBranch
from gitreg.operations.context import Context, Settings

HEADS = "refs/heads/"


class ServerPush(NamedTuple):
    """A push into a registry.  `before` is None if the push is what makes the repository one."""

    context: Context
    refs: tuple[PushedRef, ...]
    branch: str
    before: Oid | None
    after: Oid | None

    @property
    def seen(self) -> ProtectedBranch:
        """Commits count as they would be after the push, the policy as it was before it."""
        tip = self.before or self.after
        if tip is None or self.after is None:
            raise ValueError("without its protected branch, nothing of a push can be judged")
        name = HEADS + self.branch
        return ProtectedBranch(self.branch, (Ref(name, self.after, "commit"),), tip)

    @property
    def new_tags(self) -> dict[TagName, Oid]:
        """The registry tags that it would create."""
        named = ((registry_tag(ref.name), ref) for ref in self.refs)
        return {name: ref.new for name, ref in named if name and ref.new is not None and ref.old is None}


def open_push(repo: Repository, refs: Sequence[PushedRef], settings: Settings, pinned: str | None) -> ServerPush | None:
    """The push, if the repository is a registry or would become one; `pinned` is its PINNED_BRANCH, if it has one.

    Raises FormatError if its config is malformed.
    """
    with ObjectReader(repo) as reader:
        name = pinned or _protected(repo, reader) or _first(repo, refs, reader)
        if name is None:
            return None
        before = resolve(repo, HEADS + name)
        after = next((ref.new for ref in refs if ref.name == HEADS + name), before)
        if before is not None and reader.read(f"{before}:{POLICY_PATH}") is None:
            before = None
        tip = before or after
        if tip is None or reader.read(f"{tip}:{POLICY_PATH}") is None:
            return None
        if before is not None:
            if pinned is None:
                set_config(repo, PINNED_BRANCH, name)
            settings = replace(settings, note=_unheard)  # whom this server trusts was said when it began to
        return ServerPush(Context(repo, config_at(reader, tip), settings), tuple(refs), name, before, after)


def _unheard(_line: str) -> None:
    pass


def config_at(reader: ObjectReader, commit: Oid) -> Config:
    """The registry's config in a commit.  Raises FormatError."""
    found = reader.read(f"{commit}:{CONFIG_PATH}")
    return parse_config(b"" if found is None else found.data)


def registry_tag(ref: str) -> TagName | None:
    return parse_tag_name(ref.removeprefix(TAGS)) if ref.startswith(TAGS) else None


def _protected(repo: Repository, reader: ObjectReader) -> str | None:
    """The branch that the policy on the main branch names."""
    main = default_branch(repo)
    tip = resolve(repo, HEADS + main)
    if tip is None:
        return None
    policy = _policy(reader, tip)
    return main if policy is None else policy.branch


def _first(repo: Repository, refs: Sequence[PushedRef], reader: ObjectReader) -> str | None:
    """In a repository whose main branch is still to come: the branch that arrives with a policy that names it."""
    arriving = [(ref.name.removeprefix(HEADS), ref.new) for ref in refs if ref.name.startswith(HEADS) and ref.new]
    for name, tip in arriving:
        policy = _policy(reader, tip)
        if policy is not None and policy.branch == name:
            return name
    main = default_branch(repo)
    return main if main in dict(arriving) else None


def _policy(reader: ObjectReader, commit: Oid) -> Policy | None:
    found = reader.read(f"{commit}:{POLICY_PATH}")
    try:
        return None if found is None else parse_policy(found.data)
    except GitregError:
        return None

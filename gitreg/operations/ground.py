"""What questions about any model stand on: the protected branch, its policies, a git that reads, what the branch has.

Each is found out when it is first needed, and then once, however many models are asked about.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Self

from gitreg.core.names import ModelName
from gitreg.core.oid import Oid
from gitreg.git.history import unreached
from gitreg.git.objects import GitObject, ObjectReader
from gitreg.operations.branch import ProtectedBranch, protected_branch
from gitreg.operations.context import Context
from gitreg.operations.marks import Marks, seen_tags
from gitreg.operations.policy.line import PolicyLine, policy_line
from gitreg.operations.tag_list import TagList

if TYPE_CHECKING:
    from types import TracebackType


class Survey(NamedTuple):
    """All models of one moment: what this clone had seen of them, and then what there was."""

    marks: Marks
    tags: TagList


class ModelTags(NamedTuple):
    """One model of one moment, as in a Survey."""

    seen: dict[str, Oid]
    refs: dict[str, Oid]


class Ground:
    """Of one moment: who enters it anew sees what has changed."""

    def __init__(self, context: Context, branch: ProtectedBranch | None = None) -> None:
        """`branch` is the protected branch if it is to be seen otherwise than it is here.

        Commits that its `refs` reach count, under the policy at its `tip`.
        """
        self.context = context
        self.reader = ObjectReader(context.repo)
        self._branch = branch
        self._reaches: dict[Oid, bool] = {}
        self._survey: Survey | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.reader.__exit__(kind, error, trace)

    @cached_property
    def branch(self) -> ProtectedBranch:
        return self._branch or protected_branch(self.context.repo)

    @cached_property
    def line(self) -> PolicyLine:
        return policy_line(self.context, self.branch, self.reader)

    def settle(self) -> None:
        """Find out now what copies of this process would each find out for themselves."""
        _ = self.line

    def survey(self) -> Survey:
        """For questions about many models: those that come after it are answered from it."""
        if self._survey is None:
            # marks before refs: a fetch beside this marks only what it has let in, which then looks unmarked, not lost
            marks = Marks.read(self.context.repo)
            self._survey = Survey(marks, TagList.read(self.context.repo))
        return self._survey

    def tags_of(self, model: ModelName) -> ModelTags:
        if self._survey is not None:
            return ModelTags(self._survey.marks.of(model), self._survey.tags.of(model))
        seen = seen_tags(self.context.repo, model)  # before the refs, as in a survey
        return ModelTags(seen, TagList.read_one(self.context.repo, model).of(model))

    def reached(self, commits: Iterable[Oid]) -> set[Oid]:
        """Those of `commits` that are on the protected branch.  What is missing, or is no commit, is not."""
        wanted = set(commits)
        new = sorted(wanted - self._reaches.keys())
        answers = zip(new, self.reader.read_many(new), strict=True)
        real = [oid for oid, answer in answers if isinstance(answer, GitObject) and answer.type == "commit"]
        beyond = unreached(self.context.repo, real, [ref.oid for ref in self.branch.refs])
        self._reaches |= dict.fromkeys(new, False) | {oid: oid not in beyond for oid in real}
        return {oid for oid in wanted if self._reaches[oid]}

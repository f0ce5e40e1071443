"""Finding a repository and the places that belong to it.  Owns paths only, not what lies in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitreg.core.text import escape
from gitreg.errors import GitError, UsageError
from gitreg.git.command import Git

if TYPE_CHECKING:
    from collections.abc import Iterable


class Repository(NamedTuple):
    """One repository as seen from one work tree.

    `root` is the top of the work tree, None in a bare repository.  Linked work trees have a `git_dir` each and share
    one `common_dir`.  `object_format` is "sha1" or "sha256".
    """

    git: Git
    root: Path | None
    git_dir: Path
    common_dir: Path
    object_format: str

    @classmethod
    def discover(cls, start: Path) -> Repository:
        """The repository that holds the directory `start`; NotARegistryError if there is none."""
        return _discover(Git(start))

    @classmethod
    def for_hook(cls, start: Path) -> Repository:
        """The repository for which git runs this process as a hook, quarantined objects included."""
        return _discover(Git.for_hook(start))

    @property
    def local_state(self) -> Path:
        """Where gitreg keeps what is never committed; shared by all work trees, and not created here."""
        return self.common_dir / "gitreg"

    @property
    def in_quarantine(self) -> bool:
        """Whether this is a hook's view, with objects that are not accepted yet."""
        return "GIT_QUARANTINE_PATH" in self.git.environment

    @property
    def work_tree(self) -> Path:
        """`root`, for what cannot be done in a bare repository."""
        if self.root is None:
            raise GitError(
                f"this needs a work tree, and {escape(str(self.git_dir))} has none", hint="use an ordinary clone"
            )
        return self.root

    def relative(self, path: Path) -> str:
        """`path` as git names it, from the top of the work tree; UsageError if it lies outside."""
        # Only the directory is resolved: a link as the last component is itself what git tracks.
        absolute = path.parent.resolve() / path.name if path.name not in ("", "..") else path.resolve()
        try:
            return absolute.relative_to(self.work_tree).as_posix()
        except ValueError:
            raise UsageError(
                f"{escape(str(path))} lies outside the repository", hint=f"its work tree is {escape(str(self.root))}"
            ) from None


def pathspecs(paths: Iterable[str]) -> list[str]:
    """Paths from the top of the work tree, so marked that git neither globs them nor takes them for options."""
    return [f":(top,literal){path}" for path in paths]


def _discover(git: Git) -> Repository:
    # One spawn: discovery stands at the start of every command.
    answer = git.text(
        "rev-parse",
        "--path-format=absolute",
        "--git-dir",
        "--git-common-dir",
        "--show-object-format",
        "--is-inside-work-tree",
        "--show-cdup",
    )
    lines = answer.split("\n")
    if len(lines) not in (4, 5) or lines[3] not in ("true", "false"):
        raise GitError(
            f"cannot use the repository at {escape(str(git.directory))}",
            hint="its path may contain a line break; otherwise check that git is 2.34 or newer",
        )
    git_dir = Path(lines[0])
    top = None
    if lines[3] == "true":
        top = (git.directory.resolve() / (lines[4] if len(lines) == 5 else "")).resolve()
    # Called by receive-pack inside .git, git takes .git itself for the work tree.
    root = None if top == git_dir else top
    return Repository(git, root, git_dir, Path(lines[1]), lines[2])

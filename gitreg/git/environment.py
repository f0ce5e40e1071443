"""The environment git runs in: the user's own, minus what would point it at another repository than the one meant."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

# Left by a calling git (a hook, an alias, `git rebase --exec`): they silently redirect every command.
_REPOSITORY_PATHS: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")
# A hook must see the index being committed and the objects still in quarantine.
_HOOK_ONLY: Final = (*_REPOSITORY_PATHS, "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")
# These change what a command means, so no caller may want them kept.
_NEVER: Final = (
    "GIT_ATTR_SOURCE",
    "GIT_CONFIG",
    "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
)
_FIXED: Final = {
    "LC_ALL": "C",  # messages are matched for hints, so they must not be translated
    "LANGUAGE": "C",
    "GIT_NO_REPLACE_OBJECTS": "1",  # a replace ref would show other bytes than the ones that were signed
    "GIT_GRAFT_FILE": os.devnull,  # likewise, a graft would show another ancestry
    "GIT_OPTIONAL_LOCKS": "0",  # a query must not contend with the user's own git for the index
}


def scrubbed_environment() -> dict[str, str]:
    """For commands that a user starts: the repository is the one of the directory, nothing else."""
    unwanted = {*_HOOK_ONLY, *_NEVER}
    return {**{key: value for key, value in os.environ.items() if key not in unwanted}, **_FIXED}


def hook_environment() -> dict[str, str]:
    """For code that git started as a hook: keeps git's own idea of repository, index and quarantine."""
    kept = {key: value for key, value in os.environ.items() if key not in _NEVER}
    # Git hands hooks relative paths ("." or ".git"), which would mean something else under `git -C`.
    absolute = {key: str(Path(kept[key]).absolute()) for key in _REPOSITORY_PATHS if kept.get(key)}
    return {**kept, **absolute, **_FIXED}

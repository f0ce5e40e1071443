"""The policy's files as they lie in the working tree; knows nothing of signing, which readers need not load."""

from __future__ import annotations

from pathlib import Path

from gitreg.core.policy import POLICY_PATH
from gitreg.core.policy_signatures import SIGNATURES_PATH
from gitreg.core.text import escape
from gitreg.errors import NotFoundError, SourceError
from gitreg.operations.context import Context, utc_now
from gitreg.operations.policy.history import STATE_PATHS
from gitreg.trust.policy_state import PolicyState


def working_state(context: Context) -> PolicyState:
    """The state that a commit of the working tree would bring.  Raises NotFoundError, SourceError."""
    files = [read_if_there(context.repo.work_tree / path) for path in (*STATE_PATHS, SIGNATURES_PATH)]
    if files[0] is None:
        raise NotFoundError(f"there is no {POLICY_PATH} here", hint="git checkout HEAD -- .gitreg brings it back")
    return PolicyState(context.head_commit(), int(utc_now().timestamp()), *files)


def read_if_there(path: Path) -> bytes | None:
    """A file's bytes, or None if there is none.  Raises SourceError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SourceError(
            f"cannot read {escape(str(path))}: {error.strerror}", hint="is it an ordinary file?"
        ) from None

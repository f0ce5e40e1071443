"""What can go wrong, as types.  Raised anywhere, shown in one place; every class maps to one exit code."""

from __future__ import annotations


class GitregError(Exception):
    """A mistake or a refusal that the user can act on: one line, and a hint.

    `kind` is the stable word for scripts (the JSON error's "kind"), `exit_code` the process status.
    """

    kind = "error"
    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(GitregError, ValueError):
    """The words of the call are wrong: a malformed name, reference or option."""

    kind = "usage"
    exit_code = 2


class NotARegistryError(GitregError):
    """Not a Git repository, or one without `.gitreg/`."""

    kind = "not-a-registry"
    exit_code = 128


class NotFoundError(GitregError):
    """The model, version, stage or file asked for does not exist."""

    kind = "not-found"


class FormatError(GitregError):
    """A file, tag or object does not have the form it must have, or has a version this program does not know."""

    kind = "format"


class RefusedError(GitregError):
    """Well-formed, but not allowed: by the policy, a failed gate, a missing approval, or an existing tag."""

    kind = "refused"


class VerificationError(GitregError):
    """Bytes or signatures are not what they claim to be."""

    kind = "verification"


class SourceError(GitregError):
    """What is to be added cannot be: unreadable, empty, a link leading out, or changing while it is read."""

    kind = "source"


class StorageError(GitregError):
    """A store cannot be reached, read or written."""

    kind = "storage"


class SigningError(GitregError):
    """No usable signing key, or it would not sign."""

    kind = "signing"


class GitError(GitregError):
    """A git command failed; the message carries git's own first line."""

    kind = "git"


class MissingDependencyError(GitregError):
    """An optional package is needed; the hint names the extra that brings it."""

    kind = "missing-dependency"

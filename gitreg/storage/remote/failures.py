"""Why a request failed, as one of few causes, and what each means: an error's type, one line and a hint.

Both drivers speak through this, so that the same trouble reads the same.  Nothing that a service or a library wrote
reaches a message but its short codes: their texts hold signed URLs and key ids.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final, NamedTuple

from gitreg.core.text import escape
from gitreg.errors import StorageError
from gitreg.storage.remote.driver import AbsentError, DeniedError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Cause(Enum):
    """What a person would say went wrong."""

    ABSENT = auto()
    NO_BUCKET = auto()
    NO_CREDENTIALS = auto()
    BAD_CREDENTIALS = auto()
    EXPIRED = auto()
    NOT_ALLOWED = auto()
    REFUSED = auto()
    COLD = auto()
    WRONG_REGION = auto()
    CLOCK = auto()
    SLOW_DOWN = auto()
    SERVER = auto()
    NO_CONNECTION = auto()
    UNKNOWN_HOST = auto()
    UNTRUSTED = auto()
    TIMEOUT = auto()
    CUT = auto()
    BAD_OPTION = auto()
    ODD_KEY = auto()
    PANIC = auto()
    OTHER = auto()


class _Meaning(NamedTuple):
    error: type[StorageError]
    sentence: str
    hint: str


_CONTINUES: Final = "run the command again: it continues where it stopped"
_OPTION: Final = "git config gitreg.remote.NAME"
_ALL: Final = {
    Cause.ABSENT: _Meaning(AbsentError, "it is not there", "check the URL"),
    Cause.NO_BUCKET: _Meaning(
        DeniedError, "there is no such bucket", "check the URL and the endpoint; gitreg never makes buckets"
    ),
    Cause.NO_CREDENTIALS: _Meaning(
        DeniedError,
        "no credentials were found",
        f"log in with the service's own tool, set its environment variables, or {_OPTION}.profile PROFILE",
    ),
    Cause.BAD_CREDENTIALS: _Meaning(
        DeniedError,
        "the service does not accept the credentials",
        "check that they belong to this service and endpoint",
    ),
    Cause.EXPIRED: _Meaning(DeniedError, "the credentials have expired", f"renew them and {_CONTINUES}"),
    Cause.NOT_ALLOWED: _Meaning(
        DeniedError,
        "the credentials do not allow it",
        "they may have expired, or not be meant for this; gitreg remote check shows what they allow",
    ),
    Cause.REFUSED: _Meaning(
        DeniedError,
        "the service refuses the request",
        "the credentials may have expired, or belong to another region; gitreg remote check shows what they allow",
    ),
    Cause.COLD: _Meaning(
        DeniedError,
        "the object is in a storage class that cannot be read at once",
        "have the service restore it (aws s3api restore-object, or the like), then run the command again",
    ),
    Cause.WRONG_REGION: _Meaning(DeniedError, "the bucket is in another region", f"{_OPTION}.region REGION"),
    Cause.CLOCK: _Meaning(DeniedError, "this machine's clock is off", "set the clock; the service compares times"),
    Cause.SLOW_DOWN: _Meaning(UnavailableError, "the service asks for fewer requests", _CONTINUES),
    Cause.SERVER: _Meaning(UnavailableError, "the service failed", _CONTINUES),
    Cause.NO_CONNECTION: _Meaning(
        UnavailableError,
        "nothing answers at its address",
        f"check the network, and {_OPTION}.endpoint-url if it is set",
    ),
    Cause.UNKNOWN_HOST: _Meaning(
        UnavailableError, "its host's name is not known", f"check the network, and {_OPTION}.endpoint-url if it is set"
    ),
    Cause.UNTRUSTED: _Meaning(
        StorageError, "its TLS certificate is not trusted", f"for a private authority: {_OPTION}.ca-bundle FILE"
    ),
    Cause.TIMEOUT: _Meaning(
        UnavailableError, "no answer in time", f"{_CONTINUES}; on a slow line: {_OPTION}.timeout SECONDS"
    ),
    Cause.CUT: _Meaning(UnavailableError, "the connection broke off", _CONTINUES),
    Cause.BAD_OPTION: _Meaning(
        StorageError,
        "its driver does not take all options that are set for it",
        "git config --get-regexp '^gitreg.remote'; they are listed in docs/reference/configuration.md",
    ),
    Cause.ODD_KEY: _Meaning(
        StorageError,
        "something there has a name that obstore cannot list, such as one with '//'",
        f"remove what gitreg has not put there, or {_OPTION}.driver fsspec",
    ),
    Cause.PANIC: _Meaning(
        StorageError,
        "obstore broke down over the service's answer",
        f"the service may be broken, or hostile; another driver may cope: {_OPTION}.driver fsspec",
    ),
    Cause.OTHER: _Meaning(
        StorageError, "it failed", "check the URL, the options and the network; running the command again continues"
    ),
}

# The words of S3, Azure and GCS for what their status alone does not tell.
_CODES: Final[Mapping[str, Cause]] = {
    "NoSuchBucket": Cause.NO_BUCKET,
    "ContainerNotFound": Cause.NO_BUCKET,
    "ContainerBeingDeleted": Cause.NO_BUCKET,
    "InvalidBucketName": Cause.NO_BUCKET,
    "NoSuchKey": Cause.ABSENT,
    "BlobNotFound": Cause.ABSENT,
    "InvalidObjectState": Cause.COLD,
    "BlobArchived": Cause.COLD,
    "AccessDenied": Cause.NOT_ALLOWED,
    "ExpiredToken": Cause.EXPIRED,
    "ExpiredTokenException": Cause.EXPIRED,
    "TokenRefreshRequired": Cause.EXPIRED,
    "RequestExpired": Cause.EXPIRED,
    "InvalidAccessKeyId": Cause.BAD_CREDENTIALS,
    "SignatureDoesNotMatch": Cause.BAD_CREDENTIALS,
    "InvalidToken": Cause.BAD_CREDENTIALS,
    "AuthenticationFailed": Cause.BAD_CREDENTIALS,
    "InvalidAuthenticationInfo": Cause.EXPIRED,
    "RequestTimeTooSkewed": Cause.CLOCK,
    "PermanentRedirect": Cause.WRONG_REGION,
    "AuthorizationHeaderMalformed": Cause.WRONG_REGION,
    "IllegalLocationConstraintException": Cause.WRONG_REGION,
    "SlowDown": Cause.SLOW_DOWN,
    "Throttling": Cause.SLOW_DOWN,
    "RequestLimitExceeded": Cause.SLOW_DOWN,
    "ServerBusy": Cause.SLOW_DOWN,
    "RequestTimeout": Cause.TIMEOUT,
    "IncompleteBody": Cause.CUT,
    "BadDigest": Cause.CUT,
    "XAmzContentSHA256Mismatch": Cause.CUT,
    "InternalError": Cause.SERVER,
}
_STATUSES: Final[Mapping[int, Cause]] = {
    301: Cause.WRONG_REGION,
    307: Cause.WRONG_REGION,
    400: Cause.REFUSED,  # without a word: an answer to HEAD has no room for one
    401: Cause.BAD_CREDENTIALS,
    403: Cause.NOT_ALLOWED,
    404: Cause.ABSENT,
    408: Cause.TIMEOUT,
    429: Cause.SLOW_DOWN,
    503: Cause.SLOW_DOWN,
}


def cause_of_answer(status: int, code: str) -> Cause:
    """What a service means by a status and its own word for it, either of which may be missing (0, "")."""
    if known := _CODES.get(code):
        return known
    if code and status == 400:
        return Cause.OTHER
    return _STATUSES.get(status, Cause.SERVER if 500 <= status < 600 else Cause.OTHER)


def failure(cause: Cause, doing: str, where: str, detail: str = "") -> StorageError:
    """The error for a cause.  `detail`, such as "418 Teapot", is told where the cause itself says little."""
    error, sentence, hint = _ALL[cause]
    said = f"{sentence} ({escape(detail)[:200]})" if detail else sentence
    message = f"cannot {doing} {where}: {said}"
    if cause is Cause.SLOW_DOWN:
        return UnavailableError(message, hint=hint, slow_down=True)
    return error(message, hint=hint)

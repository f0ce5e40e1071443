"""Which cause an error of some fsspec driver has: s3fs, gcsfs, adlfs and paramiko raise what lies below them.

Read by fields and names, so that none of their libraries need be there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gitreg.storage.remote.failures import Cause, cause_of_answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# By the name of a class or of one it derives from, the most telling first.
_NAMES: Final[Mapping[str, Cause]] = {
    "gaierror": Cause.UNKNOWN_HOST,
    "ClientConnectorDNSError": Cause.UNKNOWN_HOST,
    "SSLCertVerificationError": Cause.UNTRUSTED,
    "ClientConnectorCertificateError": Cause.UNTRUSTED,
    "SSLError": Cause.UNTRUSTED,
    "BadHostKeyException": Cause.UNTRUSTED,
    "NoCredentialsError": Cause.NO_CREDENTIALS,
    "PartialCredentialsError": Cause.NO_CREDENTIALS,
    "ProfileNotFound": Cause.NO_CREDENTIALS,
    "DefaultCredentialsError": Cause.NO_CREDENTIALS,
    "SSOTokenLoadError": Cause.EXPIRED,
    "UnauthorizedSSOTokenError": Cause.EXPIRED,
    "TokenRetrievalError": Cause.EXPIRED,
    "CredentialRetrievalError": Cause.EXPIRED,
    "RefreshError": Cause.EXPIRED,
    "AuthenticationException": Cause.BAD_CREDENTIALS,
    "ServerDisconnectedError": Cause.CUT,
    "ConnectionResetError": Cause.CUT,
    "ConnectTimeoutError": Cause.NO_CONNECTION,
    "NoValidConnectionsError": Cause.NO_CONNECTION,
    "ClientConnectorError": Cause.NO_CONNECTION,
    "ConnectionRefusedError": Cause.NO_CONNECTION,
    "EndpointConnectionError": Cause.NO_CONNECTION,
    "ReadTimeoutError": Cause.TIMEOUT,
    "TimeoutError": Cause.TIMEOUT,
    "FSTimeoutError": Cause.TIMEOUT,
    "ConnectionError": Cause.CUT,
    "ConnectionClosedError": Cause.CUT,
    "ClientError": Cause.CUT,  # aiohttp's; botocore's has a response
    "HTTPClientError": Cause.CUT,
    "IncompleteRead": Cause.CUT,
    "IncompleteReadError": Cause.CUT,
    "ResponseStreamingError": Cause.CUT,
    "ResponseParserError": Cause.CUT,
    "ServiceRequestError": Cause.NO_CONNECTION,
    "ServiceResponseError": Cause.CUT,
    "ChecksumError": Cause.CUT,
    "FlexibleChecksumError": Cause.CUT,
    "SSHException": Cause.CUT,
    "EOFError": Cause.CUT,
    "FileNotFoundError": Cause.ABSENT,
    "PermissionError": Cause.NOT_ALLOWED,
    "TypeError": Cause.BAD_OPTION,  # a keyword that its constructor does not know
}


def cause_of(error: BaseException) -> tuple[Cause, str]:
    """The cause, and for one that is not known a word or two about it, never its text."""
    chain = list(_chain(error))
    for each in chain:
        status, code = _answer(each)
        if status or code:
            cause = cause_of_answer(status, code)
            return cause, f"{status or ''} {code}".strip() if cause in {Cause.OTHER, Cause.SERVER} else ""
    names = [kind.__name__ for each in chain for kind in type(each).__mro__]
    for name, cause in _NAMES.items():
        if name in names:
            return cause, ""
    return Cause.OTHER, type(error).__name__


def is_out_of_range(error: BaseException) -> bool:
    """Whether the service has nothing at the place in a value that was asked for."""
    answers = [_answer(each) for each in _chain(error)]
    return any(status == 416 or code == "InvalidRange" for status, code in answers)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and those it came from."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _answer(error: BaseException) -> tuple[int, str]:
    """The status and the service's word: botocore, azure-core and gcsfs each keep them elsewhere."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        code = str(response.get("Error", {}).get("Code", ""))
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return int(status), "" if code.isdecimal() else code
    # aiohttp has a code 400 of its own for answers that broke off
    fields = ("code",) if type(error).__name__ == "HttpError" else ("status_code", "status")
    for field in fields:
        status = str(getattr(error, field, ""))
        if len(status) == 3 and status.isdecimal():
            word = getattr(error, "error_code", None)
            return int(status), str(getattr(word, "value", word) or "")
    return 0, ""

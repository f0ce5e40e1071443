"""Where AWS credentials come from that obstore does not look for itself: profiles, SSO, roles, and machines' own.

botocore's chain answers, with s3fs's habits; it is slow to import, and is not where keys stand in the environment.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from gitreg.errors import MissingDependencyError
from gitreg.storage.remote.driver import DeniedError
from gitreg.storage.remote.failures import Cause, failure

if TYPE_CHECKING:
    from collections.abc import Mapping

# What stands in the environment obstore finds by itself.
_ENOUGH: Final = (
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_SKIP_SIGNATURE",
)
_INSTEAD: Final = {"region": ("AWS_REGION",), "endpoint": ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")}
# Asked again so often; botocore itself renews what ends within the next quarter of an hour.
_LIFETIME: Final = timedelta(minutes=10)


def needs_chain(named: Mapping[str, object]) -> bool:
    """Whether obstore would not find credentials with these options (in its words) and this environment."""
    if "access_key_id" in named or named.get("skip_signature"):
        return False
    return "profile" in named or not any(word in os.environ for word in _ENOUGH)


def is_placed(named: Mapping[str, object]) -> bool:
    """Whether these options or the environment say in which region, or at what address, a bucket is."""
    words = ("AWS_DEFAULT_REGION", *_INSTEAD["region"], *_INSTEAD["endpoint"])
    return "region" in named or "endpoint" in named or any(word in os.environ for word in words)


class ChainCredentials:
    """What botocore's chain finds, renewed when it must be; and what its profile says about the place."""

    def __init__(self, profile: str | None, where: str) -> None:
        """Raises DeniedError if there are none, MissingDependencyError."""
        try:
            from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - optional and slow
            from botocore.session import Session  # noqa: PLC0415
        except ImportError as error:
            hint = "install it with: pip install 'gitreg[s3]'"
            raise MissingDependencyError("profiles of AWS need botocore", hint=hint) from error
        try:
            session = Session(profile=profile)
            self._credentials = session.get_credentials()
            self._region: str | None = session.get_config_variable("region")
            self._endpoint: str | None = session.get_scoped_config().get("endpoint_url")
            if self._credentials is not None:
                self()
        except BotoCoreError as error:
            raise _unusable(where, error) from error
        if self._credentials is None:
            raise failure(Cause.NO_CREDENTIALS, "reach", where)

    def __call__(self) -> dict[str, object]:
        """As obstore wants them."""
        frozen = self._credentials.get_frozen_credentials()
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "token": frozen.token,
            "expires_at": datetime.now(UTC) + _LIFETIME,
        }

    def place(self) -> dict[str, object]:
        """The profile's region and endpoint in obstore's words; variables, which obstore knows, come first."""
        found = {"region": self._region, "endpoint": self._endpoint}
        return {
            name: value
            for name, value in found.items()
            if value and not any(word in os.environ for word in _INSTEAD[name])
        }


def _unusable(where: str, error: Exception) -> DeniedError:
    """A profile that is not there, an SSO session that has ended: botocore's kind says which, and holds no secret."""
    return DeniedError(
        f"cannot reach {where}: AWS credentials could not be had ({type(error).__name__})",
        hint="aws sso login, or check AWS_PROFILE and ~/.aws/config; then run the command again",
    )

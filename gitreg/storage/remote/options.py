"""A remote's options as Git configuration spells them, and what each driver calls them.

One table for all; the values are a person's own and never shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from gitreg.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SERVICES: Final = {"s3": "s3", "gs": "gs", "az": "az", "abfs": "az"}


class _Names(NamedTuple):
    """What the drivers call an option; `a.b` is key `b` of the dictionary `a`, None means they have no such thing."""

    fsspec: str | None
    obstore: str | None
    value: Callable[[str], object] = str


class Settings(NamedTuple):
    """The options that are gitreg's own, whatever the driver."""

    driver: str | None
    retries: int
    timeout: float


def _flag(text: str) -> bool:
    """As Git reads one."""
    if text.lower() in {"true", "yes", "on", "1", ""}:
        return True
    if text.lower() in {"false", "no", "off", "0"}:
        return False
    raise UsageError("an option of the remote must be true or false", hint="git config --get-regexp gitreg.remote")


def _anonymous_token(text: str) -> str | None:
    return "anon" if _flag(text) else None


OPTIONS: Final[Mapping[str, Mapping[str, _Names]]] = {
    "s3": {
        "endpoint-url": _Names("endpoint_url", "endpoint"),
        "region": _Names("client_kwargs.region_name", "region"),
        "key": _Names("key", "access_key_id"),
        "secret": _Names("secret", "secret_access_key"),
        "token": _Names("token", "session_token"),
        "profile": _Names("profile", "profile"),
        "anon": _Names("anon", "skip_signature", _flag),
        "ca-bundle": _Names("client_kwargs.verify", "client.root_certificate"),
        "server-side-encryption": _Names("s3_additional_kwargs.ServerSideEncryption", "server_side_encryption"),
        "sse-kms-key-id": _Names("s3_additional_kwargs.SSEKMSKeyId", "sse_kms_key_id"),
        "storage-class": _Names("s3_additional_kwargs.StorageClass", "attributes.Storage-Class"),
        "requester-pays": _Names("requester_pays", "request_payer", _flag),
    },
    "gs": {
        "endpoint-url": _Names("endpoint_url", None),  # who sets it has an emulator, and few know GCS's XML interface
        "credentials-file": _Names("token", "service_account"),
        "token": _Names("token", None),
        "anon": _Names("token", None, _anonymous_token),
        "project": _Names("project", None),
    },
    "az": {
        "endpoint-url": _Names("endpoint_url", "endpoint"),
        "account-name": _Names("account_name", "account_name"),
        "account-key": _Names("account_key", "account_key"),
        "sas-token": _Names("sas_token", "sas_key"),
        "tenant-id": _Names("tenant_id", "tenant_id"),
        "client-id": _Names("client_id", "client_id"),
        "client-secret": _Names("client_secret", "client_secret"),
        "connection-string": _Names("connection_string", None),
        "anon": _Names("anon", "skip_signature", _flag),
    },
}
_OWN: Final = frozenset({"driver", "retries", "timeout"})
_DRIVERS: Final = frozenset({"fsspec", "obstore"})


def settings(options: Mapping[str, str]) -> Settings:
    """Raises UsageError."""
    driver = options.get("driver")
    if driver is not None and driver not in _DRIVERS:
        raise UsageError("the remote's option 'driver' must be obstore or fsspec")
    retries, timeout = _number(options, "retries", 8), _number(options, "timeout", 60)
    return Settings(driver, int(retries), max(timeout, 0.1))


def obstore_options(scheme: str, options: Mapping[str, str]) -> dict[str, object] | None:
    """obstore's names and values, or None if it can't do what the options ask for."""
    names = {name: entry.obstore for name, entry in OPTIONS[SERVICES[scheme]].items()}
    if any(names.get(name) is None for name in options if name not in _OWN):
        return None
    return _renamed(scheme, options, names)


def fsspec_options(scheme: str, options: Mapping[str, str]) -> dict[str, object]:
    """What the URL's fsspec driver calls them; those that gitreg does not know go to it as they are."""
    entries = OPTIONS.get(SERVICES.get(scheme, ""), {})
    named = _renamed(scheme, options, {name: entry.fsspec for name, entry in entries.items()})
    if SERVICES.get(scheme) == "az" and "endpoint_url" in named:
        named["connection_string"] = _azure_connection(named)
    return named


def certificates(path: str) -> bytes:
    """The PEM file that an option names.  Raises UsageError."""
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        raise UsageError("the remote's option 'ca-bundle' names a file that cannot be read") from error


def _renamed(scheme: str, options: Mapping[str, str], names: Mapping[str, str | None]) -> dict[str, object]:
    entries = OPTIONS.get(SERVICES.get(scheme, ""), {})
    places: dict[str, dict[str, object]] = {"": {}}
    for name, text in options.items():
        if name in _OWN:
            continue
        target = names.get(name) or name.replace("-", "_")  # Git allows no underscores
        value = entries[name].value(text) if name in entries else text
        section, _, key = target.rpartition(".")
        places.setdefault(section, {})[key] = value
    return places.pop("") | places


def _azure_connection(named: dict[str, object]) -> str:
    """adlfs takes an address only as a part of this; what went into it is taken out of `named`."""
    words = {
        "endpoint_url": "BlobEndpoint",
        "account_name": "AccountName",
        "account_key": "AccountKey",
        "sas_token": "SharedAccessSignature",
    }
    return ";".join(f"{word}={named.pop(name)}" for name, word in words.items() if name in named)


def _number(options: Mapping[str, str], name: str, default: float) -> float:
    try:
        number = float(options.get(name, default))
    except ValueError:
        number = -1
    if not 0 <= number < 1e6:
        raise UsageError(f"the remote's option '{name}' must be a number")
    return number

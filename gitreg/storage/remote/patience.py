"""How each fsspec driver is told to wait only so long, and not to do more requests than it is asked for."""

from __future__ import annotations

from typing import Final

from gitreg.storage.remote.options import SERVICES

CONNECT_SECONDS: Final = 10


def patient(scheme: str, named: dict[str, object], timeout: float) -> dict[str, object]:
    """The options and these, without repetitions of its own where it can do without them."""
    connect = min(timeout, CONNECT_SECONDS)
    if scheme in SERVICES:  # a remembered listing would hide what other people pushed or removed meanwhile
        named = {"use_listings_cache": False, **named}
    match SERVICES.get(scheme):
        case "s3":
            config = {"connect_timeout": connect, "read_timeout": timeout, "retries": {"max_attempts": 0}}
            # With more at once it asks for the size of each value before it reads it.
            return {**named, "config_kwargs": config, "max_concurrency": 1}
        case "gs":
            return {"requests_timeout": timeout, **named}
        case "az":
            return {"connection_timeout": connect, "read_timeout": timeout, **named}
        case _:
            return named

"""From options as Git configuration spells them to those that the drivers of remote stores take."""

from __future__ import annotations

from collections.abc import Mapping


def driver_options(scheme: str, options: Mapping[str, str]) -> dict[str, object]:
    """`endpoint-url` becomes `endpoint_url` (Git allows no underscores); `region` goes where S3's driver wants it."""
    named: dict[str, object] = {key.replace("-", "_"): value for key, value in options.items()}
    if scheme == "s3" and "region" in named:
        named["client_kwargs"] = {"region_name": named.pop("region")}
    return named

"""Starts the S3 server that is measured against: Ceph's gateway, as the tests start it, with more memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.remote.contenders import Server
from tests.remotes.fault_proxy import FaultProxy
from tests.servers import radosgw
from tests.servers.s3 import WRITER

_MEMORY = 12 << 30


@dataclass(frozen=True, slots=True)
class Service:
    """The same objects twice: reached directly, and through a proxy that counts and may delay."""

    direct: Server
    proxied: Server
    proxy: FaultProxy


@contextmanager
def serving(delay: int) -> Iterator[Service]:
    """The proxy adds `delay` milliseconds to each request."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-rgw-") as place,
        radosgw.running(Path(place), _MEMORY) as server,
        FaultProxy(server.port) as proxy,
    ):
        proxy.delay = delay / 1000
        direct, proxied = (Server(url, WRITER.key, WRITER.secret) for url in (server.endpoint, proxy.url))
        yield Service(direct, proxied, proxy)

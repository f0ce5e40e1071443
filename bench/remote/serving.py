"""Starts the S3 server that is measured against: Ceph's gateway, as the tests start it, with more memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.remote.contenders import Server
from tests.remotes.fault_proxy import FaultProxy
from tests.servers import radosgw
from tests.servers.s3 import WRITER

_MEMORY = 8 << 30


@contextmanager
def serving(delay: int) -> Iterator[Server]:
    """The server, behind a proxy that adds `delay` milliseconds to each request unless that is 0."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-rgw-") as place,
        radosgw.running(Path(place), _MEMORY) as server,
        FaultProxy(server.port) as proxy,
    ):
        proxy.delay = delay / 1000
        yield Server(proxy.url if delay else server.endpoint, WRITER.key, WRITER.secret)

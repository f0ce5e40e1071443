"""moto, the S3 API's corners in pure Python: quick to start, allows everybody everything, forgets all when stopped."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.daemon import Daemon, free_port
from tests.servers.s3 import S3Server
from tests.servers.server import not_tested


@contextmanager
def running(directory: Path) -> Iterator[S3Server]:
    if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
        not_tested("the S3 API as moto plays it", "pip install 'moto[server]'")
    port = free_port()
    daemon = Daemon([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], directory, port)
    daemon.start()
    try:
        yield S3Server(daemon)
    finally:
        daemon.end()

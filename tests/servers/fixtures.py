"""One fixture per server, started by the first test that wants it in each process; places at each by each driver."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers.server import Place, Server


def _fixture(module: str) -> Any:
    """Of a module's `running`; loaded when it is wanted, as the vendors' libraries take their time."""

    @pytest.fixture(scope="session", name=module)
    def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
        start = importlib.import_module(f"tests.servers.{module}").running
        with start(tmp_path_factory.mktemp(module)) as server:
            yield server

    return server


moto = _fixture("moto")
radosgw = _fixture("radosgw")
fake_gcs = _fixture("fake_gcs")
azurite = _fixture("azurite")
sshd = _fixture("sshd")

# Each server by each driver that can speak to it: obstore uses GCS's XML interface, which no server that runs here
# knows, and SFTP has one driver only.
QUICK = [("moto", "obstore"), ("sshd", "")]
SLOW = [("moto", "fsspec"), ("radosgw", "obstore"), ("radosgw", "fsspec"), ("fake_gcs", "fsspec")]
SLOW += [("azurite", "obstore"), ("azurite", "fsspec")]
SERVED = [
    pytest.param(way, id=" ".join(way).strip(), marks=[pytest.mark.slow] if way in SLOW else [])
    for way in [*QUICK, *SLOW]
]


def place_at(request: pytest.FixtureRequest, server: str, driver: str) -> Place:
    """A new place at the server of this name, which is started if it is not running yet."""
    running: Server = request.getfixturevalue(server)
    return running.place(driver)

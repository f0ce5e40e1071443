"""A real store behind a network that fails on demand, by each driver."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.remotes.fault_proxy import FaultProxy
from tests.remotes.shaky import Shaky


@pytest.fixture(scope="session")
def proxy(moto) -> Iterator[FaultProxy]:
    with FaultProxy(moto.port) as proxy:
        yield proxy


@pytest.fixture(params=["obstore", "fsspec"])
def shaky(request: pytest.FixtureRequest, moto, proxy: FaultProxy) -> Iterator[Shaky]:
    """By each driver, with little time to wait."""
    proxy.clear()
    proxy.reset_counts()
    yield Shaky(moto.place(request.param, proxy.url).having({"timeout": "1"}), proxy)
    proxy.clear()

"""A registry whose bytes are shared through moto, over a network that fails on demand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.operations.conftest import World, template, world
from tests.remotes.fault_proxy import FaultProxy
from tests.remotes.transfer.sharing import Sharing
from tests.servers.s3 import S3Server

__all__ = ["template", "world"]  # fixtures here too


@pytest.fixture
def shared(world: World, moto: S3Server) -> Iterator[Sharing]:
    with FaultProxy(moto.port) as proxy:
        sharing = Sharing(world, moto, proxy, moto.place("", proxy.url))
        sharing.set_up()
        yield sharing

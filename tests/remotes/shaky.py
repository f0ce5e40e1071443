"""A place at a server behind the fault proxy, and drivers for it."""

from __future__ import annotations

from dataclasses import dataclass

from gitreg.storage.remote.driver import Driver
from gitreg.storage.remote.drivers import bare_driver, open_driver
from gitreg.storage.remote.options import settings
from tests.remotes.fault_proxy import FaultProxy
from tests.servers.server import Place


@dataclass(frozen=True)
class Shaky:
    """`bare` is what moves the bytes, `patient` what a user has: the same and what stands above it."""

    place: Place
    proxy: FaultProxy

    def bare(self, **options: str) -> Driver:
        place = self.place.having(options)
        return bare_driver(place.url, place.options, settings(place.options))

    def patient(self, **options: str) -> Driver:
        place = self.place.having(options)
        return open_driver(place.url, place.options)

"""Azure's blob storage, as Microsoft's Azurite plays it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas

from tests.servers.daemon import Daemon, free_port
from tests.servers.server import Place, Server, driver_option, fresh_name, not_tested

# The account that every Azurite has, known to everybody.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_INSTALLED = Path(__file__).parents[2] / ".venv" / "servers"


@dataclass(frozen=True, slots=True)
class AzureServer(Server):
    def place(self, driver: str = "", endpoint: str = "") -> Place:
        name = fresh_name()
        with BlobServiceClient(f"{self.endpoint}/{ACCOUNT}", credential=KEY) as client:
            client.create_container(name).close()
        options = {"endpoint-url": f"{endpoint or self.endpoint}/{ACCOUNT}", "account-name": ACCOUNT}
        return Place(f"az://{name}/team/models", options | {"account-key": KEY} | driver_option(driver))

    def read_only(self, place: Place) -> Place:
        """The same place for somebody who was given a link to list and read it."""
        token = generate_container_sas(
            ACCOUNT,
            place.url.split("/")[2],
            account_key=KEY,
            permission=ContainerSasPermissions(read=True, list=True),
            expiry=datetime.now(UTC) + timedelta(hours=1),
        )
        kept = {name: value for name, value in place.options.items() if name != "account-key"}
        return Place(place.url, kept | {"sas-token": token})


@contextmanager
def running(directory: Path) -> Iterator[AzureServer]:
    program = shutil.which("azurite-blob", path=_INSTALLED / "node_modules" / ".bin") or shutil.which("azurite-blob")
    if program is None or shutil.which("node") is None:
        not_tested("Azure", f"with Node.js at hand, npm install --prefix {_INSTALLED} azurite")
    port = free_port()
    quiet = ("--silent", "--disableTelemetry", "--skipApiVersionCheck")
    daemon = Daemon([program, "--blobPort", str(port), "--location", directory, *quiet], directory, port)
    daemon.start()
    try:
        yield AzureServer(daemon)
    finally:
        daemon.end()

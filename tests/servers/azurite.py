"""Azure's blob storage, as Microsoft's Azurite plays it."""

from __future__ import annotations

import os
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
_VENV = Path(__file__).parents[2] / ".venv"


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
    program = _VENV / "servers" / "node_modules" / ".bin" / "azurite-blob"
    node = shutil.which("node", path=f"{_VENV / 'bin'}:{os.environ.get('PATH', '')}")
    if node is None or not program.exists():
        not_tested("Azure", "make servers")
    port = free_port()
    quiet = ("--silent", "--disableTelemetry", "--skipApiVersionCheck")
    daemon = Daemon([node, program, "--blobPort", str(port), "--location", directory, *quiet], directory, port)
    daemon.start()
    try:
        yield AzureServer(daemon)
    finally:
        daemon.end()

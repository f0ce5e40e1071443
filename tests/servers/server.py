"""What tests know of a service: where it is, a fresh place in it, and how to take it away for a while."""

from __future__ import annotations

import os
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

import pytest

from tests.servers.daemon import Daemon

# Read before a test's environment is emptied.  Set where everything has been installed, so that nothing is left out.
_REQUIRED = os.environ.get("GITREG_TEST_SERVERS") == "required"


@dataclass(frozen=True, slots=True)
class Place:
    """A store's URL and options, as a user has them in Git's configuration.  Options hold the test's credentials."""

    url: str
    options: Mapping[str, str]

    def having(self, options: Mapping[str, str]) -> Place:
        return Place(self.url, {**self.options, **options})


@dataclass(frozen=True, slots=True)
class Server(ABC):
    """A running service; `stop` and `restart` are a crash and what follows it."""

    daemon: Daemon

    @property
    def port(self) -> int:
        return self.daemon.port

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @abstractmethod
    def place(self, driver: str = "", endpoint: str = "") -> Place:
        """A new bucket, container or folder, and the options that reach it.

        `driver`: gitreg's own option of that name.  `endpoint`: another way there, such as a proxy's.
        """

    def stop(self) -> None:
        self.daemon.kill()

    def restart(self) -> None:
        self.daemon.start()


def not_tested(what: str, remedy: str) -> NoReturn:
    """Skip every test that needs a server, and say in the summary how to have them run."""
    message = f"NOT TESTED: {what}. To test it: {remedy}"
    if _REQUIRED:
        pytest.fail(message)
    pytest.skip(message)


def driver_option(driver: str) -> dict[str, str]:
    return {"driver": driver} if driver else {}


def fresh_name() -> str:
    return f"models-{uuid.uuid4().hex[:12]}"

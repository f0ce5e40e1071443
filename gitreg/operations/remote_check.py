"""Whether a remote can be pulled from and pushed to, tried with a value of its own that it takes away again."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gitreg.errors import GitregError, NotFoundError, StorageError
from gitreg.operations.context import Context
from gitreg.operations.garbage.survey import MOST_SKEW
from gitreg.operations.sealing.seen import checked_root
from gitreg.operations.stores import EMBEDDED, remote_address, remote_place
from gitreg.storage.layout import FORMAT_FILE, MAX_FORMAT_BYTES, OBJECTS
from gitreg.storage.remote.driver import AbsentError, DeniedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitreg.core.key_id import KeyId
    from gitreg.operations.sealing.keys import StoreKeys
    from gitreg.storage.remote.driver import Driver

_VALUE: Final = b"written by gitreg remote check, and of no use afterwards\n"
_PULL: Final = frozenset({"read", "open"})
_PUSH: Final = _PULL | {"list", "write", "look", "vouch"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing that was tried; `problem` says why it failed, `denied` that the service said no."""

    what: str
    problem: str | None = None
    hint: str | None = None
    denied: bool = False


@dataclass(frozen=True, slots=True)
class RemoteCheck:
    """What a remote allows: `collect` is `gc --remote`, and `created` whether there is a store already.

    Times in seconds; the clock's difference is the service's less this machine's.
    """

    name: str
    url: str
    driver: str
    created: bool
    pull: bool
    push: bool
    collect: bool
    round_trip: float | None
    clock_difference: int | None
    attempts: tuple[Attempt, ...]

    @property
    def ok(self) -> bool:
        """It is no fault if somebody may read only, as long as there is something to read."""
        return self.pull and (self.push or self.created) and all(a.denied for a in self.attempts if a.problem)


def check_remote(context: Context, name: str | None = None) -> RemoteCheck:
    """Try a remote, each thing once.  Raises StorageError if there is nothing to try: no driver, no credentials."""
    name, url, options = _place(context, name)
    from gitreg.storage.remote.drivers import bare_driver  # noqa: PLC0415 - heavy, and needed for remote stores alone
    from gitreg.storage.remote.options import settings  # noqa: PLC0415

    driver = bare_driver(url, options, settings(options))
    trial = _Trial(driver)
    trial.run()
    if (root := checked_root(context, name)) is not None:
        _try_keys(context, name, root, trial)
    failed = {attempt.what for attempt in trial.attempts if attempt.problem}
    return RemoteCheck(
        name=name,
        url=driver.describe(),
        driver=type(driver).__name__.removesuffix("Driver").lower(),
        created=trial.created,
        pull=not _PULL & failed,
        push=not _PUSH & failed,
        collect=not failed and abs(trial.clock_difference or 0) <= MOST_SKEW.total_seconds(),
        round_trip=trial.round_trip,
        clock_difference=trial.clock_difference,
        attempts=tuple(trial.attempts),
    )


def _place(context: Context, name: str | None) -> tuple[str, str, dict[str, str]]:
    name = name or context.config.default_remote
    if name is not None:
        return name, *remote_address(context, name)
    embedded = remote_place(context)
    if embedded is None:
        raise NotFoundError("no remote to check", hint="gitreg remote add NAME URL")
    return EMBEDDED, embedded.as_uri(), {}


def _try_keys(context: Context, name: str, root: KeyId, trial: _Trial) -> None:
    """Whether what is encrypted opens, and whether there is a key to write with: one that an admin vouches for."""
    from gitreg.operations.sealing.keys import newest_key, store_keys  # noqa: PLC0415 - heavy, for sealed stores alone

    found: list[StoreKeys] = []
    if trial.attempt("open", lambda: found.append(store_keys(context, trial.driver, root))):
        trial.attempt("vouch", lambda: newest_key(context, name, *found))


class _Trial:
    """One run of the attempts, each of which can fail by itself."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self._key = f"check-{os.urandom(8).hex()}"
        self.created = True
        self.round_trip: float | None = None
        self.clock_difference: int | None = None
        self.attempts: list[Attempt] = []

    def run(self) -> None:
        copied = f"{self._key}-copy"
        self.attempt("read", self._read)
        self.attempt("list", lambda: next(self.driver.list(f"{OBJECTS}/00"), None))
        if self.attempt("write", lambda: self.driver.put(self._key, _VALUE)):
            self.attempt("look", self._look)
            self.attempt("copy", lambda: self.driver.copy(self._key, copied))
            self.attempt("delete", lambda: self.driver.delete([self._key, copied]))

    def _read(self) -> None:
        """The first request also pays for the connection; the second one tells how far away the service is."""
        self._format_file()
        begun = time.perf_counter()
        self._format_file()
        self.round_trip = time.perf_counter() - begun

    def _format_file(self) -> None:
        try:
            self.driver.get(FORMAT_FILE, MAX_FORMAT_BYTES)
        except AbsentError:
            self.created = False

    def _look(self) -> None:
        if self.driver.get(self._key, len(_VALUE)) != _VALUE:
            raise StorageError(f"{self.driver.describe()} does not give back what it was given")
        entry = self.driver.head(self._key)
        if entry is not None and entry.modified:
            self.clock_difference = round(entry.modified / 1e9 - time.time())

    def attempt(self, what: str, attempt: Callable[[], object]) -> bool:
        try:
            attempt()
        except GitregError as error:
            self.attempts.append(Attempt(what, error.message, error.hint, isinstance(error, DeniedError)))
            return False
        self.attempts.append(Attempt(what))
        return True

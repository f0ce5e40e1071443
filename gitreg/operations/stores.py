"""Which stores a registry has: the clone's own, and the shared one that its config, or its Git remote, leads to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitreg.core.remote_url import RemoteUrl
from gitreg.core.text import escape
from gitreg.errors import GitregError, NotARegistryError, NotFoundError, RefusedError, StorageError, UsageError
from gitreg.git.config import get_config, get_config_section, set_config
from gitreg.git.remote import is_local_path, local_git_dir, remote_url, remotes
from gitreg.operations.branch import git_remote
from gitreg.operations.context import Context
from gitreg.operations.policy.line import present_policy
from gitreg.operations.sealing.seen import SEEN_KEY, checked_root
from gitreg.storage.archived import ArchivedStore
from gitreg.storage.bulk.place import Place
from gitreg.storage.layered import LayeredStore
from gitreg.storage.local import LocalStore
from gitreg.storage.open_store import create_store, local_path, open_store
from gitreg.storage.store import DEFAULT_JOBS, ObjectStore
from gitreg.storage.unreachable import UnreachableStore

if TYPE_CHECKING:
    from gitreg.core.key_id import KeyId
    from gitreg.storage.remote.driver import Driver
    from gitreg.storage.remote.sealing.ring import Seal
    from gitreg.storage.remote.store import RemoteStore

EMBEDDED = "embedded"  # what people call the store inside the Git remote, which has no name in config.toml
_SEEN = "seenUrl"
_OURS = {_SEEN.lower(), SEEN_KEY.lower()}  # what this clone remembers, among the options
_JOBS_VARIABLE = "GITREG_JOBS"
_JOBS_KEY = "gitreg.jobs"
_MOST_JOBS = 256


def local_store(context: Context) -> LocalStore:
    """The clone's own objects: what was added here, pushed or not."""
    return LocalStore.create(context.repo.local_state)


def remote_store(context: Context, name: str | None = None, *, create: bool = False) -> ObjectStore:
    """The shared store: the remote called `name`, else the default one, else the one embedded in the Git remote.

    Raises StorageError if there is none, RefusedError if its URL changed since this clone last used it.
    """
    name = name or context.config.default_remote
    if name is None:
        return _embedded_store(context, create=create)
    url, root = _checked_url(context, name), checked_root(context, name)
    if root is not None:
        return _sealed_store(context, name, root, create=create)
    opener = create_store if create else open_store
    return opener(url, _options(context, name), _requests_at_once(context))


def _sealed_store(context: Context, name: str, root: KeyId, *, create: bool) -> RemoteStore:
    """Its keys are read, and its objects later on, through one connection."""
    from gitreg.storage.remote.opening import create_on, open_on  # noqa: PLC0415 - heavy, as below

    driver = remote_driver(context, name)
    opener = create_on if create else open_on
    return opener(driver, _requests_at_once(context), _seal(context, name, driver, root))


def remote_driver(context: Context, name: str) -> Driver:
    """The service that a sealed remote is kept by.  Raises RefusedError for a folder, and as `remote_store` does."""
    url = _checked_url(context, name)
    if local_path(url) is not None:
        raise RefusedError(
            f"the remote '{name}' is a folder, which gitreg does not encrypt",
            hint="let its file system do that; s3://, gs://, az://, abfs:// and sftp:// can be encrypted",
        )
    from gitreg.storage.remote.drivers import open_driver  # noqa: PLC0415 - heavy, and needed for remote stores alone

    return open_driver(url, _options(context, name))


def remote_address(context: Context, name: str) -> tuple[RemoteUrl, dict[str, str]]:
    """A remote's URL and options, whoever can open what is there.  Raises RefusedError if the URL changed."""
    return _checked_url(context, name), _options(context, name)


def remote_at(context: Context, name: str) -> Place:
    """Where the remote called `name` is, for work that opens it elsewhere.  Raises as `remote_store` does."""
    url, root = _checked_url(context, name), checked_root(context, name)
    seal = None if root is None else _seal(context, name, remote_driver(context, name), root)
    return Place(url, tuple(sorted(_options(context, name).items())), seal, _requests_at_once(context))


def _requests_at_once(context: Context) -> int:
    """How many requests to a service the user wants side by side.  Raises UsageError."""
    for said, where in (
        (context.settings.jobs, "--jobs"),
        (context.settings.environ.get(_JOBS_VARIABLE), _JOBS_VARIABLE),
        (get_config(context.repo, _JOBS_KEY), _JOBS_KEY),
    ):
        if said is not None:
            return _jobs(said, where)
    return DEFAULT_JOBS


def _jobs(said: int | str, where: str) -> int:
    try:
        number = int(said)
    except ValueError:
        number = 0
    if not 1 <= number <= _MOST_JOBS:
        raise UsageError(f"{where} is '{escape(str(said))}'", hint=f"say a number from 1 to {_MOST_JOBS}")
    return number


def reading_store(context: Context) -> ObjectStore:
    """Everything that can be read from here: the clone's own objects first, then the shared ones if there are any.

    A shared store that is away must not keep anybody from what is here; who needs more is told why it is away.
    """
    local = local_store(context)
    try:
        return LayeredStore(local, with_archive(context, remote_store(context)))
    except NoRemoteError:
        return local
    except StorageError as error:
        return LayeredStore(local, UnreachableStore(error))


def with_archive(context: Context, shared: ObjectStore) -> ObjectStore:
    """The shared store and, behind it, the remote that the policy's retention archives to."""
    return ArchivedStore(shared, lambda: _archive(context))


def archive_store(context: Context, place: str) -> ObjectStore:
    """The store at a URL that the user names, or the remote of that name; made if it is not there yet."""
    return create_store(RemoteUrl.parse(place)) if "://" in place else remote_store(context, place, create=True)


def _archive(context: Context) -> ObjectStore | None:
    """None if there is none, or it is away: then something is missing, which is for the reader to say."""
    try:
        retention = present_policy(context).in_force.parsed().retention
        if retention is None or retention.archive is None:
            return None
        archive = remote_store(context, retention.archive)
    except GitregError as error:
        context.settings.note(f"the archive was not asked: {error.message}")
        return None
    context.settings.note(f"looking in the archive {archive.describe()}")
    return archive


class NoRemoteError(StorageError):
    """The registry has no shared store, or none yet."""


def trust_remote(context: Context, name: str) -> RemoteUrl:
    """Accept the remote's present URL.  Raises NotFoundError."""
    url = _url(context, name)
    set_config(context.repo, f"gitreg.remote.{name}.{_SEEN}", url)
    return url


def is_url_trusted(context: Context, name: str) -> bool:
    """Whether the remote's URL is the one that this clone used last, if it has used one.  Raises NotFoundError."""
    url = _url(context, name)
    return get_config(context.repo, f"gitreg.remote.{name}.{_SEEN}") in (None, url)


def _url(context: Context, name: str) -> RemoteUrl:
    url = context.config.remotes.get(name)
    if url is None:
        known = ", ".join(context.config.remotes) or "none"
        raise NotFoundError(f"no remote '{escape(name)}'", hint=f"remotes in .gitreg/config.toml: {known}")
    return url


def _checked_url(context: Context, name: str) -> RemoteUrl:
    """A URL is taken on first use; that it changes later may be somebody's trick, so a person must say yes."""
    url = _url(context, name)
    seen = get_config(context.repo, f"gitreg.remote.{name}.{_SEEN}")
    if seen is None:
        return trust_remote(context, name)
    if seen != url:
        raise RefusedError(
            f"the remote '{name}' was {escape(seen)} and is now {url}",
            hint=f"if that is right: gitreg remote trust {name}",
        )
    return url


def _options(context: Context, name: str) -> dict[str, str]:
    options = get_config_section(context.repo, f"gitreg.remote.{name}.")
    return {key: value for key, value in options.items() if key.lower() not in _OURS}


def _seal(context: Context, name: str, driver: Driver, root: KeyId) -> Seal:
    from gitreg.operations.sealing.keys import remote_seal  # noqa: PLC0415 - heavy, and needed for sealed stores alone

    return remote_seal(context, name, driver, root)


def remote_place(context: Context) -> Path | None:
    """Where the embedded store is, or would be; None if the Git remote is not on this machine.  Raises StorageError."""
    name = git_remote(context.repo)
    if name not in remotes(context.repo):
        return None
    path = is_local_path(remote_url(context.repo, name), context.repo.root or context.repo.git_dir)
    if path is None:
        return None
    try:
        return local_git_dir(path) / "gitreg"
    except NotARegistryError as error:
        raise StorageError(error.message, hint=error.hint) from None


def _embedded_store(context: Context, *, create: bool) -> LocalStore:
    place = remote_place(context)
    if place is None:
        name = git_remote(context.repo)
        why = "is not on this machine" if name in remotes(context.repo) else "does not exist"
        raise NoRemoteError(
            f"no store to share objects through: none is configured, and the Git remote '{escape(name)}' {why}",
            hint="gitreg remote add origin s3://BUCKET/PREFIX (or gs://, az://, sftp://, file:///)",
        )
    if create:
        return LocalStore.create(place)
    if not place.exists():
        raise NoRemoteError(f"nothing has been pushed to {escape(str(place.parent))} yet", hint="gitreg push")
    return LocalStore.open(place)

"""The remotes that `.gitreg/config.toml` names."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gitreg.core.config import CONFIG_PATH, Config, format_config
from gitreg.core.key_id import KeyId
from gitreg.core.names import StageName
from gitreg.core.remote_url import RemoteUrl
from gitreg.core.text import escape
from gitreg.errors import RefusedError
from gitreg.git.worktree import stage
from gitreg.operations.atomic import write_file
from gitreg.operations.context import Context
from gitreg.operations.sealing.seen import accept_root, seen_root
from gitreg.operations.stores import EMBEDDED, is_url_trusted, remote_place, trust_remote


@dataclass(frozen=True, slots=True)
class Remote:
    """A shared store by name; `embedded` ones are not configured but follow from the Git remote.

    `encrypted` is as the registry means it; what the store itself says is looked at when it is opened.
    """

    name: str
    url: str
    default: bool
    embedded: bool = False
    encrypted: bool = False


@dataclass(frozen=True, slots=True)
class TrustedRemote:
    """What this clone insists on from now on: the URL, and the root key if it is `encrypted`.

    `decrypted` if it was encrypted, and a person has now accepted that it is not.
    """

    name: str
    url: str
    default: bool
    encrypted: bool
    root: KeyId | None
    decrypted: bool


def list_remotes(context: Context) -> tuple[Remote, ...]:
    """The configured remotes, or the embedded one if there are none."""
    config = context.config
    if not config.remotes:
        place = remote_place(context)
        return (Remote(EMBEDDED, str(place), default=True, embedded=True),) if place else ()
    return tuple(
        Remote(name, url, name == config.default_remote, encrypted=name in config.sealed)
        for name, url in config.remotes.items()
    )


def add_remote(context: Context, name: str, url: RemoteUrl, *, default: bool) -> Remote:
    """Name a store in config.toml (staged, for you to commit).  Raises RefusedError if the name is taken."""
    name = StageName.parse(name)
    if name in context.config.remotes:
        raise RefusedError(f"there is a remote '{escape(name)}' already", hint=f"edit {CONFIG_PATH} to change its URL")
    is_default = default or context.config.default_remote is None
    remotes = {**context.config.remotes, name: url}
    config = context.config._replace(
        remotes=remotes, default_remote=name if is_default else context.config.default_remote
    )
    write_config(context, config)
    trust_remote(replace(context, config=config), name)
    return Remote(name, url, is_default)


def write_config(context: Context, config: Config) -> None:
    """Replace config.toml, staged for the user to commit."""
    write_file(context.repo.work_tree / CONFIG_PATH, format_config(config))
    stage(context.repo, [CONFIG_PATH])


def trust(context: Context, name: str) -> TrustedRemote:
    """Accept in this clone what has changed: a remote's URL, or else its keys, or that it is not encrypted any more.

    Never both: whoever looks at a URL has not been told that encryption goes with it.  Raises NotFoundError.
    """
    seen = seen_root(context, name)
    root = accept_root(context, name) if is_url_trusted(context, name) else seen
    url, is_default = trust_remote(context, name), name == context.config.default_remote
    return TrustedRemote(name, url, is_default, root is not None, root, seen is not None and root is None)

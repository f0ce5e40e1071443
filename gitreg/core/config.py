"""`.gitreg/config.toml`: the registry's identity and its remotes by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from gitreg.core.key_id import KeyId
from gitreg.core.names import StageName
from gitreg.core.registry_id import RegistryId
from gitreg.core.remote_url import RemoteUrl
from gitreg.core.toml import FORMAT, Table, load_toml
from gitreg.errors import FormatError, UsageError

CONFIG_PATH = ".gitreg/config.toml"


class Config(NamedTuple):
    """A parsed config.  Without a default remote, objects are kept beside the Git remote's own repository.

    `sealed` has the root keys of the remotes that are encrypted: a store does not get to say that it is not.
    """

    id: RegistryId
    remotes: Mapping[str, RemoteUrl] = MappingProxyType({})
    default_remote: str | None = None
    sealed: Mapping[str, KeyId] = MappingProxyType({})


def parse_config(data: bytes) -> Config:
    """Parse config.toml.  Raises FormatError."""
    root = load_toml(data, CONFIG_PATH)
    table = root.table("remotes")
    remotes = {_remote_name(table, name): table.parsed(name, RemoteUrl.parse) for name in table.names()}
    default = root.optional("default_remote", str)
    if default is not None and default not in remotes:
        raise FormatError(f"{CONFIG_PATH}: default_remote: no such remote", hint="name one of [remotes]")
    keys = root.table("sealed")
    sealed = {name: keys.parsed(name, KeyId.parse) for name in keys.names()}
    for name in sealed:
        if name not in remotes:
            raise keys.fail(name, "no such remote", hint="name one of [remotes]")
    config = Config(root.parsed("id", RegistryId.parse), remotes, default, sealed)
    root.finish()
    return config


def _remote_name(table: Table, name: str) -> str:
    try:
        return str(StageName.parse(name))
    except UsageError as error:
        raise table.fail(name, "not a name for a remote", hint=error.hint) from None


def format_config(config: Config) -> bytes:
    """Spell a config; `parse_config` is its inverse."""
    lines = [f"format = {FORMAT}", f'id = "{config.id}"']
    if config.default_remote is not None:
        lines.append(f'default_remote = "{config.default_remote}"')
    if config.remotes:
        lines += ["", "[remotes]", *(f'{name} = "{url}"' for name, url in config.remotes.items())]
    if config.sealed:
        lines += ["", "[sealed]", *(f'{name} = "{root}"' for name, root in config.sealed.items())]
    return ("\n".join(lines) + "\n").encode()

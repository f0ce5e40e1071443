"""config.toml: the registry's identity, and remotes by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from format_strategies import UUID, golden, mutated, only_gitreg_errors, registries, stage_names
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.config import Config, format_config, parse_config
from gitreg.core.key_id import KeyId
from gitreg.core.registry_id import RegistryId
from gitreg.core.remote_url import RemoteUrl
from gitreg.errors import FormatError

GOLDEN = Path(__file__).parent / "golden" / "config-1.toml"
EXAMPLE = Config(
    RegistryId(UUID),
    {"shared": RemoteUrl("s3://models/registry"), "lab": RemoteUrl("file:///srv/my models")},
    "shared",
)
ROOT = "0123456789abcdef" * 2
SECRET = "hunter2"

urls = st.sampled_from(["s3://bucket", "file:///srv/a b", "sftp://me@host:22/x"]).map(RemoteUrl.parse)
roots = st.binary(min_size=16, max_size=16).map(lambda data: KeyId(data.hex()))
configs = st.dictionaries(stage_names, urls, max_size=3).flatmap(
    lambda remotes: st.builds(
        Config,
        registries,
        st.just(remotes),
        st.sampled_from([None, *remotes]),
        st.dictionaries(st.sampled_from([*remotes]), roots) if remotes else st.just({}),
    )
)


def test_golden_file():
    """A registry made yesterday would have no identity today."""
    golden(GOLDEN, format_config(EXAMPLE))
    assert parse_config(GOLDEN.read_bytes()) == EXAMPLE


def test_golden_file_with_a_sealed_remote():
    """What was encrypted would be written in the clear by another release."""
    config = EXAMPLE._replace(sealed={"lab": KeyId(ROOT)})
    golden(GOLDEN.with_name("config-sealed-1.toml"), format_config(config))


@pytest.mark.parametrize("line", [f'lob = "{ROOT}"', f'lab = "{ROOT[1:]}"', f'lab = "{ROOT.upper()}"', "lab = true"])
def test_a_seal_that_cannot_be_meant_is_refused(line):
    """A slip of the pen would leave a remote in the clear."""
    with pytest.raises(FormatError):
        parse_config(format_config(EXAMPLE) + f"[sealed]\n{line}\n".encode())


@given(configs)
def test_round_trip(config):
    """Adding a remote would lose another one."""
    assert parse_config(format_config(config)) == config


@given(st.data())
def test_a_damaged_config_is_parsed_or_refused(data):
    """A bad merge would look like a bug of ours."""
    text = mutated(data.draw, GOLDEN.read_bytes())
    config = only_gitreg_errors(lambda: parse_config(text))
    assert config is None or parse_config(format_config(config)) == config


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (f'id = "{UUID}"', "", "id: is missing"),
        (UUID, UUID.upper(), "id: not a registry id"),
        (UUID, UUID[:-1], "id: not a registry id"),
        ('default_remote = "shared"', 'default_remote = "share"', "default_remote: no such remote"),
        ('default_remote = "shared"', "default_remote = 1", "default_remote: must be a string"),
        ("lab =", "Lab =", "remotes: Lab: not a name"),
        ("lab =", '"../lab" =', "remotes: ../lab: not a name"),
        ("lab =", '"la\\u001bb" =', "remotes: la\\x1bb: not a name"),
        ("s3://models/registry", "simplecache::s3://models", "remotes: shared: not a usable remote URL"),
        ('"s3://models/registry"', '{ url = "s3://models", key = "x" }', "remotes: shared: must be a string"),
    ],
)
def test_nonsense_is_refused_and_named(old, new, reason):
    """A clone would look for its objects somewhere else."""
    text = GOLDEN.read_text()
    assert old in text
    with pytest.raises(FormatError) as caught:
        parse_config(text.replace(old, new, 1).encode())
    assert caught.value.message.startswith(f".gitreg/config.toml: {reason}")
    assert caught.value.hint


@pytest.mark.parametrize(
    "line",
    [
        f'shared = "s3://key:{SECRET}@models"',
        f'shared = "s3://models?secret={SECRET}"',
        f'shared = {{ secret = "{SECRET}" }}',
        f'shared = "s3://key:{SECRET}@models',
        f'Shared = "s3://key:{SECRET}@models"',
        f'shared = ["{SECRET}"]',
    ],
)
def test_a_secret_in_the_config_is_refused_and_not_repeated(line):
    """A committed password would be shown again by every command that reads the file."""
    with pytest.raises(FormatError) as caught:
        parse_config(f'format = 1\nid = "{UUID}"\n[remotes]\n{line}\n'.encode())
    assert SECRET not in caught.value.message + (caught.value.hint or "")

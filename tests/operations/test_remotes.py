"""Remotes and keys: where bytes are shared, who may sign, and that neither changes behind anybody's back."""

from __future__ import annotations

import pytest

from gitreg.api import Registry
from gitreg.core.names import Principal
from gitreg.core.remote_url import RemoteUrl
from gitreg.errors import FormatError, GitregError, NotFoundError, RefusedError, SigningError, SourceError, UsageError
from gitreg.operations.policy.keys import add_key, list_keys, new_key, read_key
from gitreg.operations.remotes import add_remote, list_remotes, trust


def url(text: object) -> RemoteUrl:
    return RemoteUrl.parse(str(text))


@pytest.fixture
def remote(world, registry: Registry) -> Registry:
    """The registry with a store at file://.../cold, committed."""
    add_remote(registry.context, "cold", url(f"file://{world.root}/cold"), default=False)
    world.sh("git", "commit", "-q", "-m", "A store")
    return world.open()


def test_the_embedded_store_is_listed_until_there_is_another(world, registry: Registry):
    (embedded,) = list_remotes(registry.context)
    assert (embedded.embedded, embedded.url) == (True, str(world.root / "hub.git" / "gitreg"))


def test_a_remote_is_used_once_it_is_named(world, remote: Registry):
    (cold,) = list_remotes(remote.context)
    assert (cold.name, cold.default) == ("cold", True)
    pushed = remote.push()
    assert pushed.store == str(world.root / "cold")
    assert (world.root / "cold" / "format").is_file()
    assert world.clone("clone").verify(data=True).ok
    with pytest.raises(RefusedError, match="already"):
        add_remote(remote.context, "cold", url("file:///elsewhere"), default=False)


def test_a_url_that_changed_is_refused_until_a_person_accepts_it(world, remote: Registry, tmp_path):
    remote.push()
    clone = world.clone("clone")
    clone.pull("mnist")
    config = remote.root / ".gitreg" / "config.toml"
    config.write_text(config.read_text().replace("/cold", "/trap"))
    world.sh("git", "commit", "-q", "-a", "-m", "Moved")
    (world.root / "cold").rename(world.root / "trap")
    world.sh("git", "push", "-q", "origin", "main")
    world.sh("git", "pull", "-q", cwd="clone")
    clone = world.open("clone")
    for attempt in (lambda: clone.path("mnist"), clone.push, lambda: clone.fetch(objects=True)):
        with pytest.raises(RefusedError, match="is now") as refused:
            attempt()
        assert refused.value.hint == "if that is right: gitreg remote trust cold"
    trust(clone.context, "cold")
    assert clone.path("mnist").is_dir()
    with pytest.raises(NotFoundError, match="no remote 'warm'"):
        trust(clone.context, "warm")


@pytest.mark.parametrize(
    "bad",
    [
        "s3://AKIA:SECRET@bucket/x",
        "s3://bucket/x?secret_access_key=SECRET",
        "ftp://host/SECRET",
        "simplecache::s3://bucket/SECRET",
        "file://relative",
        "ext::sh -c SECRET",
        "",
    ],
)
def test_a_url_that_a_committed_file_may_not_name_is_refused_and_no_secret_repeated(bad: str):
    with pytest.raises(UsageError) as refused:
        url(bad)
    if "SECRET@" in bad or "=SECRET" in bad:
        assert "SECRET" not in refused.value.message + str(refused.value.hint)


def test_options_of_the_user_s_own_are_not_listed(world, remote: Registry):
    world.sh("git", "config", "gitreg.remote.cold.secret", "hunter2")
    assert "hunter2" not in repr(list_remotes(remote.context))
    assert "hunter2" not in repr(remote.push())


def test_a_store_of_another_layout_is_not_written_to(world, remote: Registry):
    remote.push()
    (world.root / "cold" / "format").chmod(0o644)
    (world.root / "cold" / "format").write_text("gitreg-store 99\n")
    with pytest.raises(FormatError):
        remote.push()


def test_a_store_that_is_gone_is_told_in_one_line(world, remote: Registry):
    remote.push()
    clone = world.clone("clone")
    (world.root / "cold").rename(world.root / "away")
    with pytest.raises(GitregError) as error:
        clone.pull("mnist")
    assert "\n" not in error.value.message
    assert str(world.root / "cold") in error.value.message


def test_keys_are_listed_as_ssh_keygen_prints_them(world, registry: Registry):
    listed = {entry.principals[0]: entry.fingerprint for entry in list_keys(registry.context)}
    assert set(listed) == {f"{who}@example.com" for who in ("person", "bob", "carol", "dave", "mallory")}
    assert listed["bob@example.com"] in world.sh("ssh-keygen", "-l", "-f", "keys/bob.pub", cwd=".")


def test_a_key_counts_once_it_is_committed(world, registry: Registry):
    add_key(registry.context, Principal("eve@example.com"), read_key(world.root / "keys" / "eve.pub"))
    assert "eve@example.com" not in repr(list_keys(registry.context))
    world.sh("git", "commit", "-q", "-m", "Eve joins")
    assert "eve@example.com" in repr(list_keys(registry.context))
    with pytest.raises(RefusedError, match="already"):
        add_key(registry.context, Principal("other@example.com"), read_key(world.root / "keys" / "eve.pub"))


def test_a_file_without_a_final_newline_is_not_spoilt(world, registry: Registry):
    file = registry.root / ".gitreg" / "allowed_signers"
    file.write_text(file.read_text().rstrip("\n"))
    add_key(registry.context, Principal("eve@example.com"), read_key(world.root / "keys" / "eve.pub"))
    world.change_policy("Eve joins")
    assert len(list_keys(registry.context)) == 6


def test_a_private_key_is_not_taken_for_a_public_one(world, registry: Registry, tmp_path):
    with pytest.raises(FormatError, match="holds a private key"):
        read_key(world.root / "keys" / "eve")
    with pytest.raises(SourceError):
        read_key(tmp_path / "nope.pub")
    with pytest.raises(SigningError):
        new_key(world.root / "keys" / "eve", Principal("eve@example.com"))

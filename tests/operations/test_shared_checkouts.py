"""The cache as people meet it: bounds, use without network, and a cache that cannot be written."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitreg.api import Registry
from gitreg.errors import GitregError, UsageError
from gitreg.operations import cache, checkouts
from gitreg.operations.cache import PruneRequest, cache_info, parse_age, parse_size, prune_cache
from gitreg.storage.cache import ReadOnlyCacheError, checkout_path


def with_environ(registry: Registry, **values: str) -> Registry:
    settings = replace(registry.context.settings, environ=registry.context.settings.environ | values)
    return Registry(replace(registry.context, settings=settings))


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("1000", 1000), ("50GB", 50 * 10**9), ("50 gb", 50 * 10**9), ("1.5 GiB", 3 * 2**29), ("2T", 2 * 10**12)],
)
def test_sizes(text, size):
    """A cache would be a thousand times larger or smaller than asked for."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "GB", "-1", "1e9", "5 parsecs", "1_000", "\u0661"])
def test_what_is_no_size_is_refused(text):
    """A typing error would empty the cache."""
    with pytest.raises(UsageError):
        parse_size(text)


@given(st.text(max_size=12))
def test_any_text_is_a_bound_or_a_mistake_of_the_users(text):
    """Configuration would crash a command."""
    for parse in (parse_size, parse_age):
        with suppress(UsageError):
            assert parse(text) is not None


def test_ages():
    """Checkouts would go too early or never."""
    assert parse_age("30 days") == timedelta(days=30)
    assert parse_age("1 hour") == parse_age("1h") == timedelta(hours=1)


def test_making_a_checkout_keeps_the_cache_within_its_bounds(world, registry: Registry):
    """A serving host's disk would fill up with every version it ever served."""
    old = registry.path("mnist@v1.0.0")
    os.utime(old, (time.time() - 7200,) * 2)
    world.release(registry, b"two")
    bounded = with_environ(registry, GITREG_CACHE_MAX_SIZE="1KB")
    new = bounded.path("mnist")
    assert (old.exists(), new.exists()) == (False, True)
    (entry,) = cache_info(bounded.context.settings).checkouts
    assert (entry.path, entry.files) == (new, 2)
    assert prune_cache(bounded.context.settings, PruneRequest(max_size=0)).removed == ()
    assert prune_cache(bounded.context.settings, PruneRequest(max_size=0, in_use=True)).removed == (entry,)


def test_a_checkout_that_is_there_needs_no_network(world):
    """A server could not restart while the store is down."""
    clone = world.clone("clone")
    place = clone.path("mnist")
    (world.root / "hub.git" / "gitreg").rename(world.root / "away")
    assert clone.path("mnist") == place
    assert clone.path("mnist", paranoid=True) == place


def test_a_private_checkout_where_the_cache_cannot_be_written(world, registry: Registry, tmp_path: Path, monkeypatch):
    """Containers with a read-only home could not load models."""

    def refuse(manifest, store, root, *rest, **more):
        if root == registry.context.settings.cache:
            raise ReadOnlyCacheError("the cache cannot be written")
        return checkout_path(manifest, store, root, *rest, **more)

    monkeypatch.setattr(checkouts, "checkout_path", refuse)
    monkeypatch.setattr(checkouts.tempfile, "gettempdir", lambda: str(tmp_path))
    place = registry.path("mnist")
    assert place.is_relative_to(tmp_path)
    assert (place / "README.md").read_bytes() == b"# A model\n"
    assert any("private" in note for note in world.said)
    hub = world.root / "hub.git" / "gitreg"
    hub.rename(world.root / "away")
    local = registry.context.repo.local_state / "objects"
    local.rename(world.root / "objects away")
    shutil.rmtree(registry.context.settings.cache)
    assert registry.path("mnist") == place  # needs no store any more
    (world.root / "objects away").rename(local)
    (tmp_path / f"gitreg-{os.getuid()}").chmod(0o777)
    with pytest.raises(GitregError, match="belongs to others"):
        registry.path("mnist")


def test_only_the_manifests_used_last_are_kept(world, registry: Registry, monkeypatch):
    """Manifests of versions that nobody remembers would fill the cache."""
    monkeypatch.setattr(cache, "_MOST_MANIFESTS", 1)
    settings = registry.context.settings
    first = registry.pull("mnist@v1.0.0").manifest
    registry.path("mnist@v1.0.0")
    assert cache.recent_manifests(settings) == [first]
    world.release(registry, b"two")
    registry.path("mnist@v1.1.0")
    assert cache.recent_manifests(settings) == [registry.version("mnist").manifest]

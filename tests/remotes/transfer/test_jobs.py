"""How many requests go side by side: what the command line, the environment or Git's configuration says."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from gitreg.errors import UsageError
from gitreg.operations.stores import remote_at
from tests.remotes.transfer.sharing import Sharing, weights


def test_the_nearest_word_counts(shared: Sharing, monkeypatch):
    """A slow network could not be spared, or a quick one be used."""
    assert shared.store().at_once == 16
    shared.world.sh("git", "config", "gitreg.jobs", "3")
    assert shared.store().at_once == 3
    monkeypatch.setenv("GITREG_JOBS", "5")
    assert shared.store().at_once == 5
    context = shared.registry.context
    told = replace(context, settings=replace(context.settings, jobs=7))
    assert remote_at(told, "shop").open().at_once == 7


@pytest.mark.parametrize("said", ["0", "-1", "many", "257", "\x1b[31m"])
def test_nonsense_is_refused(shared: Sharing, monkeypatch, said: str):
    """A slip of the pen would hang the command, or open thousands of connections."""
    monkeypatch.setenv("GITREG_JOBS", said)
    with pytest.raises(UsageError, match="GITREG_JOBS") as caught:
        shared.store()
    assert "\x1b" not in caught.value.message


def test_work_that_is_sent_elsewhere_keeps_to_it(shared: Sharing):
    """A mirror or a check on a cluster would take more of the line than the user has allowed."""
    shared.world.sh("git", "config", "gitreg.jobs", "3")
    assert remote_at(shared.registry.context, "shop").open().at_once == 3


def test_no_more_than_that_at_once(shared: Sharing):
    """--jobs 1 on a poor line would make eight requests compete for it."""
    shared.add(weights(8 << 20))
    shared.proxy.delay = 0.1
    shared.proxy.reset_counts()
    started = time.monotonic()
    process = shared.start("push", "--objects-only", "--jobs", "1")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert time.monotonic() - started > 0.1 * shared.proxy.requests.total()

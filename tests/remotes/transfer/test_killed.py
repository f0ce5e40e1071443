"""Push and pull stopped at any moment: nothing half done is believed, and the next run transfers what is missing."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from gitreg.core.limits import MIB
from gitreg.operations.add import AddRequest
from gitreg.operations.pull import PullRequest
from gitreg.operations.stores import local_store
from gitreg.storage.crew import BYTES_AT_ONCE
from gitreg.storage.transfer import ensure_complete
from gitreg.storage.verified import read_manifest
from tests.operations.conftest import World
from tests.remotes.fault_proxy import FaultProxy
from tests.remotes.faults import Hang
from tests.remotes.transfer.sharing import Sharing, weights
from tests.servers.s3 import S3Server

INTERRUPTED = 130


def wait_for(reached: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    for _ in range(3000):
        if reached():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    raise TimeoutError(process.args)


@pytest.mark.parametrize("uploads", [1, 6, 12])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_push_that_was_stopped_goes_on(shared: Sharing, uploads: int, how: signal.Signals):
    """Uploads would begin again from nothing, or others see a model that is not all there."""
    files = weights(24 * MIB)
    shared.add(files)
    before = set(shared.objects())
    shared.proxy.delay = 0.05
    shared.proxy.reset_counts()
    process = shared.start("push", "--jobs", "4")
    wait_for(lambda: shared.proxy.requests["PUT"] > uploads + 4, process)
    process.send_signal(how)
    process.communicate(timeout=20)
    assert process.returncode in {-signal.SIGKILL, INTERRUPTED}
    shared.proxy.delay = 0
    kept = set(shared.objects()) - before
    assert len(kept) >= uploads
    shared.proxy.reset_counts()
    shared.registry.push()
    assert not [path for method, path in shared.proxy.paths if method == "PUT" and any(key in path for key in kept)]
    folder = shared.clone().pull("models/big.gitreg", PullRequest()).path
    assert {name: (folder / name).read_bytes() for name in files} == files


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_pull_that_was_stopped_goes_on(shared: Sharing, how: signal.Signals):
    """Half of a large file would be fetched twice."""
    files = weights(96 * MIB)
    shared.add(files)
    shared.registry.push()
    shared.forget_checkouts()
    shared.clone()
    shared.proxy.reset_counts()
    process = shared.start("pull", "models/big.gitreg", where="clone")
    wait_for(lambda: shared.proxy.downloaded["GET"] > 80 * MIB, process)
    process.send_signal(how)
    process.communicate(timeout=20)
    assert process.returncode in {-signal.SIGKILL, INTERRUPTED}
    folder = shared.world.root / "clone" / "models" / "big"
    assert not (folder / "weights.bin").exists()
    done = shared.world.open("clone").pull("models/big.gitreg", PullRequest())
    assert {name: (folder / name).read_bytes() for name in files} == files
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "weights.bin"]
    lost = 2 * BYTES_AT_ONCE  # on its way, and in the buffers behind
    assert done.transferred <= 16 * MIB + lost < 96 * MIB
    assert shared.proxy.downloaded["GET"] <= 96 * MIB + lost


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_shared_checkout_that_was_stopped_goes_on(shared: Sharing, how: signal.Signals):
    """Whoever serves a model would fetch it from the start each time that its container is killed."""
    files = weights(96 * MIB) | {"more.bin": weights(96 * MIB, seed=2)["weights.bin"]}
    stop_late(shared, files, how, "path", "models/big.gitreg")
    cache = shared.world.open("clone").context.settings.cache
    assert list((cache / "checkouts").glob("[0-9a-f]*")) == []
    folder = shared.world.open("clone").path("models/big.gitreg")
    assert shared.proxy.downloaded["GET"] <= sum(map(len, files.values())) + 2 * BYTES_AT_ONCE  # as of a pull
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files
    assert list((cache / "unfinished").iterdir()) == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_fetch_that_was_stopped_goes_on(shared: Sharing, how: signal.Signals):
    """What is in the clone already would be fetched again."""
    size = 192 * MIB
    stop_late(shared, weights(size), how, "fetch", "--objects")
    kept = [digest.hex for digest in local_store(shared.world.open("clone").context).names()]
    assert kept
    shared.proxy.reset_counts()
    assert shared.start("fetch", "--objects", where="clone").wait(60) == 0
    assert not [path for method, path in shared.proxy.paths if method == "GET" and path[-64:] in kept]
    assert shared.proxy.downloaded["GET"] < size


def stop_late(shared: Sharing, files: dict[str, bytes], how: signal.Signals, *words: str) -> None:
    """Stop a command in a fresh clone that fetches these files, when it has fetched most of them."""
    shared.add(files)
    shared.registry.push()
    shared.forget_checkouts()
    shared.clone()
    shared.proxy.reset_counts()
    process = shared.start(*words, "--jobs", "1", where="clone")
    most = 0.8 * sum(map(len, files.values()))
    wait_for(lambda: shared.proxy.downloaded["GET"] > most, process)
    process.send_signal(how)
    process.communicate(timeout=20)
    assert process.returncode in {-signal.SIGKILL, INTERRUPTED}


@pytest.mark.parametrize("verb", ["push", "pull", "add"])
def test_ctrl_c_does_not_wait_for_a_service_that_hangs(shared: Sharing, verb: str):
    """One would have to look for the process and kill it."""
    method, words, where = "PUT", ["push"], "work"
    if verb == "add":
        words = ["add", "--push", str(shared.world.write("big", weights()))]
    else:
        shared.add(weights())
    if verb == "pull":
        shared.registry.push()
        shared.forget_checkouts()
        shared.clone()
        method, words, where = "GET", ["pull", "models/big.gitreg"], "clone"
    shared.proxy.add(Hang(), method=method, path="objects/", skip=3)
    shared.proxy.reset_counts()
    process = shared.start(*words, where=where)
    wait_for(lambda: shared.proxy.requests[method] > 5, process)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - started < 5
    assert (process.returncode, said.decode().splitlines()[-1]) == (INTERRUPTED, "error: interrupted")


def test_two_people_push_the_same_and_more_at_once(shared: Sharing):
    """One of two colleagues would be told that all is shared while half of it is not."""
    clones = [shared.clone(name) for name in ("one", "two")]
    common = weights(8 * MIB)
    added = []
    for number, clone in enumerate(clones):
        folder = shared.world.write("big", common | {"own.txt": b"%d" % number}, clone.root.name)
        added.append(clone.add(AddRequest(folder, commit_message="Another one")))
    shared.proxy.delay = 0.02
    pushes = [shared.start("push", "--objects-only", where=clone.root.name) for clone in clones]
    assert [process.wait(60) for process in pushes] == [0, 0], [process.communicate() for process in pushes]
    store = shared.store()
    for result in added:
        assert ensure_complete(read_manifest(store, result.manifest), store) == []


@pytest.mark.slow
def test_a_server_that_crashes_and_comes_back(world: World, radosgw: S3Server):
    """A restart of the service would break every push that is under way."""
    with FaultProxy(radosgw.port) as proxy:
        sharing = Sharing(world, radosgw, proxy, radosgw.place("", proxy.url))
        sharing.set_up()
        files = weights(24 * MIB)
        sharing.add(files)
        proxy.delay = 0.05
        process = sharing.start("push", "--jobs", "2")
        wait_for(lambda: proxy.requests["PUT"] > 4, process)
        radosgw.stop()
        time.sleep(1)
        radosgw.restart()
        output = process.communicate(timeout=120)
        assert process.returncode == 0, output
        proxy.delay = 0
        folder = sharing.clone().pull("models/big.gitreg", PullRequest()).path
        assert {name: (folder / name).read_bytes() for name in files} == files

"""What sharing costs: each request is money and a round trip, and none is made that another one has answered."""

from __future__ import annotations

import random

import pytest

from gitreg.core.limits import KIB, MIB
from gitreg.operations.add import AddRequest
from gitreg.operations.pull import PullRequest
from gitreg.operations.take_in import Keep
from tests.remotes.transfer.sharing import Sharing, weights

FEW = 4  # the format file, a listing, and what a retry may cost


def small_files(count: int = 400, seed: int = 2) -> dict[str, bytes]:
    generator = random.Random(seed)
    return {f"{number:04}.bin": generator.randbytes(10_000) for number in range(count)}


def test_a_push_asks_twice_and_then_only_sends(shared: Sharing):
    """Ten chunks would cost a hundred requests."""
    before = shared.objects()
    shared.add(weights())
    shared.proxy.reset_counts()
    pushed = shared.registry.push()
    new = len(shared.objects()) - len(before)
    assert pushed.new_chunks == new - 1  # and the manifest
    assert shared.proxy.requests == {"GET": 2, "PUT": new}  # the format and a listing


def test_pushing_again_asks_twice(shared: Sharing):
    """A push with nothing to do would ask for every object."""
    shared.add(weights())
    shared.registry.push()
    shared.proxy.reset_counts()
    assert shared.registry.push().models == ()
    assert shared.proxy.requests == {"GET": 2}


def test_small_files_cost_a_request_for_some_256_kib(shared: Sharing):
    """Thousands of small files would be thousands of requests."""
    files = small_files()
    shared.add(files)
    shared.registry.push()
    most = sum(map(len, files.values())) / (256 * KIB) + 10
    assert shared.proxy.requests.total() <= most
    shared.proxy.reset_counts()
    shared.clone().pull("models/big.gitreg", PullRequest())
    assert shared.proxy.requests.total() <= most


def test_a_new_version_sends_what_is_new(shared: Sharing):
    """A tenth changed, and all would be uploaded."""
    files = weights(40 * MIB)
    shared.add(files)
    shared.registry.push()
    data = files["weights.bin"]
    files["weights.bin"] = data[: 10 * MIB] + random.Random(9).randbytes(4 * MIB) + data[14 * MIB :]
    shared.add(files)
    shared.proxy.reset_counts()
    shared.registry.push()
    most_at_its_ends = 2 * 4 * MIB  # the chunks that the change begins and ends in
    assert shared.proxy.uploaded.total() <= 4 * MIB + most_at_its_ends


def test_many_versions_are_one_question(shared: Sharing):
    """The first push of a long history would ask again and again."""
    for number in range(12):
        shared.add(small_files(40, seed=number))
        shared.registry.register("big")
    before = len(shared.objects())
    shared.proxy.reset_counts()
    shared.registry.push()
    assert shared.proxy.requests.total() <= len(shared.objects()) - before + FEW


@pytest.mark.parametrize("again", [False, True])
def test_adding_straight_to_the_remote_asks_for_no_chunk_alone(shared: Sharing, again: bool):
    """`add --push` would double its requests by looking for each chunk."""
    folder = shared.world.write("big", small_files())
    request = AddRequest(folder, commit_message="Straight there", keep=Keep.SHARED, rehash=True)
    if again:
        shared.registry.add(request)
        (folder / "note.txt").write_text("what a commit needs to be one")
    before = len(shared.objects())
    shared.proxy.reset_counts()
    shared.registry.add(request)
    assert shared.proxy.requests.total() <= len(shared.objects()) - before + 2 + 4 + FEW
    shared.world.sh("git", "push", "-q", "origin", "main")
    assert shared.clone().pull("models/big.gitreg", PullRequest()).files == 400 + again


@pytest.mark.parametrize("verb", ["push", "pull"])
def test_round_trips_are_made_side_by_side(shared: Sharing, verb: str):
    """From another continent, every chunk would wait for the one before."""
    shared.add(small_files())
    if verb == "pull":
        shared.registry.push()
        clone = shared.clone()
    shared.proxy.reset_counts()
    shared.proxy.delay = 0.2
    if verb == "push":
        seconds = shared.registry.push(objects_only=True).seconds
    else:
        seconds = clone.pull("models/big.gitreg", PullRequest()).seconds
    assert shared.proxy.requests.total() > 10
    assert seconds < 0.2 * shared.proxy.requests.total() * 0.75

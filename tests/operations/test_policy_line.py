"""The states that a clone accepts and remembers: what comes over the network cannot take them back."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from gitreg.api import Registry
from gitreg.core.names import ModelName
from gitreg.core.policy_ledger import parse_ledger
from gitreg.core.reference import parse_reference
from gitreg.errors import UsageError, VerificationError
from gitreg.git.refs import Ref
from gitreg.operations.branch import ProtectedBranch, protected_branch
from gitreg.operations.facts import incoming_facts, model_facts
from gitreg.operations.ground import Ground
from gitreg.operations.policy.line import present_policy
from gitreg.operations.policy.show import show_policy
from gitreg.operations.resolve import find_version
from gitreg.trust.facts import Failed, Verified
from gitreg.trust.verify import Verifier

MNIST = ModelName("mnist")


def change(world, text: str = "min = 0.8", where: str = "work", who: str = "ada") -> None:
    """A properly signed change."""
    file = world.root / where / ".gitreg/policy.toml"
    file.write_text(re.sub("min = .*", text, file.read_text()))
    world.change_policy(text, who, where)


def line(registry: Registry):
    return present_policy(registry.context)


def epochs(registry: Registry) -> list[int]:
    return [entry.epoch for entry in line(registry).entries]


@pytest.fixture
def other(world, registry: Registry) -> Registry:
    clone = world.clone("other", "dave")
    line(clone)
    return clone


def test_the_first_use_says_whom_it_believes_once(world, registry: Registry):
    """Nobody could compare what they were given with what others have."""
    world.said.clear()
    clone = world.clone("other", "dave")
    assert str(clone.version("mnist").version) == "v1.0.0"
    first = [said for said in world.said if "policy root blake3:" in said]
    assert len(first) == 1
    assert "dave@example.com, person@example.com" in first[0]
    world.said.clear()
    clone.version("mnist")
    assert world.said == []


def test_the_ledger_is_a_memory_not_an_authority(world, registry: Registry):
    """A lost or damaged file would change who may do what."""
    change(world)
    registry.push()
    before = line(registry)
    file = registry.context.repo.local_state / "policy-ledger"
    for damage in (b"", b"gitreg-policy-ledger 2\n", file.read_bytes()[:-20]):
        file.write_bytes(damage)
        assert line(registry) == before
    file.unlink()
    assert line(registry) == before
    assert parse_ledger(file.read_bytes()).last == before.last


def test_an_unsigned_change_changes_nothing_for_readers(world, registry: Registry, other: Registry):
    """Push access would be enough to decide who may do what."""
    file = registry.root / ".gitreg/policy.toml"
    file.write_text(file.read_text().replace("epoch = 2", "epoch = 3").replace("person@", "mallory@"))
    world.sh("git", "commit", "-q", "-a", "-m", "It is all mine")
    world.sh("git", "push", "-q", "--no-verify", "origin", "main")
    fetched = other.fetch()
    assert [(each.check, each.ref) for each in fetched.refused] == [
        ("policy", f"commit {world.sh('git', 'rev-parse', 'HEAD')[:12]}")
    ]
    assert epochs(other) == [2]
    assert str(other.version("mnist").version) == "v1.0.0"
    assert [each.check for each in other.verify().failures] == ["policy"]
    assert epochs(world.clone("fresh")) == [2]


def test_weakened_and_restored_is_told_by_fetch(world, registry: Registry, other: Registry):
    file = registry.root / ".gitreg/policy.toml"
    file.write_text(file.read_text().replace("min = 0.9", "min = 0.1"))
    world.sh("git", "commit", "-q", "-a", "-m", "Weak")
    world.sh("git", "revert", "--no-edit", "HEAD")
    world.sh("git", "push", "-q", "--no-verify", "origin", "main")
    assert [each.check for each in other.fetch().refused] == ["policy"]
    assert other.verify().ok


def test_a_branch_that_goes_back_is_refused(world, registry: Registry, other: Registry):
    """Whoever can force-push would bring a removed admin back."""
    old = world.sh("git", "rev-parse", "HEAD").strip()
    change(world)
    registry.push()
    other.fetch()
    assert epochs(other) == [2, 3]
    world.sh("git", "update-ref", "refs/heads/main", old, cwd="hub.git")
    world.sh("git", "fetch", "-q", cwd="other")
    for read in (other.verify, lambda: other.version("mnist")):
        with pytest.raises(VerificationError, match="went back"):
            read()


def test_a_change_cannot_be_hidden_under_the_files_of_before(world, registry: Registry, other: Registry):
    """Clones that were away while an admin was removed would go on with that admin: the files look the same."""
    change(world)
    before = world.sh("git", "rev-parse", "HEAD~1").strip()
    world.sh("git", "checkout", before, "--", ".gitreg/policy.toml")
    world.sh("git", "commit", "-q", "-m", "As it was")
    world.sh("git", "push", "-q", "--no-verify", "origin", "main")
    world.sh("git", "fetch", "-q", cwd="other")
    assert epochs(other) == epochs(world.clone("fresh")) == [2, 3]


def test_a_branch_that_merely_grows_is_not_walked_again(world, registry: Registry, other: Registry):
    """Every commit would cost every reader a walk through all of history."""
    change(world)
    world.train(registry, b"more")
    registry.push()
    other.fetch()
    ledger = line(other).ledger
    world.train(registry, b"and more")
    registry.push()
    other.fetch()
    assert line(other).ledger == ledger._replace(seen=protected_branch(other.context.repo).shared)


def test_another_signed_history_is_refused_too(world, registry: Registry, other: Registry):
    """An admin could show two people two policies of the same epoch."""
    old = world.sh("git", "rev-parse", "HEAD").strip()
    change(world, "min = 0.8")
    registry.push()
    other.fetch()
    line(other)
    world.sh("git", "reset", "-q", "--hard", old)
    world.sh("git", "update-ref", "-d", "refs/remotes/origin/main")
    (registry.context.repo.local_state / "policy-ledger").unlink()
    change(world, "min = 0.1")
    world.sh("git", "push", "-q", "--no-verify", "--force", "origin", "main")
    world.sh("git", "fetch", "-q", cwd="other")
    with pytest.raises(VerificationError, match="went back"):
        line(other)


def test_one_s_own_commits_may_be_taken_back(world, registry: Registry):
    """A mistake noticed before anybody saw it would need a file removed in .git."""
    change(world)
    assert epochs(registry) == [2, 3]
    world.sh("git", "reset", "-q", "--hard", "HEAD~1")
    assert epochs(registry) == [2]
    change(world, "min = 0.7")
    assert epochs(registry) == [2, 3]


def test_a_pull_that_merges_keeps_what_was_accepted(world, registry: Registry, other: Registry):
    """Whoever joins the branches the other way round would undo the policy for all fresh clones."""
    world.train(other, b"mine", "mine")
    change(world)
    registry.push()
    change(world, "min = 0.7")
    registry.push()
    world.sh("git", "pull", "-q", "--no-rebase", "--no-edit", cwd="other")
    assert epochs(other) == [2, 3, 4]
    world.sh("git", "push", "-q", "--no-verify", "origin", "main", cwd="other")
    fresh = world.clone("fresh")
    assert epochs(fresh) == [2, 3, 4]
    assert line(fresh).is_at_tip


def test_a_pinned_root_is_demanded(world, registry: Registry):
    """A build machine that clones anew each time would believe whoever serves it."""
    root = line(registry).ledger.root
    clone = world.clone("other", "dave")
    world.said.clear()
    pinned = Registry(replace(clone.context, settings=replace(clone.context.settings, policy_root=str(root))))
    assert str(pinned.version("mnist").version) == "v1.0.0"
    assert world.said == []
    environ = {**clone.context.settings.environ, "GITREG_POLICY_ROOT": f"blake3:{'0' * 64}"}
    wrong = Registry(replace(clone.context, settings=replace(clone.context.settings, environ=environ)))
    with pytest.raises(VerificationError, match="policy root"):
        wrong.version("mnist")
    nonsense = Registry(replace(clone.context, settings=replace(clone.context.settings, policy_root="sha256:0")))
    with pytest.raises(UsageError):
        nonsense.version("mnist")


def test_a_shallow_clone_says_that_it_is_incomplete(world, registry: Registry):
    """It would take whatever policy lies at the tip for the first one."""
    file = registry.root / ".gitreg/policy.toml"
    file.write_text(file.read_text().replace("min = 0.9", "min = 0.1"))
    world.sh("git", "commit", "-q", "-a", "-m", "Weak, and unsigned")
    world.sh("git", "push", "-q", "--no-verify", "origin", "main")
    world.sh("git", "clone", "-q", "--depth=1", f"file://{world.root}/hub.git", "shallow", cwd=".")
    shallow = world.open("shallow")
    with pytest.raises(VerificationError, match="shallow") as refused:
        shallow.verify()
    assert "--unshallow" in (refused.value.hint or "")
    root = str(line(registry).ledger.root)
    demanding = Registry(replace(shallow.context, settings=replace(shallow.context.settings, policy_root=root)))
    with pytest.raises(VerificationError, match="no state in this shallow clone"):
        demanding.verify()
    world.sh("git", "fetch", "-q", "--unshallow", cwd="shallow")
    assert [each.check for each in shallow.verify().failures] == ["policy"]


def test_a_shallow_clone_starts_from_a_state_that_was_named(world, registry: Registry):
    world.sh("git", "clone", "-q", "--depth=1", f"file://{world.root}/hub.git", "shallow", cwd=".")
    state = show_policy(registry.context).state
    shallow = world.open("shallow")
    pinned = Registry(replace(shallow.context, settings=replace(shallow.context.settings, policy_root=str(state))))
    assert epochs(pinned) == [2]
    assert any("not checked" in said for said in world.said)


def test_a_shallow_clone_that_becomes_whole_starts_anew_where_it_is_told_to(world, registry: Registry):
    """What docs/how-to/change-the-policy.md says of `git fetch --unshallow`."""
    demand_more(world, registry, "0.9", "0.93")
    world.sh("git", "clone", "-q", "--depth=1", f"file://{world.root}/hub.git", "shallow", cwd=".")
    shallow = world.open("shallow")
    named = replace(shallow.context.settings, policy_root=str(show_policy(registry.context).state))
    assert epochs(Registry(replace(shallow.context, settings=named))) == [3]
    demand_more(world, registry, "0.93", "0.95")
    world.sh("git", "fetch", "-q", "--unshallow", cwd="shallow")
    with pytest.raises(VerificationError, match="went back"):
        epochs(shallow)
    (world.root / "shallow/.git/gitreg/policy-ledger").unlink()
    assert epochs(shallow) == epochs(registry) == [2, 3, 4]


def demand_more(world, registry: Registry, old: str, new: str) -> None:
    file = registry.root / ".gitreg/policy.toml"
    file.write_text(file.read_text().replace(f"min = {old}", f"min = {new}"))
    world.change_policy("Ask for more")
    registry.push()


def test_a_read_only_clone_works_without_remembering(world, registry: Registry, monkeypatch):
    world.clone("other", "dave")
    (world.root / "other/.git/gitreg").write_text("in the way")
    assert str(world.open("other").version("mnist").version) == "v1.0.0"


def test_an_old_policy_is_not_cited_from_a_new_commit(world, registry: Registry):
    """dave lost his role but not his key: he would register new versions under the policy of before."""
    dave = world.open(who="dave")
    old = model_facts(dave.context, MNIST).policy
    file = registry.root / ".gitreg/policy.toml"
    file.write_text(file.read_text().replace('"person@example.com", "dave@example.com"', '"person@example.com"'))
    world.change_policy("Dave has left")
    world.release(registry, b"two")
    registry.push()
    known = find_version(registry.context, parse_reference("mnist@v1.1.0")).registration
    forged = known.event._replace(version=replace_version("v6.6.6"), policy=old)
    world.sign_anyway(dave, forged, known.target)
    (failed,) = registry.verify().failures
    assert (failed.ref, failed.check) == ("mnist@v6.6.6", "policy")
    # even if the old files lie in the commit once more
    file.write_text(world.sh("git", "cat-file", "blob", old))
    world.sh("git", "commit", "-q", "-a", "-m", "As it was")
    head = world.sh("git", "rev-parse", "HEAD").strip()
    world.sign_anyway(dave, forged._replace(version=replace_version("v6.6.7")), type(known.target)(head))
    assert {each.ref for each in registry.verify().failures} >= {"mnist@v6.6.6", "mnist@v6.6.7"}
    assert isinstance(Verifier(model_facts(registry.context, MNIST)).verdict(known.name), Verified)


def replace_version(text: str):
    return parse_reference(f"mnist@{text}").version


def test_a_server_judges_what_has_no_ref_yet(world, registry: Registry):
    """A hook sees objects before any ref names them, and must judge by the branch as it will be."""
    world.release(registry, b"two", "dev")
    tags = {name: data.oid for name, data in model_facts(registry.context, MNIST).tags.items()}
    tip = protected_branch(registry.context.repo).tip
    world.sh("git", "push", "-q", "--no-verify", "origin", "main:refs/heads/incoming")
    names = [name for name in tags if str(name) != "mnist@v1.0.0"]
    oids = [str(tags[name]) for name in names]
    world.sh("git", "push", "-q", "--no-verify", "origin", *(f"{oid}:refs/kept/{oid}" for oid in oids))
    server = replace(
        registry.context,
        repo=type(registry.context.repo).discover(world.root / "hub.git"),
        config=registry.context.config,
    )
    incoming = {name: tags[name] for name in names}
    with Ground(server) as ground:
        before = Verifier(incoming_facts(ground, MNIST, incoming))
    assert {before.verdict(name).check for name in names if isinstance(before.verdict(name), Failed)} >= {"branch"}
    old = protected_branch(server.repo)
    after = ProtectedBranch(old.name, (Ref("refs/heads/main", tip, "commit"),), old.tip)
    with Ground(server, after) as ground:
        verifier = Verifier(incoming_facts(ground, MNIST, incoming))
    assert all(isinstance(verifier.verdict(name), Verified) for name in names)

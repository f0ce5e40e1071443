"""Promotions that nobody allowed, pushed by a client that asks no rule: refused by the server, or else by readers."""

from __future__ import annotations

from gitreg.core.event import GateRecord
from gitreg.core.registry_id import RegistryId

BOB, CAROL = ("bob@example.com", "bob"), ("carol@example.com", "carol")
ADA = ("person@example.com", "ada")


def test_an_honest_promotion_goes_through(shared, host, forger):
    """What follows is refused for what it is, not because of how it was made."""
    host.accepts(forger.sign(forger.approved(forger.promotion(), BOB, CAROL)))
    assert shared.registry.which("mnist", "production").n == 1


def test_approval_by_the_promoter(host, forger):
    tag = forger.sign(forger.approved(forger.promotion(), ADA, BOB))
    host.refuses(tag, check="approvals", reason="promotes it, so their approval does not count")


def test_one_person_with_two_keys(shared, host, forger):
    """bob has two keys, both his and good."""
    shared.add_key("bob@example.com", "eve")
    tag = forger.sign(forger.approved(forger.promotion(), BOB, ("bob@example.com", "eve")))
    host.refuses(tag, check="approvals", reason="bob@example.com approved twice")


def test_one_key_for_two_people(host, forger):
    tag = forger.sign(forger.approved(forger.promotion(), BOB, ("carol@example.com", "bob")))
    host.refuses(tag, check="approvals", reason="by a key that is not theirs")


def test_approvals_of_one_event_in_a_later_one(shared, host, forger):
    """The same version into the same stage once more, by the approvals of #1."""
    first = forger.approved(forger.promotion(), BOB, CAROL)
    host.accepts(forger.sign(first))
    shared.registry.unassign("mnist", "production")
    host.accepts("mnist#production!#2")
    tag = forger.sign(forger.promotion(approvals=first.approvals))
    assert tag == "mnist#production#3"
    host.refuses(tag, check="approvals", reason="does not sign this promotion")


def test_no_approvals_at_all(host, forger):
    host.refuses(forger.sign(forger.promotion()), check="approvals", reason="needs 2 approvals and has 0")


def test_a_stage_passed_over(shared, host, forger):
    """production takes what has been in staging."""
    event = forger.promotion(ref=shared.second())
    host.refuses(forger.sign(event), check="after", reason="v1.1.0 has not been in staging")


def test_a_failed_gate(shared, host, forger):
    """Signed as what it was."""
    event = forger.promotion("staging", shared.second(), gates=(GateRecord("accuracy", "fail", "0.5"),))
    host.refuses(forger.sign(event), check="gates", reason="accuracy")


def test_a_missing_gate(shared, host, forger):
    event = forger.promotion("staging", shared.second())._replace(gates=())
    host.refuses(forger.sign(event), check="gates", reason="accuracy")


def test_a_stale_previous(shared, host, forger):
    """On top of what is no longer last, as of somebody who had not fetched."""
    version = shared.second()
    event = forger.promotion("staging", version, previous=None)
    host.refuses(forger.sign(event), check="chain", reason="it was signed on top of nothing")


def test_a_gap_in_the_numbers(shared, host, forger):
    """#3 on top of #1: room for a #2 that would be slipped in later."""
    event = forger.promotion("staging", shared.second(), n=3)
    host.refuses(forger.sign(event), check="chain", reason="are not 1 to 2, each once")


def test_a_tag_of_another_registry(host, forger):
    """ada signs for two registries with one key."""
    event = forger.promotion("dev", registry=RegistryId("6c0e2a9d-1f7b-4a58-9a51-0d3c5b7e9f10"))
    host.refuses(forger.sign(event), check="registry", reason="it belongs to the registry 6c0e2a9d")


def test_a_commit_that_is_not_on_the_protected_branch(shared, host, forger):
    """Never reviewed, and pushed to a branch of its own along with its version tag."""
    shared.world.sh("git", "switch", "-q", "-c", "side")
    shared.world.sh("git", "commit", "-q", "--allow-empty", "-m", "Never reviewed")
    tag = forger.sign(forger.registration("v6.6.6"), target=forger.oid("HEAD"))
    host.refuses(tag, "side", check="branch", reason="not on the protected branch")

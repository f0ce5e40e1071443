"""A role that was taken away stays away: no arrangement of tags brings the old policy back to a stage."""

from __future__ import annotations

import pytest

from gitreg.core.names import ModelName, StageName
from gitreg.core.reference import parse_reference
from gitreg.errors import VerificationError
from gitreg.git.refs import resolve
from gitreg.operations.draft import draft_assignment
from gitreg.operations.facts import model_facts

DAVE_LEAVES = ('"person@example.com", "dave@example.com"', '"person@example.com"')


def test_a_gap_of_nonsense_does_not_bring_a_withdrawn_policy_back(world):
    """`which` would believe dave, who lost his role, because the tag between him and the new policy says nothing."""
    ada, dave = world.open(), world.open(who="dave")
    world.release(ada, b"one", "dev")
    old = model_facts(ada.context, ModelName("mnist")).policy
    policy = world.root / "work/.gitreg/policy.toml"
    policy.write_text(policy.read_text().replace(*DAVE_LEAVES))
    world.change_policy("Dave has left")
    world.release(ada, b"two", "dev")
    world.sh("git", "tag", "mnist#dev#3")

    draft = draft_assignment(dave.context, parse_reference("mnist@v1.0.0"), StageName("staging"))
    nonsense = resolve(dave.context.repo, "refs/tags/mnist#dev#3")
    world.sign_anyway(
        dave, draft.event._replace(stage=StageName("dev"), n=4, previous=nonsense, policy=old), draft.target
    )
    with pytest.raises(VerificationError, match="policy: it cites an older policy"):
        ada.which("mnist", "dev")


def test_what_a_stage_holds_stays_known_when_the_policy_drops_the_stage_before_it(world):
    """The event was signed under a rule that is gone now, and what that rule asked for must still be found."""
    ada = world.open()
    policy = world.root / "work/.gitreg/policy.toml"
    policy.write_text(policy.read_text().replace("[stages.staging]", '[stages.staging]\nafter = "dev"'))
    world.change_policy("Try everything in dev first")
    version = world.release(ada, b"one", "dev", "staging")
    policy.write_text(policy.read_text().replace('\nafter = "dev"', ""))
    world.change_policy("Or not")
    assert ada.verify().ok
    assert str(ada.which("mnist", "staging").version) == version

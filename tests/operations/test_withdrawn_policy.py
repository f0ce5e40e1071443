"""A role that was taken away stays away: no arrangement of tags brings the old policy back to a stage."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitreg.core.names import ModelName, StageName
from gitreg.core.oid import Oid
from gitreg.core.reference import parse_reference
from gitreg.core.tag_message import TagMessage, format_message
from gitreg.errors import VerificationError
from gitreg.git.objects import write_object
from gitreg.git.refs import create_ref, resolve
from gitreg.operations.draft import draft_assignment
from gitreg.operations.facts import model_facts
from gitreg.operations.sign import open_signer
from gitreg.trust.sshsig import sign
from gitreg.trust.tag_object import Tagger, TargetType, attach_signature, encode_tag_object

DAVE_LEAVES = ('"person@example.com", "dave@example.com"', '"person@example.com"')


def test_a_gap_of_nonsense_does_not_bring_a_withdrawn_policy_back(world):
    """`which` would believe dave, who lost his role, because the tag between him and the new policy says nothing."""
    ada, dave = world.open(), world.open(who="dave").context
    world.release(ada, b"one", "dev")
    old = model_facts(ada.context, ModelName("mnist")).policy
    policy = world.root / "work/.gitreg/policy.toml"
    policy.write_text(policy.read_text().replace(*DAVE_LEAVES).replace("epoch = 2", "epoch = 3"))
    world.sh("git", "commit", "-qam", "Dave has left")
    world.release(ada, b"two", "dev")
    world.sh("git", "tag", "mnist#dev#3")

    draft = draft_assignment(dave, parse_reference("mnist@v1.0.0"), StageName("staging"))
    nonsense = resolve(dave.repo, "refs/tags/mnist#dev#3")
    _forge(dave, replace(draft.event, stage=StageName("dev"), n=4, previous=nonsense, policy=old), draft.target)
    with pytest.raises(VerificationError, match="policy: it cites an older policy"):
        ada.which("mnist", "dev")


def _forge(context, event, target: Oid) -> None:
    """Sign and name a tag without asking the rules."""
    signer = open_signer(context)
    tagger = Tagger("Dave", "dave@example.com", 2_000_000_000, "+0000")
    message = format_message(TagMessage(event))
    payload = encode_tag_object(target, TargetType.COMMIT, str(event.tag_name), tagger, message)
    raw = attach_signature(payload, sign(signer, payload, "git"))
    create_ref(context.repo, f"refs/tags/{event.tag_name}", write_object(context.repo, "tag", raw))

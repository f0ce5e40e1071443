"""Promote: one signed tag if the policy is satisfied in every point, and otherwise nothing at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gitreg.api import Registry
from gitreg.core.decision_file import DecisionFile
from gitreg.core.names import Principal, StageName
from gitreg.core.reference import parse_reference
from gitreg.errors import NotFoundError, RefusedError, UsageError
from gitreg.operations.decisions.approvals import file_as_ref
from gitreg.operations.draft import draft_assignment
from gitreg.operations.sign import open_signer
from gitreg.trust.approval import approve as sign_approval

MNIST = "mnist@v1.0.0"


def approve(world, who: str, ref: str = MNIST, **options):
    return world.open(who=who).approve(ref, "production", **options)


@pytest.fixture
def staged(registry: Registry) -> Registry:
    registry.promote(MNIST, "staging")
    return registry


def refused(world, registry: Registry, *, ref: str = MNIST, stage: str = "production", match: str) -> RefusedError:
    before = world.refs()
    with pytest.raises(RefusedError, match=match) as error:
        registry.promote(ref, stage)
    assert error.value.hint
    assert world.refs() == before
    return error.value


def test_a_promotion_is_a_signed_tag_that_says_who_and_what(registry: Registry):
    made = registry.promote(MNIST, "dev", message="Try it")
    assert (made.event, made.tag, made.n, str(made.version)) == ("promote", "mnist#dev#1", 1, "v1.0.0")
    held = registry.which("mnist", "dev")
    assert (held.by, held.n, held.verified, held.manifest) == ("person@example.com", 1, True, made.manifest)


def test_a_version_is_not_promoted_twice(world, registry: Registry):
    registry.promote(MNIST, "dev")
    refused(world, registry, stage="dev", match="holds mnist@v1.0.0 already")


def test_a_failed_gate_stops_it_and_shows_its_figure(world, registry: Registry):
    world.train(registry, b"worse", accuracy=0.5)
    registry.register("mnist")
    error = refused(world, registry, ref="mnist", stage="staging", match=r"accuracy.*0\.5")
    assert "gate run" in str(error.hint)
    (result,) = registry.run_gates("mnist", "staging")
    assert not result.passed


def test_a_figure_that_was_never_measured_stops_it(world, registry: Registry):
    pointer = registry.root / "models" / "mnist.gitreg"
    pointer.write_text(pointer.read_text().replace("accuracy = 0.95", "f1 = 0.95"))
    world.sh("git", "commit", "-q", "-a", "-m", "Measured something else")
    registry.register("mnist")
    refused(world, registry, ref="mnist", stage="staging", match="accuracy")


def test_the_stage_before_comes_first(world, registry: Registry):
    error = refused(world, registry, match=r"after: v1\.0\.0 has not been in staging")
    assert error.hint == "gitreg promote mnist@v1.0.0 staging"


def test_approvals_are_counted_and_signed_into_the_tag(world, staged: Registry):
    refused(world, staged, match="0 of 2")
    assert approve(world, "bob").approvals_so_far == 1
    refused(world, staged, match="1 of 2")
    assert approve(world, "carol").approvals_so_far == 2
    ready = staged.readiness(MNIST, "production")
    assert (ready.allowed, set(ready.approvals.by)) == (True, {"bob@example.com", "carol@example.com"})
    made = staged.promote(MNIST, "production")
    assert set(made.approvals) == {"bob@example.com", "carol@example.com"}
    assert staged.verify().ok
    assert "approvals" not in world.refs()


def test_who_registered_it_cannot_approve_it(world, staged: Registry):
    with pytest.raises(RefusedError, match="registered or promotes it"):
        approve(world, "ada")


def test_who_promotes_it_cannot_be_one_of_those_who_approved(world, staged: Registry):
    """dave registered nothing, and may review and promote: his approval must not serve his own promotion."""
    policy = staged.root / ".gitreg" / "policy.toml"
    policy.write_text(policy.read_text().replace('"carol@example.com", ', '"dave@example.com", '))
    world.change_policy("Dave reviews too")
    approve(world, "bob")
    approve(world, "dave")
    refused(world, world.open(who="dave"), match="1 of 2")
    assert staged.promote(MNIST, "production").by == "person@example.com"


def test_one_person_s_second_approval_adds_nothing(world, staged: Registry):
    approve(world, "bob")
    approve(world, "bob", expires=timedelta(days=3))
    refused(world, staged, match="1 of 2")
    assert any("bob@example.com or their key counts already" in line for line in world.said)


def test_a_key_that_two_people_share_does_not_shut_out_who_has_another(world, staged: Registry):
    """bob's approval with the shared key came first; together with carol's, his other one makes two."""
    for who, key in (("bob@example.com", "carol"),):
        with (staged.root / ".gitreg" / "allowed_signers").open("a") as signers:
            signers.write(f"{who} {(world.root / 'keys' / f'{key}.pub').read_text()}")
    world.change_policy("Keys are shared")
    draft = draft_assignment(staged.context, parse_reference(MNIST), StageName("production"))
    for who, key in (("bob@example.com", "carol"), ("carol@example.com", "carol"), ("bob@example.com", "bob")):
        signer = open_signer(world.open(who=key).context)
        record = sign_approval(draft.request, Principal(who), signer, None)
        file_as_ref(staged.context, DecisionFile(draft.request, record))
    assert set(staged.promote(MNIST, "production").approvals) == {"bob@example.com", "carol@example.com"}
    assert staged.verify().ok


def test_an_approval_filed_twice_in_one_second_is_no_mistake(world, staged: Registry):
    # on a busy machine a second may end between the two
    assert any(approve(world, "bob").ref == approve(world, "bob").ref for _ in range(20))


def test_an_expired_approval_does_not_count(world, staged: Registry):
    approve(world, "bob", expires=timedelta(seconds=-5))
    approve(world, "carol")
    refused(world, staged, match="1 of 2")
    assert any("had expired" in line for line in world.said)


def test_an_approval_serves_one_event_only(world, staged: Registry):
    """Approved for #1; when somebody else has made #1 meanwhile, the same version must be approved afresh."""
    for who in ("bob", "carol"):
        approve(world, who)
    kept = world.refs("work", "refs/gitreg/approvals")
    staged.promote(MNIST, "production")
    staged.unassign("mnist", "production")
    for line in kept.splitlines():
        oid, ref = line.split()[0], line.split()[2].replace("/1/", "/3/")
        world.sh("git", "update-ref", ref, oid)
    refused(world, staged, match="0 of 2")


@pytest.mark.parametrize("nonsense", [b"", b"not an approval\n", b"\xff" * 100])
def test_nonsense_among_the_approvals_is_passed_over(world, staged: Registry, nonsense: bytes):
    oid = world.sh("git", "hash-object", "-w", "--stdin", stdin=nonsense).strip()
    world.sh("git", "update-ref", "refs/gitreg/approvals/mnist/production/1/x-y", oid)
    for who in ("bob", "carol"):
        approve(world, who)
    assert staged.promote(MNIST, "production").n == 1


@pytest.mark.parametrize(("who", "why"), [("mallory", "role"), ("eve", "the key .* is nobody's"), ("bob", "role")])
def test_who_may_not_promote_signs_nothing(world, who: str, why: str):
    refused(world, world.open(who=who), stage="dev", match=why)


@pytest.mark.parametrize(("who", "why"), [("mallory", "no role"), ("eve", "gives the key"), ("dave", "no role")])
def test_who_may_not_approve_files_nothing(world, staged: Registry, who: str, why: str):
    with pytest.raises(RefusedError, match=why):
        approve(world, who)
    assert "refs/gitreg/approvals" not in world.refs()


def test_a_stage_that_wants_no_approval_takes_none(world, registry: Registry):
    with pytest.raises(RefusedError, match="asks for no approvals"):
        world.open(who="bob").approve(MNIST, "dev")


def test_what_does_not_exist(registry: Registry):
    with pytest.raises(NotFoundError, match="no stage 'moon'") as error:
        registry.promote(MNIST, "moon")
    assert "dev, staging, production" in str(error.value.hint)
    with pytest.raises(NotFoundError, match=r"has no version v9\.9\.9"):
        registry.promote("mnist@v9.9.9", "dev")
    with pytest.raises(NotFoundError, match="no model 'mnits'") as error:
        registry.promote("mnits", "dev")
    assert error.value.hint == "did you mean 'mnist'?"
    with pytest.raises(UsageError, match="only registered"):
        registry.promote("models/mnist.gitreg", "dev")


def test_a_dry_run_signs_nothing_and_says_everything(world, registry: Registry):
    before = world.refs()
    ready = registry.readiness(MNIST, "production")
    assert (ready.allowed, [failure.check for failure in ready.blocked]) == (False, ["after", "approvals"])
    assert world.refs() == before

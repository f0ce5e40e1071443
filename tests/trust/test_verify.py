"""What is legitimate verifies, and what was tampered with anywhere does not."""

from __future__ import annotations

import time

import pytest
from registry_builder import (
    MNIST,
    POLICY,
    PRODUCTION,
    STAGING,
    RegistryBuilder,
    expect_refused,
    expect_verified,
    git_oid,
    key_of,
    new_registry,
    unsigned_tag,
)

from gitreg.core.names import Principal
from gitreg.core.tag_name import AssignedTag, UnassignedTag, parse_tag_name
from gitreg.trust import verify as rounds
from gitreg.trust.facts import Failed, TagData, Verified
from gitreg.trust.sshsig import sign
from gitreg.trust.tag_object import TargetType, attach_signature
from gitreg.trust.verify import Verifier


@pytest.fixture
def registry() -> RegistryBuilder:
    return new_registry()


def test_everything_legitimate_verifies(registry):
    """Honest people would be refused."""
    registry.to_production("v1.0.0")
    registry.to_production("v1.1.0")
    registry.rollback("v1.0.0", PRODUCTION)
    registry.promote("v1.1.0", PRODUCTION, approved=("bob", "carol"))
    registry.unassign(STAGING)
    registry.unassign(PRODUCTION)
    registry.rollback("v1.1.0", PRODUCTION)
    registry.deregister("v1.0.0")
    registry.deprecate()
    expect_verified(registry)
    assert len(registry.tags) == 13


def test_a_verdict_says_who_what_and_where(registry):
    """`gitreg which` would show nothing, or the wrong person."""
    name = registry.to_production()
    verdict = registry.verdict(name)
    assert isinstance(verdict, Verified)
    assert (verdict.name, verdict.by, verdict.oid) == (name, Principal("pat"), registry.tags[name].oid)
    assert verdict.target == registry.commit("v1.0.0")
    assert [record.principal for record in verdict.event.approvals] == ["bob", "carol"]


def test_verdicts_do_not_depend_on_the_order_of_asking(registry):
    """A client and a server would disagree."""
    registry.to_production("v1.0.0")
    registry.to_production("v1.1.0")
    registry.rollback("v1.0.0", PRODUCTION)
    registry.put(AssignedTag(MNIST, PRODUCTION, 4), None)
    names = list(registry.tags)
    forth, back = Verifier(registry.facts()).verdicts(names), Verifier(registry.facts()).verdicts(reversed(names))
    assert forth == back[::-1]


@pytest.mark.parametrize("limit", [("_ROUND", 3), ("_ROUND_BYTES", 1500)], ids=["tags", "bytes"])
def test_a_verdict_is_the_same_alone_and_among_others(registry, monkeypatch, limit):
    """Many are parsed, then their signatures checked: what fails must fail at the same step, in whatever round."""
    monkeypatch.setattr(rounds, *limit)
    registry.to_production("v1.0.0")
    changed = registry.to_production("v1.1.0")
    registry.rollback("v1.0.0", PRODUCTION)
    raw = registry.tags[changed].raw or b""
    steps = set()
    for at in range(0, len(raw), 25):
        registry.put(changed, raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        facts = registry.facts()
        together = Verifier(facts).verdicts(registry.tags)
        assert together == [Verifier(facts).verdict(name) for name in registry.tags]
        steps |= {verdict.check for verdict in together if isinstance(verdict, Failed)}
    assert steps > {"parse", "name", "signature", "chain"}


def test_a_policy_change_leaves_the_past_valid(registry):
    """Every change of a rule would invalidate what runs in production."""
    registry.to_production("v1.0.0")
    registry.set_policy(
        POLICY.replace('registrar = ["rita"]', 'registrar = ["mallory"]').replace("epoch = 1", "epoch = 2")
    )
    registry.register("v2.0.0", by="mallory")
    expect_verified(registry)


def test_no_changed_byte_of_a_signed_tag_survives(registry):
    """A bit that rots or is forged anywhere in a tag would go unseen."""
    name = registry.to_production()
    raw = registry.tags[name].raw
    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 1 << at % 8
        registry.tags[name] = TagData(registry.tags[name].oid, bytes(changed))
        assert not isinstance(Verifier(registry.facts()).verdict(name), Verified), f"byte {at}"
    registry.tags[name] = TagData(registry.tags[name].oid, raw)
    expect_verified(registry, name)


def test_no_cut_of_a_signed_tag_survives(registry):
    """A half-written object would be taken for a whole one."""
    name = registry.register()
    raw = registry.tags[name].raw
    for end in range(len(raw)):
        registry.tags[name] = TagData(registry.tags[name].oid, raw[:end])
        assert not isinstance(Verifier(registry.facts()).verdict(name), Verified), f"cut at {end}"


def test_a_lightweight_tag_proves_nothing(registry):
    """Whoever can push a ref could promote."""
    registry.register()
    expect_refused(registry, registry.put(AssignedTag(MNIST, STAGING, 1), None), "parse", "not an annotated tag")


def test_an_unsigned_tag_proves_nothing(registry):
    """Whoever can push a tag could promote; GTO's own tags are of this kind."""
    registry.register()
    event = registry.assignment("v1.0.0", STAGING)
    raw = unsigned_tag(event, registry.commit("v1.0.0"))
    expect_refused(registry, registry.put(event.tag_name, raw), "signature", "not signed")
    gto = b"object %s\ntype commit\ntag mnist#staging#1\ntagger A <a@b> 1 +0000\n\nAssigning stage\n"
    registry.put(event.tag_name, gto % registry.commit("v1.0.0").encode())
    expect_refused(registry, event.tag_name, "signature", "not signed")


@pytest.mark.parametrize("kind", [TargetType.TREE, TargetType.TAG, TargetType.BLOB])
def test_only_tags_of_commits_count(registry, kind):
    """A tag of a tree has no history, one of a tag no single name."""
    event = registry.registration("v1.0.0")
    payload = unsigned_tag(event, git_oid("tree", b""), target_type=kind)
    name = registry.put(event.tag_name, attach_signature(payload, sign(key_of("rita"), payload, "git")))
    expect_refused(registry, name, "parse", f"tags a {kind}")


@pytest.mark.parametrize("raw", [b"", b"\0", b"object", b"\xff" * 100, b"x" * (2 << 20)])
def test_nonsense_objects_are_refused(registry, raw):
    """One foreign object would stop every command."""
    expect_refused(registry, registry.put(parse_tag_name("mnist@v1.0.0"), raw), "parse")


@pytest.mark.timeout(60)
def test_long_chains_of_rollbacks_verify_in_time(registry):
    """Two versions that take turns for years would exhaust the stack, or the user's patience."""
    registry.to_production("v1.0.0")
    registry.to_production("v1.1.0")
    for turn in range(2000):
        registry.rollback(("v1.0.0", "v1.1.0")[turn % 2], PRODUCTION)
    last = AssignedTag(MNIST, PRODUCTION, 2002)
    began = time.monotonic()
    expect_verified(registry, last)
    alone = time.monotonic() - began
    began = time.monotonic()
    assert all(isinstance(verdict, Verified) for verdict in Verifier(registry.facts()).verdicts(registry.tags))
    whole = time.monotonic() - began
    assert alone < 1.5, f"one verdict at the end of 2,000 took {alone:.2f} s"
    assert whole < 8, f"2,000 verdicts took {whole:.2f} s"


def test_two_events_with_one_number_are_both_refused(registry):
    """What a stage holds would depend on who looks."""
    registry.to_production()
    first = registry.rollback("v1.0.0", STAGING)
    assert first == AssignedTag(MNIST, STAGING, 2)
    event = registry.unassign(STAGING, change=lambda e: type(e)(e.registry, e.model, e.stage, 2, e.previous, e.policy))
    assert event == UnassignedTag(MNIST, STAGING, 2)
    expect_refused(registry, first, "chain", "two events")
    expect_refused(registry, event, "chain")

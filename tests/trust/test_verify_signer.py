"""Who signed what: keys, roles, registries, names, and objects moved to where they were not signed for."""

from __future__ import annotations

import pytest
from registry_builder import (
    MNIST,
    NOW,
    POLICY,
    PRODUCTION,
    STAGING,
    RegistryBuilder,
    expect_refused,
    expect_verified,
    key_of,
    new_registry,
    signed_tag,
)

from gitreg.core.names import ModelName
from gitreg.core.oid import Oid
from gitreg.core.registry_id import RegistryId
from gitreg.core.tag_name import AssignedTag, VersionTag
from gitreg.core.version import Version
from gitreg.trust.facts import TagData, Verified
from gitreg.trust.sshsig import SshSignature, parse_signature


@pytest.fixture
def registry() -> RegistryBuilder:
    return new_registry()


def test_an_unknown_key_counts_for_nothing(registry):
    """Anybody could register."""
    expect_refused(registry, registry.register(by="stranger"), "signature", "nobody's in allowed_signers")


def test_a_key_that_is_no_longer_listed_counts_for_nothing(registry):
    """A revoked key would go on registering."""
    name = registry.register()
    registry.signers = "".join(line for line in registry.signers.splitlines(keepends=True) if "rita" not in line)
    expect_refused(registry, name, "signature", "nobody's in allowed_signers")


@pytest.mark.parametrize(
    ("options", "at", "good"),
    [
        ('valid-before="20260921Z"', NOW, False),
        ('valid-before="20260922Z"', NOW, True),
        ('valid-after="20260922Z"', NOW, False),
        ('valid-after="20260921Z"', NOW, True),
        ('valid-after="20260101Z",valid-before="20270101Z"', NOW - 400 * 86400, False),
    ],
)
def test_a_key_counts_only_in_its_time(options, at, good):
    """An expired key, found in a backup, would register."""
    registry = new_registry()
    registry.signers = registry.signers.replace("rita ", f"rita {options},", 1).replace(f"{options}, ", f"{options} ")
    event = registry.registration("v1.0.0")
    name = registry.put(event.tag_name, signed_tag(event, "rita", registry.commit("v1.0.0"), at=at))
    if good:
        expect_verified(registry, name)
    else:
        expect_refused(registry, name, "signature", "not at that time")


def test_a_key_listed_for_another_namespace_counts_for_nothing(registry):
    """A key that may only approve, or only sign e-mail, would register."""
    lines = registry.signers.splitlines(keepends=True)
    registry.signers = "".join(
        line.replace("git,gitreg-approval", "gitreg-approval,file") if line.startswith("rita") else line
        for line in lines
    )
    expect_refused(registry, registry.register(), "signature", "nobody's in allowed_signers")


@pytest.mark.parametrize("namespace", ["gitreg-approval", "file", "Git", "git "])
def test_a_signature_for_another_purpose_counts_for_nothing(registry, namespace):
    """A signature that somebody gave for something else would make a tag."""
    event = registry.registration("v1.0.0")
    raw = signed_tag(event, "rita", registry.commit("v1.0.0"), namespace=namespace)
    expect_refused(registry, registry.put(event.tag_name, raw), "signature", "another purpose")


def test_somebody_elses_key_in_the_signature_counts_for_nothing(registry):
    """Naming the registrar's key beside one's own signature would be enough."""
    event = registry.registration("v1.0.0")
    raw = signed_tag(event, "mallory", registry.commit("v1.0.0"))
    armor = raw[raw.index(b"-----BEGIN") :].decode()
    mine = parse_signature(armor)
    forged = SshSignature(key_of("rita").public_key, mine.namespace, mine.hash, mine.raw).armored
    name = registry.put(event.tag_name, raw.replace(armor.encode(), forged.encode()))
    expect_refused(registry, name, "signature")


def test_a_signature_of_another_tag_counts_for_nothing(registry):
    """Signatures could be cut off one tag and glued to another."""
    first, second = registry.registration("v1.0.0"), registry.registration("v1.1.0")
    raws = [signed_tag(event, "rita", registry.commit("v1.0.0")) for event in (first, second)]
    heads = [raw[: raw.index(b"-----BEGIN")] for raw in raws]
    tails = [raw[raw.index(b"-----BEGIN") :] for raw in raws]
    expect_refused(registry, registry.put(second.tag_name, heads[1] + tails[0]), "signature", "does not fit")


@pytest.mark.parametrize(
    "act",
    [
        lambda r: r.register("v2.0.0", by="pat"),
        lambda r: r.promote("v1.0.0", STAGING, by="rita"),
        lambda r: r.promote("v1.0.0", PRODUCTION, by="bob", approved=("carol", "pat")),
        lambda r: r.rollback("v1.0.0", STAGING, by="bob"),
        lambda r: r.unassign(STAGING, by="rita"),
        lambda r: r.deregister("v1.0.0", by="pat"),
        lambda r: r.deprecate(by="mallory"),
    ],
)
def test_a_role_that_may_not_does_not(registry, act):
    """Every colleague with a key could do everything."""
    registry.register()
    registry.promote()
    expect_refused(registry, act(registry), "role", "may not do this")


def test_what_no_rule_allows_is_refused(registry):
    """An empty rule would let everybody in."""
    registry.set_policy(POLICY.replace('register = ["registrar"]\n', "", 1).replace("epoch = 1", "epoch = 2"))
    expect_refused(registry, registry.register(), "role")


def test_a_stage_without_a_rule_is_refused(registry):
    """Typing a new stage's name would open it."""
    registry.register()
    name = registry.promote("v1.0.0", type(STAGING)("canary"))
    expect_refused(registry, name, "policy", "no stage 'canary'")


def test_a_tag_of_another_registry_counts_for_nothing(registry):
    """Tags fetched from a fork, with the same people in it, would count here."""
    other = RegistryId("00000000-0000-4000-8000-000000000000")
    name = registry.register(change=lambda event: event._replace(registry=other))
    expect_refused(registry, name, "registry", str(other))


def test_an_old_object_under_a_new_name_counts_for_nothing(registry):
    """Yesterday's promotion, pushed again as the next event, would undo today's rollback."""
    registry.register()
    registry.register("v1.1.0")
    first = registry.promote("v1.0.0")
    registry.promote("v1.1.0")
    copies = {
        AssignedTag(MNIST, STAGING, 3): first,
        AssignedTag(MNIST, PRODUCTION, 1): first,
        AssignedTag(ModelName("other"), STAGING, 1): first,
        VersionTag(MNIST, Version(2, 0, 0)): VersionTag(MNIST, Version(1, 0, 0)),
        VersionTag(ModelName("other"), Version(1, 0, 0)): VersionTag(MNIST, Version(1, 0, 0)),
        VersionTag(MNIST, Version(3, 0, 0)): first,
    }
    for name, original in copies.items():
        expect_refused(registry, registry.put(name, registry.tags[original].raw), "name", f"signed as {original}")


@pytest.mark.parametrize(
    "change",
    [
        lambda e: e._replace(model=ModelName("other")),
        lambda e: e._replace(version=Version(9, 0, 0)),
    ],
)
def test_a_name_that_the_message_contradicts_counts_for_nothing(registry, change):
    """The object's name says one thing, the signed text another: readers would differ."""
    event = registry.registration("v1.0.0")
    raw = signed_tag(change(event), "rita", registry.commit("v1.0.0"), name=str(event.tag_name))
    expect_refused(registry, registry.put(event.tag_name, raw), "name", "the message is that of")


def test_a_commit_off_the_protected_branch_counts_for_nothing(registry):
    """A model trained from code that nobody reviewed would be registered."""
    name = registry.register()
    registry.on_branch.clear()
    expect_refused(registry, name, "branch", "not on the protected branch main")


@pytest.mark.parametrize(
    "damage",
    [
        lambda place, pointers: pointers.clear(),
        lambda place, pointers: pointers.update({place: pointers[place] + b"# edited\n"}),
        lambda place, pointers: pointers.update({place: b""}),
    ],
)
def test_a_pointer_that_is_not_the_signed_one_counts_for_nothing(registry, damage):
    """The tag would vouch for bytes that its signer never saw."""
    name = registry.register()
    damage((registry.commit("v1.0.0"), "models/mnist.gitreg"), registry.pointers)
    expect_refused(registry, name, "pointer")


def test_a_manifest_that_the_pointer_does_not_name_counts_for_nothing(registry):
    """A registrar could sign other bytes than the commit shows."""
    other = registry.registration("v9.0.0").manifest
    name = registry.register(change=lambda event: event._replace(manifest=other))
    expect_refused(registry, name, "pointer", "another model or manifest")


def test_a_pointer_of_another_model_counts_for_nothing(registry):
    """Any model's bytes could be registered under a trusted name."""
    theirs = registry.registration("v1.0.0", ModelName("other"))
    event = registry.registration("v1.0.0")._replace(manifest=theirs.manifest, pointer=theirs.pointer)
    name = registry.add(event, "rita", registry.commit("v1.0.0", ModelName("other")))
    expect_refused(registry, name, "pointer", "another model or manifest")


def test_a_pointer_that_does_not_parse_is_the_pointers_fault(registry):
    """People would look for the mistake in the tag."""
    event = registry.registration("v1.0.0")
    text = b"format = 2\n"
    registry.pointers[registry.commit("v1.0.0"), event.pointer.path] = text
    name = registry.register(change=lambda e: e._replace(pointer=e.pointer._replace(digest=type(e.manifest).of(text))))
    registry.pointers[registry.commit("v1.0.0"), event.pointer.path] = text
    expect_refused(registry, name, "pointer", "unknown format 2")


def test_one_bad_tag_spoils_no_other(registry):
    """Anybody who can push a tag could stop a registry: GTO's own defect."""
    registry.to_production()
    honest = list(registry.tags)
    registry.put(VersionTag(MNIST, Version(7, 0, 0)), b"\xff\0")
    registry.put(AssignedTag(MNIST, type(STAGING)("canary"), 1), None)
    registry.put(AssignedTag(MNIST, STAGING, 99), b"tag")
    expect_verified(registry, *honest)


def test_bytes_that_were_not_read_are_never_good(registry):
    """A reader that skips a tag would vouch for it."""
    names = [registry.register(), registry.promote()]
    for name in names:
        registry.tags[name] = TagData(registry.tags[name].oid)
        assert not isinstance(registry.verdict(name), Verified)


def test_a_null_policy_is_no_policy(registry):
    """Before the first policy everybody would be an admin."""
    name = registry.register(change=lambda event: event._replace(policy=Oid("0" * 40)))
    expect_refused(registry, name, "policy", "never was on the protected branch")

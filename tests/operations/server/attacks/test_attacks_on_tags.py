"""Tags that are not what they seem, and keys that do not count: refused by the server, or else by readers."""

from __future__ import annotations

import time

import pytest

from tests.operations.server.attacks.forging import V1, Forger

YEAR = 365 * 86_400


def test_an_old_tag_object_under_a_new_name(host, forger):
    tag = forger.name_it("mnist#staging#2", forger.oid("mnist#staging#1"))
    host.refuses(tag, check="name", reason="was signed as mnist#staging#1")


def test_a_moved_tag(host, forger):
    """Its new object is signed well, by the same person."""
    event = forger.registration("v1.0.0")
    forger.world.sh("git", "update-ref", "-d", f"refs/tags/{V1}")
    host.refuses(forger.sign(event, target=forger.oid("HEAD~1")), check="moved", reason="")


def test_a_deleted_tag(host):
    """The last event of a stage: without it, the stage would hold what it held before."""
    host.refuses(":refs/tags/mnist#staging#1", check="deleted", reason="")


def test_a_lightweight_tag(host, forger):
    tag = forger.name_it("mnist#dev#1", forger.target())
    host.refuses(tag, check="parse", reason="not an annotated tag")


def test_an_unsigned_tag(host, forger):
    forger.world.sh("git", "tag", "-m", "trust me", "mnist#dev#1", f"{V1}^{{}}")
    host.refuses("mnist#dev#1", check="signature", reason="it is not signed")


@pytest.mark.parametrize(("end", "check"), [("-----BEGIN", "signature"), ("-----END", "parse")])
def test_a_truncated_tag(host, forger, end: str, check: str):
    """Cut before the signature, or within it."""
    tag = forger.sign(forger.promotion("dev"))
    raw = forger.world.sh("git", "cat-file", "tag", tag).partition(end)[0]
    forger.write_tag(tag, raw)
    host.refuses(tag, check=check, reason="")


def test_a_tag_of_a_tag(host, forger):
    tag = forger.sign(forger.promotion("dev"))
    raw = forger.world.sh("git", "cat-file", "tag", tag)
    inner = forger.oid(V1)
    raw = raw.replace(f"object {forger.target()}\ntype commit", f"object {inner}\ntype tag")
    forger.write_tag(tag, raw)
    host.refuses(tag, check="parse", reason="it tags a tag, not a commit")


def test_an_unknown_key(forger, host):
    eve = Forger(forger.world, who="eve")
    host.refuses(eve.sign(eve.promotion("dev")), check="signature", reason="is nobody's in allowed_signers")


def test_a_key_that_may_do_nothing(forger, host):
    mallory = Forger(forger.world, who="mallory")
    tag = mallory.sign(mallory.promotion("dev"))
    host.refuses(tag, check="role", reason="mallory@example.com may not do this")


def test_an_expired_key(shared, host, forger):
    dave = Forger(forger.world, who="dave")
    shared.edit("allowed_signers", *ended())
    host.refuses(dave.sign(dave.promotion("dev")), check="signature", reason="not at that time")


def test_a_revoked_key(shared, host, forger):
    dave = Forger(forger.world, who="dave")
    shared.revoke("dave@example.com")
    host.refuses(dave.sign(dave.promotion("dev")), check="signature", reason="was revoked")


def test_a_key_for_another_purpose(shared, host, forger):
    """dave may approve with it, and not sign tags."""
    dave = Forger(forger.world, who="dave")
    shared.edit("allowed_signers", *only_for("gitreg-approval"))
    host.refuses(dave.sign(dave.promotion("dev")), check="signature", reason="is nobody's in allowed_signers")


def test_a_signature_for_another_purpose(host, forger):
    """Somebody made ada sign text that happens to be a tag."""
    tag = forger.sign(forger.promotion("dev"), namespace="gitreg-approval")
    host.refuses(tag, check="signature", reason="signed for another purpose")


@pytest.mark.parametrize("shared", ["hook"], indirect=True)
def test_a_backdated_tag_meets_the_server_s_clock(shared, host, forger):
    """A stolen key that has run out, and a date from its good days."""
    dave = Forger(forger.world, who="dave")
    shared.edit("allowed_signers", *ended())
    tag = dave.sign(dave.promotion("dev"), at=time.time() - 2 * YEAR)
    host.refuses(tag, check="signature", reason="not at that time")


@pytest.mark.parametrize("shared", ["no hook"], indirect=True)
def test_a_backdated_tag_without_hook_or_receipts_counts_and_verify_says_so(shared, host, forger):
    """What receipts are for; who can have none revokes the key, which takes all of its tags along."""
    dave = Forger(forger.world, who="dave")
    shared.edit("allowed_signers", *ended())
    host.accepts(dave.sign(dave.promotion("dev"), at=time.time() - 2 * YEAR))
    shared.world.said.clear()
    assert shared.registry.verify().ok
    assert "no receipts: times are the signers' own" in shared.world.said
    shared.revoke("dave@example.com")
    assert [each.check for each in shared.registry.verify().failures] == ["signature"]


HOSTILE = (
    "mnist@v1.0.0/x",
    "mnist#staging#1/\u202egnp",
    "mnist#staging#01",
    "mnist#staging#99999999999999999999",
    "MNIST@v2.0.0",
    "mnist@v01.0.0",
    "mnist@v2.0.0;reboot",
    "$(reboot)@v2.0.0",
    "\u043cnist@v2.0.0",
    "-x@v2.0.0",
    "a" * 200 + "@v2.0.0",
)


@pytest.mark.parametrize("shared", ["no hook"], indirect=True)
def test_hostile_ref_names(shared, host, forger):
    """What no registry tag is called says nothing, costs nothing and reaches no terminal."""
    oid = forger.oid(V1)
    pushed = [f"{oid}:refs/tags/{name}" for name in HOSTILE if "/" not in name]
    shared.world.sh("git", "push", "-q", "--no-verify", "origin", *pushed)
    for where in ("reader", "fresh"):
        reader = shared.world.open(where) if where == "reader" else shared.world.clone(where)
        fetched = reader.fetch()
        assert (fetched.accepted, fetched.refused) == ((), ())
        assert [str(model.model) for model in reader.models()] == ["mnist"]
        assert reader.verify().ok
        assert str(reader.version("mnist").version) == "v1.0.0"


@pytest.mark.parametrize("name", [name for name in HOSTILE if "/" in name])
@pytest.mark.parametrize("shared", ["hook"], indirect=True)
def test_hostile_ref_names_that_take_a_tag_s_place(host, forger, name: str):
    said = host.refuses(f"{forger.oid(V1)}:refs/tags/{name}", check="name", reason="take the place of a registry tag")
    assert "\u202e" not in (said or "").split("To git:")[0]


def test_two_events_with_one_number(host, forger):
    """An unassignment and a promotion, both #2: readers would have to choose."""
    host.accepts(forger.sign(forger.promotion("dev")))
    forger.registry.unassign("mnist", "dev")
    host.accepts("mnist#dev!#2")
    tag = forger.sign(forger.promotion("dev", n=2, previous=forger.oid("mnist#dev#1")))
    host.refuses(tag, check="chain", reason="two events of dev are numbered 2")


def ended() -> tuple[str, str]:
    return 'dave@example.com namespaces="', 'dave@example.com valid-before="20260101Z",namespaces="'


def only_for(namespace: str) -> tuple[str, str]:
    both = 'dave@example.com namespaces="'
    return f"{both}git,gitreg-approval,gitreg-policy", f"{both}{namespace}"

"""Approve: what is shown before signing, and how approvals travel: as refs, as files, and away once they are used."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gitreg.api import Registry
from gitreg.core.decision_file import parse_decision
from gitreg.core.event import Cause
from gitreg.core.names import StageName
from gitreg.core.reference import parse_reference
from gitreg.errors import RefusedError, UsageError
from gitreg.operations.decisions.approve import DEFAULT_AGE, preview

MNIST, PRODUCTION = "mnist@v1.0.0", StageName("production")


@pytest.fixture
def staged(registry: Registry) -> Registry:
    registry.promote(MNIST, "staging")
    return registry


def approve(world, who: str, ref: str = MNIST, where: str = "work", **options):
    return world.open(where, who).approve(ref, "production", **options)


def refuse(world, *commands: str) -> None:
    """Make the hub refuse what a hook's commands refuse; `$old $new $ref` are each update's."""
    hook = world.root / "hub.git" / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("\n".join(["#!/bin/sh", "ref=$1 old=$2 new=$3", *commands, ""]))
    hook.chmod(0o755)


def test_what_would_be_signed_is_shown_to_the_byte(world, staged: Registry):
    """People would sign what they have not seen."""
    before = world.refs()
    shown = preview(staged.context, parse_reference(MNIST), PRODUCTION, Cause.PROMOTE, expires=DEFAULT_AGE)
    assert world.refs() == before
    made = approve(world, "bob")
    signed = world.sh("git", "cat-file", "blob", made.ref).partition("\n\n")[0]
    until = "\nexpires "
    assert signed.partition(until)[0] == shown.request.partition(until)[0]
    assert parse_decision(world.sh("git", "cat-file", "blob", made.ref).encode()).request.version == made.version


def test_what_would_make_room_is_shown_with_both_figures(world, staged: Registry):
    """A lead would approve a worse model."""
    assert (approve(world, "bob").replaces, approve(world, "carol").metrics[0].old) == (None, None)
    staged.promote(MNIST, "production")
    world.train(staged, b"two", accuracy=0.97)
    version = staged.register("mnist").version
    made = approve(world, "bob", f"mnist@{version}")
    (accuracy,) = made.metrics
    assert (str(made.replaces), accuracy.name, accuracy.old, accuracy.new) == ("v1.0.0", "accuracy", 0.95, 0.97)


def test_approvals_as_files_count_from_the_working_tree_and_from_the_branch(world, staged: Registry):
    """On hosts that take no refs of our kind nothing could be approved."""
    refuse(world, 'case "$ref" in refs/gitreg/*) exit 1;; esac')
    first = approve(world, "bob", file=True)
    assert first.approvals_so_far == 1
    world.sh("git", "add", ".gitreg/approvals")
    world.sh("git", "commit", "-q", "-m", "Bob approves")
    (staged.root / first.ref).unlink()
    assert approve(world, "carol", file=True).approvals_so_far == 2
    assert set(staged.promote(MNIST, "production", push=True).approvals) == {"bob@example.com", "carol@example.com"}
    assert world.clone("clone").verify().ok


def test_one_approval_in_a_ref_and_in_a_file_is_one(world, staged: Registry):
    """Whoever copies an approval would double it."""
    ref = approve(world, "bob").ref
    folder = staged.root / ".gitreg" / "approvals" / "mnist" / "production" / "1"
    folder.mkdir(parents=True)
    (folder / "copy.approval").write_text(world.sh("git", "cat-file", "blob", ref))
    ready = staged.readiness(MNIST, "production")
    assert ready.approvals.have == 1
    assert not any("twice" in line for line in world.said)


@pytest.mark.parametrize("content", [b"", b"hello\n", b"\xff" * 70_000])
def test_nonsense_among_the_files_is_passed_over(world, staged: Registry, content: bytes):
    """One bad file in a pull request would block or crash every promotion."""
    folder = staged.root / ".gitreg" / "approvals" / "mnist" / "production" / "1"
    folder.mkdir(parents=True)
    (folder / "bad.approval").write_bytes(content)
    (folder / "link.approval").symlink_to("/etc/passwd")
    world.sh("git", "add", ".gitreg/approvals")
    world.sh("git", "commit", "-q", "-m", "Nonsense")
    for who in ("bob", "carol"):
        approve(world, who)
    assert staged.promote(MNIST, "production").n == 1
    assert any("passed over" in line for line in world.said)


def test_a_host_that_refuses_approvals_holds_nothing_else_up(world, staged: Registry):
    """Branch and tags could not be shared because of an approval that happens to lie here."""
    refuse(world, 'case "$ref" in refs/gitreg/*) exit 1;; esac')
    made = approve(world, "bob")
    pushed = staged.push()
    assert pushed.kept_back == (made.ref,)
    assert "refs/tags/mnist#staging#1" in world.refs("hub.git")
    assert any("--file" in line for line in world.said)
    with pytest.raises(RefusedError) as refused:
        approve(world, "carol", push=True)
    assert "--file" in str(refused.value.hint)


def test_used_approvals_go_on_the_remote_too(world, staged: Registry):
    staged.push()
    for who in ("bob", "carol"):
        approve(world, who, push=True)
    assert "refs/gitreg/approvals" in world.refs("hub.git")
    staged.promote(MNIST, "production", push=True)
    assert "refs/gitreg/approvals" not in world.refs() + world.refs("hub.git")


def test_a_host_that_keeps_them_does_not_fail_the_promotion(world, staged: Registry):
    """Some hosts let nobody delete refs; the promotion is signed and shared all the same."""
    staged.push()
    for who in ("bob", "carol"):
        approve(world, who, push=True)
    refuse(world, 'case "$new" in *[!0]*) ;; *) exit 1;; esac')
    assert staged.promote(MNIST, "production", push=True).pushed
    assert "refs/tags/mnist#production#1" in world.refs("hub.git")
    assert any("used approvals stay on the remote" in line for line in world.said)


def test_a_clone_that_missed_the_promotion_does_not_bring_them_back(world, staged: Registry):
    """Used approvals would pile up on the remote for ever."""
    staged.push()
    for who in ("bob", "carol"):
        approve(world, who, push=True)
    late = world.clone("late")
    late.fetch()
    staged.promote(MNIST, "production", push=True)
    late.push()
    assert "refs/gitreg/approvals" not in world.refs("hub.git")


def test_expired_approvals_go_with_the_next_fetch_and_stay_away(world, staged: Registry):
    staged.push()
    approve(world, "bob", push=True, expires=timedelta(seconds=-5))
    lasting = approve(world, "carol", push=True)
    assert staged.fetch().approvals == ()
    assert world.refs("work", "refs/gitreg/approvals").split()[2::3] == [lasting.ref]
    assert world.clone("clone").fetch().approvals == ("mnist/production/1",)


@pytest.mark.parametrize(
    "name", ["mnist", "mnist/production", "mnist/production/1", "x/y/z/w/v", "mnist/production/9/a-b"]
)
def test_hostile_ref_names_neither_block_nor_enter(world, staged: Registry, name: str):
    """A ref that stands where a folder must be would keep all approvals of a stage out."""
    oid = world.sh("git", "hash-object", "-w", "--stdin", cwd="hub.git", stdin=b"boo\n").strip()
    world.sh("git", "update-ref", f"refs/gitreg/approvals/{name}", oid, cwd="hub.git")
    assert staged.fetch().approvals == ()
    assert "/approvals/" not in world.refs()
    assert approve(world, "bob").approvals_so_far == 1


def test_two_ways_at_once_are_a_mistake(world, staged: Registry):
    with pytest.raises(UsageError):
        approve(world, "bob", push=True, file=True)


def test_what_waits_is_listed_with_whom_it_waits_for(world, staged: Registry):
    """A lead would have to ask around what needs them."""
    (asked,) = staged.approvals()
    assert (str(asked.version), asked.stage, asked.approvals.have, asked.approvals.need) == (
        "v1.0.0",
        "production",
        0,
        2,
    )
    assert asked.could == ("bob@example.com", "carol@example.com")
    approve(world, "bob")
    world.open(who="carol").reject(MNIST, "production", "Too slow")
    (asked,) = staged.approvals("mnist")
    assert (asked.approvals.by, asked.could) == (("bob@example.com",), ("carol@example.com",))
    assert [(each.by, each.why) for each in asked.rejections] == [("carol@example.com", "Too slow")]
    assert staged.approvals("other") == ()


def test_what_was_granted_waits_no_longer(world, staged: Registry):
    for who in ("bob", "carol"):
        approve(world, who)
    staged.promote(MNIST, "production")
    assert staged.approvals() == ()
    staged.unassign("mnist", "production")
    assert staged.approvals() == ()

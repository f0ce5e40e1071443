"""The commands by which people decide, as typed: what is shown, what is advised, and the exit codes."""

from __future__ import annotations

import json
import sys

import pytest

from gitreg.api import Registry

ASKED = ("mnist@v1.0.0", "production")


@pytest.fixture
def staged(registry: Registry) -> Registry:
    registry.promote("mnist@v1.0.0", "staging")
    return registry


def gitreg(world, who: str, *words: str, code: int = 0) -> str:
    key = str(world.root / "keys" / who)
    return world.sh(sys.executable, "-m", "gitreg", "--key", key, *words, code=code)


def test_a_dry_run_prints_the_text_and_the_figures(world, staged: Registry):
    shown = gitreg(world, "bob", "approve", *ASKED, "--dry-run")
    assert shown.startswith("gitreg-approval 2\nregistry ")
    for line in ("action promote", "model mnist", "version v1.0.0", "stage production", "n 1", "previous none"):
        assert f"\n{line}\n" in shown
    assert "replaces  nothing" in shown
    assert "accuracy  0.95" in shown
    assert "refs/gitreg/approvals" not in world.refs()


def test_approving_says_how_many_there_are_and_how_to_share_it(world, staged: Registry):
    said = gitreg(world, "bob", "approve", *ASKED)
    assert "Approved mnist@v1.0.0 for production  1 of 2 approvals by bob@example.com" in said
    assert "share it: gitreg push" in said
    filed = gitreg(world, "carol", "approve", *ASKED, "--file")
    assert "git add .gitreg/approvals/mnist/production/1/" in filed
    both = gitreg(world, "bob", "approve", *ASKED, "--file", "--push", code=2)
    assert "two ways" in both


def test_the_list_says_for_whom_it_waits_who_said_no_and_what_is_ready(world, staged: Registry):
    assert "2 of: bob@example.com, carol@example.com (reviewer)" in gitreg(world, "ada", "approvals")
    gitreg(world, "bob", "approve", *ASKED)
    gitreg(world, "carol", "reject", *ASKED, "-m", "Too slow")
    assert "rejected by carol@example.com: Too slow" in gitreg(world, "ada", "approvals", "mnist")
    gitreg(world, "carol", "reject", *ASKED, "--withdraw")
    gitreg(world, "carol", "approve", *ASKED)
    assert "gitreg promote" in gitreg(world, "ada", "approvals")
    (asked,) = json.loads(gitreg(world, "ada", "approvals", "--json"))
    assert (asked["approvals"]["have"], asked["could"], asked["action"]) == (2, [], "promote")
    gitreg(world, "ada", "promote", *ASKED)
    assert "nothing waits" in gitreg(world, "ada", "approvals")


def test_a_version_shows_what_waits_for_it(world, staged: Registry):
    """Who looks at a version would not see that somebody has said no to it."""
    gitreg(world, "bob", "approve", *ASKED)
    gitreg(world, "carol", "reject", *ASKED, "-m", "Too slow")
    shown = gitreg(world, "ada", "show", ASKED[0])
    assert "production, 1 of 2 approvals, rejected by carol@example.com: Too slow" in shown
    details = json.loads(gitreg(world, "ada", "show", ASKED[0], "--json"))
    assert [each["stage"] for each in details["waiting"]] == ["production"]


def test_a_rejection_is_told_and_needs_a_reason(world, staged: Registry):
    assert "needs a reason" in gitreg(world, "bob", "reject", *ASKED, code=2)
    assert "leave out" in gitreg(world, "bob", "reject", *ASKED, "-m", "No", "--withdraw", code=2)
    said = gitreg(world, "bob", "reject", *ASKED, "-m", "Too slow", "--push")
    assert "Rejected mnist@v1.0.0 for promote in production: Too slow  by bob@example.com" in said
    shown = gitreg(world, "ada", "promote", *ASKED, "--dry-run", code=1)
    assert "rejected: bob@example.com: Too slow" in shown


def test_a_push_that_leaves_an_approval_behind_is_not_called_a_success(world, staged: Registry):
    """A script would think that the approval is shared."""
    hook = world.root / "hub.git" / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\ncase "$1" in refs/gitreg/*) exit 1;; esac\n')
    hook.chmod(0o755)
    gitreg(world, "bob", "approve", *ASKED)
    assert "refused approvals" in gitreg(world, "bob", "push", code=1)

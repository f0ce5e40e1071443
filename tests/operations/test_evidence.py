"""What a gate saw is stored before the tag that names it, shared with it, kept by gc, and checked when it is read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gitreg.api import Registry
from gitreg.core.digest import Digest
from gitreg.errors import NotFoundError, VerificationError
from gitreg.operations.garbage.gc import GcRequest, gc

REPORT = "12 groups, worst 0.93"
SCRIPT = f"""#!/bin/sh
echo '{{"verdict": "pass", "figure": "0.93", "evidence": "{REPORT}"}}'
"""


@pytest.fixture
def promoted(world, registry: Registry) -> Registry:
    policy = registry.root / ".gitreg" / "policy.toml"
    text = policy.read_text().replace("[stages.dev]\n", '[stages.dev]\ngates = ["fair"]\n')
    policy.write_text(text + '[gates.fair]\nkind = "command"\nprogram = ["check.sh"]\nfiles = ["check.sh"]\n')
    (registry.root / "check.sh").write_text(SCRIPT)
    world.sh("git", "add", "check.sh")
    world.change_policy("Ask for fairness")
    registry.promote("mnist@v1.0.0", "dev")
    return registry


def test_it_is_signed_by_its_digest(world, promoted: Registry):
    trailer = f"Gitreg-Gate: fair pass {Digest.of(REPORT.encode())} 0.93"
    assert trailer in world.sh("git", "cat-file", "tag", "mnist#dev#1")
    assert promoted.verify().ok


def test_others_read_it_after_a_push(world, promoted: Registry):
    promoted.push()
    theirs = world.clone("theirs")
    assert theirs.gate_evidence("mnist@v1.0.0", "dev", "fair") == REPORT


def test_gc_keeps_it(world, promoted: Registry):
    gc(promoted.context, GcRequest(timedelta(0), force=True))
    assert promoted.gate_evidence("mnist@v1.0.0", "dev", "fair") == REPORT


def test_changed_evidence_is_not_shown(world, promoted: Registry, flipped):
    digest = Digest.of(REPORT.encode()).hex
    flipped(promoted.context.repo.local_state / "objects" / digest[:2] / digest)
    with pytest.raises(VerificationError):
        promoted.gate_evidence("mnist@v1.0.0", "dev", "fair")


def test_a_gate_without_evidence_and_one_that_was_not_run_are_told_apart(world, promoted: Registry):
    promoted.promote("mnist@v1.0.0", "staging")
    with pytest.raises(NotFoundError, match="kept no evidence"):
        promoted.gate_evidence("mnist@v1.0.0", "staging", "accuracy")
    with pytest.raises(NotFoundError, match="no gate fair is recorded"):
        promoted.gate_evidence("mnist@v1.0.0", "staging", "fair")

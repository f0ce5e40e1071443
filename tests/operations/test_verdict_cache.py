"""A verdict is taken from before only if everything that the gate could look at is the same."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gitreg import gates
from gitreg.api import Registry
from gitreg.core.names import StageName
from gitreg.core.reference import parse_reference
from gitreg.gates.edition import edition
from gitreg.operations import verdict_cache
from gitreg.operations.gate_run import gate_run
from gitreg.operations.verdict_cache import Reuse

MARK = "from the cache"


def reasons(registry: Registry, ref: str = "mnist", reuse: Reuse = Reuse.ALLOWED) -> list[str]:
    return [each.reason for each in gate_run(registry.context, parse_reference(ref), StageName("staging"), reuse)]


@pytest.fixture
def remembered(registry: Registry) -> Registry:
    """One entry, recognisable by its reason."""
    reasons(registry)
    (entry,) = (registry.context.repo.local_state / "verdicts").iterdir()
    entry.write_text(json.dumps(json.loads(entry.read_text()) | {"reason": MARK}))
    return registry


def test_the_same_question_is_answered_from_before(remembered: Registry):
    assert reasons(remembered) == [MARK]


def test_unless_told_not_to(remembered: Registry):
    assert reasons(remembered, reuse=Reuse.REFUSED) == ["minimum 0.9"]


def test_other_figures_in_the_pointer_are_another_question(world, remembered: Registry):
    pointer = remembered.root / "models" / "mnist.gitreg"
    pointer.write_text(pointer.read_text().replace("accuracy = 0.95", "accuracy = 0.5"))
    world.sh("git", "commit", "-q", "-a", "-m", "Measured again")
    remembered.register("mnist")
    assert reasons(remembered) == ["below the minimum 0.9"]


def test_another_definition_is_another_question(world, remembered: Registry):
    policy = remembered.root / ".gitreg" / "policy.toml"
    policy.write_text(policy.read_text().replace("min = 0.9", "min = 0.96"))
    world.change_policy("Raise the bar")
    assert reasons(remembered) == ["below the minimum 0.96"]


def test_another_version_in_the_stage_is_another_question(world, remembered: Registry):
    world.release(remembered, b"held", "staging")
    assert reasons(remembered, "mnist@v1.0.0") == ["minimum 0.9"]


def test_a_check_that_has_learned_something_is_another_question(remembered: Registry, monkeypatch):
    """A scanner that knows a new attack would otherwise serve its old "safe"."""
    monkeypatch.setattr(verdict_cache, "edition", lambda kind: "another")
    assert reasons(remembered) == ["minimum 0.9"]


def test_the_edition_changes_with_the_code_of_any_check(tmp_path):
    """Also of a helper deep inside, which no version number would be raised for."""
    copy = shutil.copytree(Path(gates.__file__).parent, tmp_path / "gates")
    asked = f"import runpy; print(runpy.run_path({str(copy / 'edition.py')!r})['edition']('format'))"
    before = subprocess.check_output([sys.executable, "-c", asked])
    assert before.decode().strip() == edition("format")
    (copy / "scan" / "formats" / "keras.py").write_text("# learned")
    assert subprocess.check_output([sys.executable, "-c", asked]) != before


@pytest.mark.parametrize("package", ["onnx", "PyYAML"])
def test_the_edition_changes_with_the_libraries_that_decide(tmp_path, package):
    """A newer checker of ONNX would otherwise serve what an older one let through; other kinds do not ask it."""
    (tmp_path / f"{package}-999.dist-info").mkdir()
    (tmp_path / f"{package}-999.dist-info" / "METADATA").write_text(f"Name: {package}\nVersion: 999\n")
    asked = "from gitreg.gates.edition import edition; print(edition('format'), edition('metric'))"
    path = {"PYTHONPATH": f"{tmp_path}:{Path(gates.__file__).parents[2]}"}
    formats, metric = subprocess.check_output([sys.executable, "-c", asked], env=path, text=True).split()
    assert (formats != edition("format"), metric) == (True, edition("metric"))


@pytest.mark.parametrize("entry", ["", "[]", '{"verdict": "maybe"}', '{"verdict": "pass", "figure": 1, "reason": ""}'])
def test_an_entry_that_cannot_be_read_is_none(remembered: Registry, entry: str):
    (place,) = (remembered.context.repo.local_state / "verdicts").iterdir()
    place.write_text(entry)
    assert reasons(remembered) == ["minimum 0.9"]

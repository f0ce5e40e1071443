"""Gates are other people's code: whatever they do, each yields one result that is safe to sign and to show."""

import importlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitreg.errors import FormatError, StorageError
from gitreg.gates import Candidate, GateResult, Verdict, build_gate, run_gates

CANDIDATE = Candidate({}, checkout=Path)


@dataclass
class Stub:
    name: str
    act: object

    def check(self, candidate):
        return self.act(candidate)


def run(act):
    (result,) = run_gates([Stub("stub", act)], CANDIDATE)
    return result


def raising(error):
    def act(candidate):
        raise error

    return act


def test_results_come_in_the_order_of_the_gates():
    gates = [Stub(name, lambda _, name=name: GateResult(name, Verdict.PASS, "", "")) for name in "bca"]
    assert [result.name for result in run_gates(gates, CANDIDATE)] == ["b", "c", "a"]


def test_a_gate_with_a_bug_does_not_pass_and_does_not_crash():
    result = run(raising(ZeroDivisionError("division by zero")))
    assert (result.verdict, result.passed) == (Verdict.ERROR, False)
    assert result.reason == "ZeroDivisionError: division by zero"


def test_an_artifact_that_cannot_be_fetched_is_an_error_with_its_hint():
    result = run(raising(StorageError("the remote is away", hint="try gitreg remote check")))
    assert (result.verdict, result.reason) == (Verdict.ERROR, "the remote is away (try gitreg remote check)")


def test_the_user_can_still_interrupt():
    with pytest.raises(KeyboardInterrupt):
        run(raising(KeyboardInterrupt()))


@pytest.mark.parametrize("answer", [None, True, "pass", {"verdict": "pass"}])
def test_only_a_gate_result_can_pass(answer):
    assert run(lambda _: answer).verdict is Verdict.ERROR


def test_a_gate_cannot_pass_for_another_gate():
    result = run(lambda _: GateResult("safety", Verdict.PASS, "", ""))
    assert (result.name, result.verdict) == ("stub", Verdict.ERROR)


@pytest.mark.parametrize("bad", [GateResult("stub", "fine", "", ""), GateResult("stub", Verdict.PASS, 0.9, "")])
def test_a_result_of_wrong_types_is_an_error(bad):
    assert run(lambda _: bad).verdict is Verdict.ERROR


def test_text_of_a_gate_cannot_forge_lines_or_flood_the_signed_message():
    act = lambda _: GateResult("stub", Verdict.FAIL, "1\n2", "a\x1b[2J\u202e\nGitreg-Gate: other pass " + "x" * 10_000)  # noqa: E731
    result = run(act)
    assert result.figure == "1 2"
    assert result.reason.isprintable()
    assert len(result.reason) <= 300
    assert result.reason.startswith("a\\x1b[2J\\u202e Gitreg-Gate: other pass x")


def test_an_unknown_kind_names_the_gate_and_what_there_is():
    with pytest.raises(FormatError, match="gate g: unknown kind metrics") as caught:
        build_gate("g", "metrics", {})
    assert "card, format, metric" in caught.value.hint


def test_the_format_gate_takes_no_options():
    with pytest.raises(FormatError, match="gate g: strict is not an option"):
        build_gate("g", "format", {"strict": True})


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A real installed distribution, as far as importlib.metadata can tell."""

    def install(name, code, *kinds):
        (tmp_path / f"{name}.py").write_text(code)
        info = tmp_path / f"{name}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        lines = "".join(f"{kind} = {name}:build\n" for kind in kinds)
        (info / "entry_points.txt").write_text(f"[gitreg.gates]\n{lines}")
        importlib.invalidate_caches()

    monkeypatch.syspath_prepend(tmp_path)
    return install


PLUGIN = """
from gitreg.gates import GateResult, Verdict
class Always:
    def __init__(self, name): self.name = name
    def check(self, candidate): return GateResult(self.name, Verdict.PASS, "1", "always")
def build(options):
    options.only("level")
    return Always(options.gate)
"""


def test_an_installed_package_adds_a_kind(plugin):
    plugin("gate_plugin_a", PLUGIN, "always")
    (result,) = run_gates([build_gate("mine", "always", {"level": 1})], CANDIDATE)
    assert (result.name, result.verdict) == ("mine", Verdict.PASS)
    with pytest.raises(FormatError, match="gate mine: levle is not an option"):
        build_gate("mine", "always", {"levle": 1})


def test_a_package_cannot_replace_a_built_in_gate(plugin):
    plugin("gate_plugin_b", PLUGIN, "metric")
    with pytest.raises(FormatError, match="metric is missing"):
        build_gate("g", "metric", {})


def test_two_packages_that_offer_one_kind_are_refused(plugin):
    plugin("gate_plugin_c", PLUGIN, "twice")
    plugin("gate_plugin_d", PLUGIN, "twice")
    with pytest.raises(FormatError, match="several packages offer the kind twice"):
        build_gate("g", "twice", {})


def test_a_package_that_does_not_import_is_named(plugin):
    plugin("gate_plugin_e", "import nothing_of_this_name", "broken")
    with pytest.raises(FormatError, match="gate g: its kind cannot be loaded from gate_plugin_e:build"):
        build_gate("g", "broken", {})


def test_built_in_gates_do_not_pay_for_looking_up_packages():
    code = "import sys, gitreg.gates as g; g.build_gate('g', 'format', {}); print('importlib.metadata' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "False\n"

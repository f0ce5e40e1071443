"""Gates are other people's code: whatever they do, each yields one result that is safe to sign and to show."""

import importlib
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitreg.errors import FormatError, StorageError
from gitreg.gates.gate import Candidate, GateResult, Verdict
from gitreg.gates.run import BoundedGate, run_gates
from gitreg.gates.table import build_gate

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


def test_gates_run_beside_each_other_and_answer_in_the_policys_order():
    """Two that wait for each other would never end if they ran one after the other."""
    meeting = threading.Barrier(2, timeout=20)

    def meet(_candidate):
        meeting.wait()
        return GateResult("stub", Verdict.PASS, "", "met")

    slow_first = [
        Stub("stub", meet),
        Stub("stub", meet),
        Stub("stub", lambda _: GateResult("stub", Verdict.FAIL, "", "alone")),
    ]
    assert [result.reason for result in run_gates(slow_first, CANDIDATE)] == ["met", "met", "alone"]


def test_a_gate_that_never_ends_holds_nobody_up():
    for_ever = threading.Event()
    gate = BoundedGate(Stub("stub", lambda _: for_ever.wait()), timeout=0.3)
    heard = []
    late, fine = run_gates(
        [gate, Stub("stub", lambda _: GateResult("stub", Verdict.PASS, "", ""))], CANDIDATE, heard.append
    )
    for_ever.set()
    assert (late.verdict, late.reason, fine.verdict) == (Verdict.ERROR, "it took longer than 0.3 s", Verdict.PASS)
    assert ["stub"] in heard


def test_what_measures_time_has_the_machine_for_itself():
    running = []

    def act(_candidate):
        running.append("in")
        time.sleep(0.1)
        running.append("out")
        return GateResult("stub", Verdict.PASS, "", "")

    run_gates([BoundedGate(Stub("stub", act), alone=True), BoundedGate(Stub("stub", act), alone=True)], CANDIDATE)
    assert running == ["in", "out", "in", "out"]
    assert build_gate("l", "latency", {"p50_ms": 1}).alone


def test_evidence_that_nobody_could_store_is_an_error():
    gate = Stub("stub", lambda _: GateResult("stub", Verdict.PASS, "", "", "x" * ((1 << 20) + 1)))
    (result,) = run_gates([gate], CANDIDATE)
    assert (result.verdict, result.reason) == (Verdict.ERROR, "its evidence is larger than 1 MiB")


@pytest.mark.parametrize("timeout", [0, -1, "soon", True])
def test_a_timeout_is_a_number_above_zero(timeout):
    with pytest.raises(FormatError, match="gate g: timeout must be"):
        build_gate("g", "format", {"timeout": timeout})


def test_an_unknown_kind_names_the_gate_and_what_there_is():
    with pytest.raises(FormatError, match="gate g: unknown kind metrics") as caught:
        build_gate("g", "metrics", {})
    assert "built in are card, command, format" in caught.value.hint


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
from gitreg.gates.gate import GateResult, Verdict
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
    build = "import sys, gitreg.gates.table as g; g.build_gate('g', 'format', {})"
    code = f"{build}; print('importlib.metadata' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "False\n"

"""Sharing models among processes: no answer may be lost, mixed up or invented, whatever happens to a process."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from multiprocessing import active_children

import pytest

from gitreg.api import Registry
from gitreg.core.names import ModelName
from gitreg.errors import VerificationError
from gitreg.operations import each_model
from gitreg.operations.each_model import ask_each
from gitreg.operations.history import HistoryFilter

HERE = os.getpid()
MANY = {ModelName(f"model-{number}"): 1_000 * number for number in range(1, 8)}


def whose(model: ModelName) -> tuple[ModelName, int]:
    return model, os.getpid()


def test_answers_come_in_order_and_from_several_processes():
    answers = ask_each(MANY, whose, 3)
    assert [model for model, _ in answers] == list(MANY)
    assert len({process for _, process in answers}) == 3


@pytest.mark.parametrize(("models", "processes"), [(MANY, 1), (dict.fromkeys(MANY, 10), 4)])
def test_small_registries_and_programs_with_threads_stay_in_one_process(models, processes):
    assert {process for _, process in ask_each(models, whose, processes)} == {HERE}


def killed(model: ModelName) -> tuple[ModelName, int]:
    if os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    return whose(model)


def test_what_a_killed_process_would_have_answered_is_asked_again():
    assert ask_each(MANY, killed, 3) == [(model, HERE) for model in MANY]


def refused(model: ModelName) -> ModelName:
    if model == "model-5":
        raise VerificationError(f"{model} is not to be trusted", hint="look")
    return model


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_an_error_is_the_same_as_in_one_process(processes):
    with pytest.raises(VerificationError, match="model-5 is not to be trusted") as caught:
        ask_each(MANY, refused, processes)
    assert caught.value.hint == "look"


def interrupted(_model: ModelName) -> ModelName:
    if os.getpid() != HERE:
        time.sleep(60)
    raise KeyboardInterrupt


def test_an_interrupt_leaves_no_process_behind():
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ask_each(MANY, interrupted, 3)
    assert time.monotonic() - begun < 30
    assert active_children() == []


def test_a_registry_is_the_same_by_several_processes(world, registry: Registry, monkeypatch: pytest.MonkeyPatch):
    for name in ("alpha", "beta", "gamma"):
        world.release(registry, name.encode(), "dev", name=name)
    world.forge("beta@v1.0.0", "Gitreg-Action: register", "Gitreg-Action: register ")
    monkeypatch.setattr(each_model, "_WORTH_IT", 1)
    shared = Registry(replace(registry.context, settings=replace(registry.context.settings, processes=3)))
    assert not shared.verify().ok
    assert shared.verify() == registry.verify()
    assert shared.models() == registry.models()
    assert shared.history(HistoryFilter()) == registry.history(HistoryFilter())

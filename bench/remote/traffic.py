"""Requests and bytes of each step, counted by a proxy; how long it takes says nothing here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.remote.contenders import Contender
from bench.remote.playing import STEPS, playing
from bench.remote.serving import Service
from bench.remote.works import Work
from tests.remotes.fault_proxy import FaultProxy


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a step sent and received, beside the bytes of content that it is about."""

    requests: int
    up: int
    down: int
    content: int

    @classmethod
    def of(cls, proxy: FaultProxy, content: int) -> Self:
        return cls(proxy.requests.total(), proxy.uploaded.total(), proxy.downloaded.total(), content)


Traffics = dict[tuple[str, str], Traffic]


def measure_traffic(tools: list[Contender], source: Path, service: Service) -> Traffics:
    """Once: counts hardly vary."""
    found: Traffics = {}
    for tool in tools:
        with playing(tool, source, service.proxied) as play:
            for step in play.steps:
                content = play.prepare(step)
                service.proxy.reset_counts()
                play.call(play.command(step))
                found[tool.name, step] = Traffic.of(service.proxy, content)
    return found


def print_traffic(tools: list[Contender], found: Traffics, work: Work) -> None:
    """One table: requests of each step, and bytes by those of the content."""
    print("\n| | push | sent | push again | a tenth changed | sent, of the changed | pull | received |")
    print("|---|---|---|---|---|---|---|---|")
    for tool in tools:
        push, again, changed, pull = (found.get((tool.name, step)) for step in STEPS)
        cells = (_requests(push), _sent(push), _requests(again), _requests(changed), _sent(changed), _requests(pull))
        print(f"| {tool.name} | {' | '.join(cells)} | {f'{pull.down / pull.content:.3f}' if pull else ''} |")
    content = max(each.content for each in found.values())
    print(f"\ngoal: {content // work.share + 10} requests to push or to pull, 1.1 of the changed bytes", flush=True)


def _requests(traffic: Traffic | None) -> str:
    return str(traffic.requests) if traffic else ""


def _sent(traffic: Traffic | None) -> str:
    return f"{traffic.up / traffic.content:.3f}" if traffic else ""

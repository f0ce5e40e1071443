"""The open table of gate kinds: what is built in, and what installed packages add.  Knows no policy file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

from gitreg.core.text import escape
from gitreg.errors import FormatError
from gitreg.gates.card import CardGate, build_card_gate
from gitreg.gates.command import build_command_gate
from gitreg.gates.evaluate import build_metric_gate
from gitreg.gates.format import FormatGate, build_format_gate
from gitreg.gates.gate import Gate
from gitreg.gates.latency import build_latency_gate
from gitreg.gates.metric import MetricGate
from gitreg.gates.options import Options
from gitreg.gates.run import DEFAULT_TIMEOUT, BoundedGate
from gitreg.gates.safety import SafetyGate, build_safety_gate
from gitreg.gates.smoke import build_smoke_gate

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "gitreg.gates"

GateBuilder = Callable[[Options], Gate]

_BUILT_IN: Mapping[str, GateBuilder] = {
    "card": build_card_gate,
    "command": build_command_gate,
    "format": build_format_gate,
    "latency": build_latency_gate,
    "metric": build_metric_gate,
    "safety": build_safety_gate,
    "smoke": build_smoke_gate,
}
_TIMEOUT = "timeout"
_FAREWELL = 60.0  # seconds, so that a gate that ends its own program in time can say so itself
# What measures time must not share the machine with other gates.
_ALONE = frozenset({"latency"})
# What runs nothing but gitreg says the same of the same bytes; a program may depend on the machine.
_REPEATABLE = (CardGate, FormatGate, MetricGate, SafetyGate)
_WITHOUT_FIGURE = frozenset({"card", "command", "format", "safety", "smoke"})


def build_gate(name: str, kind: str, options: Mapping[str, object]) -> BoundedGate:
    """The gate that `[gates.NAME] kind = KIND` and its other keys describe.  Every kind has the option `timeout`.

    A package adds a kind by an entry point in the group `gitreg.gates` that names a callable `(Options) -> Gate`.

    Raises:
        FormatError: an unknown kind, an unknown option, or a value of the wrong type.
    """
    builder = _BUILT_IN.get(kind) or _installed(name, kind)
    timeout = Options(name, options).positive(_TIMEOUT) or DEFAULT_TIMEOUT
    own = {option: value for option, value in options.items() if option != _TIMEOUT}
    gate = builder(Options(name, own, timeout))
    return BoundedGate(
        gate, timeout + _FAREWELL, kind in _ALONE, isinstance(gate, _REPEATABLE), without_figure=kind in _WITHOUT_FIGURE
    )


def _installed(name: str, kind: str) -> GateBuilder:
    # Imported here because it costs 40 ms, which policies of built-in kinds must not pay on every promotion.
    from importlib.metadata import entry_points  # noqa: PLC0415

    offers = tuple(entry_points(group=GROUP, name=kind))
    if len(offers) == 1:
        return _load(name, offers[0])
    if offers:
        sources = ", ".join(sorted(offer.value for offer in offers))
        raise FormatError(f"gate {escape(name)}: several packages offer the kind {escape(kind)}: {escape(sources)}")
    hint = f"built in are {', '.join(_BUILT_IN)}; others come with packages that declare {GROUP!r} entry points"
    raise FormatError(f"gate {escape(name)}: unknown kind {escape(kind)}", hint=hint)


def _load(name: str, offer: EntryPoint) -> GateBuilder:
    try:
        return cast(GateBuilder, offer.load())
    except Exception as error:
        reason = escape(f"{offer.value}: {error}")
        raise FormatError(f"gate {escape(name)}: its kind cannot be loaded from {reason}") from error

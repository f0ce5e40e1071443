"""`gitreg status`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from gitreg.cli.lines import Line, Span, bad, dim, good, line, strong
from gitreg.cli.opening import open_here
from gitreg.cli.output import Output
from gitreg.cli.table import columns
from gitreg.cli.verb import command as verb
from gitreg.cli.verb import option, pass_output
from gitreg.operations.policy.pending import SIGN_HINT
from gitreg.operations.status import BytesState, ModelStatus, ObjectsState, PointerState, StatusResult, status


@verb("status")
@option("--rehash", is_flag=True, help="Read all bytes again, even if no file looks changed.")
@pass_output
def command(output: Output, rehash: bool) -> None:
    """Show what differs, what is not committed and what is not pushed."""
    result = status(open_here(output), rehash=rehash)
    output.data(result, lambda: _lines(result))
    if result.policy is not None:
        output.advice(SIGN_HINT)
    for step in _steps(result.models):
        output.advice(step)


def _lines(result: StatusResult) -> list[Line]:
    policy = [line(bad("policy change"), f"  would not count: {result.policy}")] if result.policy else []
    if not result.models:
        return [*policy, line("No models here yet")]
    rows = [line(strong(model.pointer), _words(model), dim(model.detail)) for model in result.models]
    return [*policy, *columns(rows)]


def _words(model: ModelStatus) -> Span:
    words = [word for word in (_bytes(model), _pointer(model), _objects(model)) if word]
    return bad(", ".join(words)) if words else good("up to date")


def _bytes(model: ModelStatus) -> str:
    match model.bytes:
        case BytesState.SAME:
            return ""
        case BytesState.CHANGED:
            return "changed"
        case BytesState.ABSENT:
            return "not checked out"
        case _:
            assert_never(model.bytes)


def _pointer(model: ModelStatus) -> str:
    match model.pointer_state:
        case PointerState.COMMITTED:
            return ""
        case PointerState.MODIFIED:
            return "pointer not committed"
        case PointerState.MALFORMED:
            return "pointer malformed"
        case _:
            assert_never(model.pointer_state)


def _objects(model: ModelStatus) -> str:
    match model.objects:
        case ObjectsState.PUSHED | ObjectsState.ALONE:
            return ""
        case ObjectsState.LOCAL:
            return "not pushed"
        case ObjectsState.MISSING:
            return "bytes missing here and on the remote"
        case ObjectsState.UNKNOWN:
            return "remote not asked"
        case _:
            assert_never(model.objects)


def _steps(models: Iterable[ModelStatus]) -> Iterable[str]:
    """What to do, in the order to do it; each once."""
    states = list(models)
    if any(model.bytes is BytesState.CHANGED for model in states):
        yield "record changed files: gitreg add PATH"
    if any(model.pointer_state is PointerState.MODIFIED for model in states):
        yield "record pointers: git commit"
    if any(model.objects is ObjectsState.LOCAL for model in states):
        yield "share: gitreg push"

"""Showing one version whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import assert_never

from gitreg.cli.figures import ago, counted, moment, number, size
from gitreg.cli.lines import Line, bad, dim, good, line, strong
from gitreg.cli.table import columns
from gitreg.core.retention import Then
from gitreg.operations.decisions.waiting import WaitingRequest
from gitreg.operations.retention import Outlook
from gitreg.operations.show_version import VersionDetails


def version_lines(details: VersionDetails) -> list[Line]:
    """A heading, then a line for everything that is known."""
    known = [(label, text) for label, text in _facts(details) if text]
    return [_heading(details), *columns([line(dim(f"  {label}"), text) for label, text in known])]


def _heading(details: VersionDetails) -> Line:
    if details.version is None:
        return line(strong(details.pointer), dim("  a working pointer, "), bad("signed by nobody"))
    signed = f"  signed {ago(details.at, datetime.now(UTC))} by {details.by}, " if details.at else "  "
    return line(strong(f"{details.model}@{details.version}"), dim(signed), good("verified"))


def _facts(details: VersionDetails) -> Iterable[tuple[str, str]]:
    yield "message", " ".join(details.text.split())
    yield "stages", ", ".join(details.deployed_to)
    yield "manifest", str(details.manifest)
    yield "commit", str(details.commit or "")
    yield "pointer", details.pointer
    yield "contents", _contents(details.artifact)
    yield "bytes", _outlook(details.retention) if details.retention else ""
    yield from ((key, _value(value)) for key, value in details.metadata.items())
    yield "metrics", _pairs(details.metrics)
    yield "params", _pairs(details.params)
    yield "schema", _pairs(details.schema)
    yield "dependencies", _pairs(details.dependencies)
    yield "made from", ", ".join(_origin(entry) for entry in details.lineage)
    yield "gates", ", ".join(f"{gate.name} {gate.verdict} ({gate.figure})" for gate in details.gates)
    yield "approvals", ", ".join(details.approvals)
    yield "waits for", "; ".join(_waiting(request) for request in details.waiting)


def _waiting(request: WaitingRequest) -> str:
    have = f"{request.stage}, {request.approvals.have} of {request.approvals.need} approvals"
    no = ", ".join(f"{each.by}: {each.why}" for each in request.rejections)
    return f"{have}, rejected by {no}" if no else have


def _contents(artifact: Mapping[str, object]) -> str:
    files, whole = artifact.get("files"), artifact.get("size")
    if not isinstance(files, int) or not isinstance(whole, int):
        return ""
    return f"{artifact.get('kind')}: {counted(files, 'file')}, {size(whole)}"


def _outlook(due: Outlook) -> str:
    match due.then:
        case Then.KEEP:
            return f"stay until {moment(due.until)}: {due.reason}" if due.until else ""
        case Then.ARCHIVE:
            archive = f"the archive {due.archive}" if due.archive else "an archive"
            return f"gc moves them to {archive}: {due.reason}"
        case Then.DELETE:
            return f"gc deletes them from the shared store: {due.reason}"
        case _:
            assert_never(due.then)


def _origin(entry: object) -> str:
    return f"{entry.get('ref')} ({entry.get('role')})" if isinstance(entry, Mapping) else str(entry)


def _pairs(table: Mapping[str, object]) -> str:
    return ", ".join(f"{key} {_value(value)}" for key, value in table.items())


def _value(value: object) -> str:
    match value:
        case float():
            return number(value)
        case list() | tuple():
            return ", ".join(map(_value, value))
        case Mapping():
            return "{" + _pairs(value) + "}"
        case _:
            return str(value)

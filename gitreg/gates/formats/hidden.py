"""Pickles wherever they hide: the scanner's way through containers, asked for nothing else.  Trusts no name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitreg.errors import FormatError
from gitreg.gates.formats.pickles import is_pickle
from gitreg.gates.scan.containers.streams import look_at_stream, look_at_tar
from gitreg.gates.scan.containers.zips import look_at_zip
from gitreg.gates.scan.profiles.profile import merged
from gitreg.gates.scan.scan import Looks, scan_file

if TYPE_CHECKING:
    from pathlib import Path

    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_PICKLE = "pickle"
_CONVERT = "gitreg convert makes safetensors or skops of most, which hold data only"


def refuse_pickles(path: Path) -> None:
    """Raises FormatError if a pickle lies in a file, or it is packed in a way that cannot be looked through."""
    findings = scan_file(path, merged(()), _LOOKS).findings
    for finding in sorted(findings, key=lambda each: each.rule != _PICKLE):
        what = f"holds {finding.where}, which {finding.detail}" if finding.where else finding.detail
        raise FormatError(what, hint=finding.advice)


def _look_at_pickle(part: Part, scan: Scan) -> str | None:
    with part.open() as stream:
        if not is_pickle(stream, part.size):
            return None
    scan.unknown(part, _PICKLE, "is a pickle, which runs code when it is opened", _CONVERT)
    return _PICKLE


def _data(part: Part, scan: Scan) -> str:  # noqa: ARG001  every look is called alike
    """Whatever else it is, other parsers judge it."""
    return "data"


_LOOKS: Looks = ((_look_at_pickle, look_at_zip, look_at_tar, look_at_stream), (_data,))

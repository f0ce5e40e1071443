"""Values of every format for hypothesis, and the check that all parsers share: nothing but a GitregError comes out."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from gitreg.core.digest import Digest
from gitreg.core.event import (
    ApprovalRecord,
    Assignment,
    Cause,
    Deprecation,
    Deregistration,
    GateRecord,
    PointerAt,
    Registration,
    Unassignment,
)
from gitreg.core.names import RESERVED_STAGES, ModelName, Principal, StageName
from gitreg.core.oid import Oid
from gitreg.core.registry_id import RegistryId
from gitreg.core.version import Version
from gitreg.errors import GitregError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UUID = "6c0e2a9d-1f7b-4a58-9a51-0d3c5b7e9f10"

_WORD = r"[a-z0-9]([a-z0-9_-]{0,8}[a-z0-9])?"
model_names = st.from_regex(rf"{_WORD}(/{_WORD})?", fullmatch=True).map(ModelName)
stage_names = st.from_regex(_WORD, fullmatch=True).filter(lambda name: name not in RESERVED_STAGES).map(StageName)
principals = st.from_regex(r"[A-Za-z0-9._%+@-]{1,20}", fullmatch=True).map(Principal)
versions = st.builds(Version, *[st.integers(0, 999_999_999)] * 3)
digests = st.binary(min_size=32, max_size=32).map(lambda data: Digest(data.hex()))
oids = (
    st.sampled_from([20, 32])
    .flatmap(lambda size: st.binary(min_size=size, max_size=size))
    .map(lambda data: Oid(data.hex()))
)
registries = st.uuids().map(lambda value: RegistryId(str(value)))
paths = st.from_regex(r"[a-zé ]{1,8}(/[a-z日-]{1,8}){0,2}\.gitreg", fullmatch=True)
pointers_at = st.builds(PointerAt, paths, digests)
numbers = st.integers(1, 999_999_999)
gates = st.builds(
    GateRecord,
    st.from_regex(r"[a-z0-9][a-z0-9_-]{0,10}", fullmatch=True),
    st.sampled_from(["pass", "pass+margin", "fail", "error"]),
    st.from_regex(r"-|[0-9]\.[0-9]{1,6}|[!-~] ?[ -~]{0,20}", fullmatch=True),
    st.none() | digests,
)
expiries = st.sampled_from(["never", "2026-12-01T00:00:00Z"])
signatures = st.binary(min_size=1, max_size=60).map(lambda data: base64.b64encode(data).decode())
approvals = st.builds(ApprovalRecord, principals, expiries, signatures)

registrations = st.builds(Registration, registries, model_names, versions, digests, pointers_at, oids)
deregistrations = st.builds(Deregistration, registries, model_names, versions, oids, oids)
unassignments = st.builds(Unassignment, registries, model_names, stage_names, numbers, st.none() | oids, oids)
deprecations = st.builds(Deprecation, registries, model_names, oids)
assignments = st.builds(
    Assignment,
    cause=st.sampled_from(Cause),
    registry=registries,
    model=model_names,
    version=versions,
    version_tag=oids,
    stage=stage_names,
    n=numbers,
    manifest=digests,
    pointer=pointers_at,
    previous=st.none() | oids,
    policy=oids,
    gates=st.lists(gates, max_size=3).map(tuple),
    approvals=st.lists(approvals, max_size=3).map(tuple),
)
events = registrations | deregistrations | unassignments | deprecations | assignments


def mutated(draw: Callable[..., object], valid: bytes) -> bytes:
    """A valid text with up to three places cut, doubled or overwritten: gets deeper into a parser than noise does."""
    text = bytearray(valid)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        text[at : at + draw(st.integers(0, 8))] = draw(st.binary(max_size=6) | st.sampled_from(SPLINTERS))
    return bytes(text)


# What tells parsers apart: line ends, quotes, escapes, huge numbers, and the formats' own keywords.
SPLINTERS = [
    *(b"\n", b"\n\n", b"\r\n", b"\0", b'"', b"'", b'"""', b"\\u", b"[", b"]]", b"{", b"}", b"=", b" = 1\n", b"#"),
    *(b"nan", b"inf", b"0x" + b"f" * 40, b"9" * 40, b"1979-05-27", b"\xff", "\u202e".encode(), b"\x1b[31m", b"../"),
    *(
        b"Gitreg-Gate: a pass 1\n",
        b"-----BEGIN SSH SIGNATURE-----\n",
        b"expires never\n",
        b"[artifact]\n",
        b"format = ",
    ),
]


def only_gitreg_errors(parse: Callable[[], object]) -> object | None:
    """Run a parser: its value, or None if it refused in one line that a terminal can show."""
    try:
        return parse()
    except GitregError as error:
        refusal = error
    assert refusal.message.isprintable(), refusal.message
    assert len(refusal.message) < 2000
    assert refusal.hint is None or refusal.hint.isprintable()
    return None


def golden(path: Path, data: bytes) -> None:
    """A format that drifts makes every registry written before unreadable: the committed bytes decide."""
    assert data == path.read_bytes(), f"{path.name} is not what this program writes; a changed format needs a number"

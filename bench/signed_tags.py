"""A registry with many signed tags, made in seconds: signed in this process and written through one git."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import gitreg
from gitreg.core.digest import Digest
from gitreg.core.event import Assignment, Cause, Event, PointerAt, Registration
from gitreg.core.names import ModelName, StageName
from gitreg.core.oid import Oid
from gitreg.core.tag_message import TagMessage, format_message
from gitreg.core.version import Version
from gitreg.operations.add import AddRequest
from gitreg.operations.context import Settings
from gitreg.operations.init import InitRequest
from gitreg.operations.sign import open_signer
from gitreg.trust.sshsig import sign
from gitreg.trust.tag_object import Tagger, TargetType, attach_signature, encode_tag_object

STAGE = StageName("production")
START = 1_790_000_000


def environment(scratch: Path) -> dict[str, str]:
    """A home of its own; and compiled modules are kept, as they are everywhere but in some test machines."""
    (scratch / "home").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITREG_", "SSH_"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    (scratch / "home/.gitconfig").write_text("[user]\n\tname = Bench\n\temail = bench@example.com\n")
    own = {"GIT_CONFIG_GLOBAL": str(scratch / "home/.gitconfig"), "GIT_CONFIG_NOSYSTEM": "1"}
    return {**kept, **own, "HOME": str(scratch / "home"), "XDG_CACHE_HOME": str(scratch / "home/.cache")}


def build(place: Path, environ: dict[str, str], tags: int, models: int) -> Path:
    """Half of the tags are versions, each of which was then promoted; every one verifies.  Sets this process's home."""
    os.environ.clear()
    os.environ.update(environ)
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(place)], check=True)
    gitreg.init(place, InitRequest(new_key=True, hooks=False), Settings())
    registry = gitreg.open(place, Settings())
    for model in range(models):
        (place / f"model-{model}").write_text(f"{model}\n")
        registry.add(AddRequest(Path(f"{place}/model-{model}"), commit_message=f"Train model-{model}"))
    stream = b"".join(_stream(place, registry, tags // (2 * models), models))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=place, input=stream, check=True)
    subprocess.run(["git", "pack-refs", "--all"], cwd=place, check=True)
    return place


def _stream(place: Path, registry: gitreg.api.Registry, versions: int, models: int) -> Iterator[bytes]:
    target = registry.context.head_commit()
    policy = Oid(_git(place, "rev-parse", "HEAD:.gitreg/policy.toml"))
    signer = open_signer(registry.context)
    for number in range(models):
        model = ModelName(f"model-{number}")
        data = (place / f"{model}.gitreg").read_bytes()
        pointer = PointerAt(f"{model}.gitreg", Digest.of(data))
        manifest = Digest.parse(data.decode().split('manifest = "')[1].split('"')[0])
        previous: Oid | None = None
        for n in range(1, versions + 1):
            version = Version(1, n, 0)
            registration = Registration(registry.context.config.id, model, version, manifest, pointer, policy)
            raw = _signed(signer, registration, target, START + 2 * n)
            yield _import(registration, raw)
            version_tag = _oid(raw)
            assignment = Assignment(
                Cause.PROMOTE, registry.context.config.id, model, version, version_tag, STAGE, n, manifest, pointer,
                previous, policy,
            )  # fmt: skip
            raw = _signed(signer, assignment, target, START + 2 * n + 1)
            yield _import(assignment, raw)
            previous = _oid(raw)


def _signed(signer: object, event: Event, target: Oid, seconds: int) -> bytes:
    tagger = Tagger("Bench", "bench@example.com", seconds, "+0000")
    payload = encode_tag_object(
        target, TargetType.COMMIT, str(event.tag_name), tagger, format_message(TagMessage(event))
    )
    return attach_signature(payload, sign(signer, payload, "git"))


def _import(event: Event, raw: bytes) -> bytes:
    head, _, message = raw.partition(b"\n\n")
    target, tagger = head.split(b"\n")[0].split(b" ")[1], head.split(b"\n")[3]
    name = str(event.tag_name).encode()
    return b"tag %s\nfrom %s\n%s\ndata %d\n%s\n" % (name, target, tagger, len(message), message)


def _oid(raw: bytes) -> Oid:
    return Oid(hashlib.sha1(b"tag %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest())


def _git(place: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=place, check=True, capture_output=True, text=True).stdout.strip()

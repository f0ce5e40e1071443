"""The clients compared: how each is set up in a fresh place, and its commands for the same steps."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PYTHON = sys.executable
GITREG = str(Path(sys.executable).parent / "gitreg")
_RAW = f"{PYTHON} -m bench.remote.raw"


@dataclass(frozen=True, slots=True)
class Server:
    """An S3 service on the loopback interface."""

    url: str
    key: str
    secret: str

    @property
    def environment(self) -> dict[str, str]:
        """What Amazon's SDKs, obstore and s5cmd read."""
        return {
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
            "AWS_EC2_METADATA_DISABLED": "true",
            "S3_ENDPOINT_URL": self.url,
        }


@dataclass(frozen=True, slots=True)
class Contender:
    """Commands run in a place that holds `model/`; {bucket} is a fresh one.  `forget` removes what `pull` fetches."""

    name: str
    setup: tuple[str, ...]
    steps: Mapping[str, str]
    forget: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def contenders(server: Server, clients: Path, dvc: str | None) -> list[Contender]:
    """Those that are installed, in the folder `clients` or, for DVC, in its own; the raw client is the yardstick."""
    found = [_raw(), _gitreg(server, "obstore"), _gitreg(server, "fsspec")]
    if dvc:
        found.append(_dvc(server, dvc))
    peers: dict[str, Callable[[str, Server], Contender]] = {"aws": _aws, "s5cmd": _s5cmd, "rclone": _rclone}
    return found + [make(str(clients / name), server) for name, make in peers.items() if (clients / name).exists()]


def _raw() -> Contender:
    steps = {"push": f"{_RAW} push model {{bucket}}", "pull": f"{_RAW} pull {{bucket}} out"}
    return Contender("obstore alone", (), steps)


def _gitreg(server: Server, driver: str) -> Contender:
    setup = (
        "git init -q",
        f"{GITREG} -q init",
        f"git config gitreg.remote.origin.endpoint-url {server.url}",
        f"git config gitreg.remote.origin.driver {driver}",
        f"{GITREG} -q remote add origin s3://{{bucket}}/store",
        f"{GITREG} -q add model",
        "git commit -qm model",
    )
    steps = {
        "push": f"{GITREG} -q push --objects-only",
        "push again": f"{GITREG} -q push --objects-only",
        "change": f"sh -c '{GITREG} -q add model && git commit -qm changed && {GITREG} -q push --objects-only'",
        "pull": f"{GITREG} -q pull model.gitreg -o out",
    }
    return Contender(f"gitreg ({driver})", setup, steps, ("rm -rf .git/gitreg/objects home-cache",))


def _dvc(server: Server, program: str) -> Contender:
    setup = (
        "git init -q",
        f"{program} init -q",
        f"{program} config -q core.analytics false",
        f"{program} remote add -q -d origin s3://{{bucket}}/dvc",
        f"{program} remote modify -q origin endpointurl {server.url}",
        f"{program} add -q model",
    )
    steps = {
        "push": f"{program} push -q",
        "push again": f"{program} push -q",
        "change": f"sh -c '{program} add -q model && {program} push -q'",
        "pull": f"{program} pull -q",
    }
    return Contender("DVC", setup, steps, ("rm -rf .dvc/cache .dvc/tmp model",))


def _aws(program: str, _server: Server) -> Contender:
    steps = {
        "push": f"{program} s3 cp --quiet --recursive model s3://{{bucket}}/aws",
        "push again": f"{program} s3 sync --quiet model s3://{{bucket}}/aws",
        "pull": f"{program} s3 cp --quiet --recursive s3://{{bucket}}/aws out",
    }
    return Contender("aws s3 cp", (), steps)


def _s5cmd(program: str, _server: Server) -> Contender:
    steps = {
        "push": f"{program} --log error cp model/ s3://{{bucket}}/s5cmd/",
        "push again": f"{program} --log error sync model/ s3://{{bucket}}/s5cmd/",
        "pull": f"{program} --log error cp s3://{{bucket}}/s5cmd/* out/",
    }
    return Contender("s5cmd", (), steps)


def _rclone(program: str, server: Server) -> Contender:
    steps = {
        "push": f"{program} copy -q model bench:{{bucket}}/rclone",
        "push again": f"{program} copy -q model bench:{{bucket}}/rclone",
        "pull": f"{program} copy -q bench:{{bucket}}/rclone out",
    }
    settings = {
        "RCLONE_CONFIG_BENCH_TYPE": "s3",
        "RCLONE_CONFIG_BENCH_PROVIDER": "Ceph",
        "RCLONE_CONFIG_BENCH_ENDPOINT": server.url,
        "RCLONE_CONFIG_BENCH_ACCESS_KEY_ID": server.key,
        "RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY": server.secret,
        "RCLONE_CONFIG_BENCH_NO_CHECK_BUCKET": "true",
    }
    return Contender("rclone", (), steps, environment=settings)

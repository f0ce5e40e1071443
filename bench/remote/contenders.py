"""The clients compared: how each is set up in a fresh place, and its commands for the same steps."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

GITREG = str(Path(sys.executable).parent / "gitreg")
_RAW = f"{sys.executable} -m bench.remote.raw"
_RAW_S3FS = f"{sys.executable} -m bench.remote.raw_s3fs"


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
    """Commands run in a place that holds `model/`; {bucket} is a fresh one.  `forget` removes what `pull` fetches.

    What was interrupted is finished by `push again` and `pull again`; without the latter, by `pull`.
    """

    name: str
    setup: tuple[str, ...]
    steps: Mapping[str, str]
    forget: tuple[str, ...] = ("rm -rf out",)
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the peers' programs are: `clients` is a folder of them, DVC and Git LFS's agent have their own."""

    clients: Path
    dvc: Path
    lfs_agent: Path


def contenders(server: Server, places: Places) -> list[Contender]:
    """Those that are installed; the first one is what the others are measured by."""
    peers: list[tuple[Path, Callable[[Path, Server], Contender]]] = [
        (places.clients / "s5cmd", _s5cmd),
        (places.clients / "rclone", _rclone),
        (places.clients / "aws", _aws),
        (places.dvc, _dvc),
        (places.lfs_agent, _lfs),
    ]
    found = [make(program, server) for program, make in peers if program.exists()]
    own = [_gitreg(server, "obstore"), _raw("obstore alone", _RAW)]
    return [*own, _gitreg(server, "fsspec"), _raw("s3fs alone", _RAW_S3FS), *found]


def _raw(name: str, command: str) -> Contender:
    steps = {"push": f"{command} push model {{bucket}}", "pull": f"{command} pull {{bucket}} out"}
    return Contender(name, (), steps)


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
    name = "**gitreg**" if driver == "obstore" else f"gitreg, `driver {driver}`"
    return Contender(name, setup, steps, ("rm -rf .git/gitreg/objects home-cache out",))


def _dvc(program: Path, server: Server) -> Contender:
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


def _lfs(agent: Path, _server: Server) -> Contender:
    """Git LFS with the transfer agent of awslabs' git-remote-s3."""
    setup = (
        "git init -q",
        "git lfs install --local",
        "git lfs track model/**",
        "git remote add origin s3://{bucket}/lfs",
        f"git config lfs.customtransfer.s3.path {agent}",
        "git config lfs.standalonetransferagent s3",
        "git config lfs.locksverify false",
        "git add .gitattributes model",
        "git commit -qm model",
    )
    steps = {
        "push": "git lfs push --all origin",
        "push again": "git lfs push --all origin",
        "change": "sh -c 'git add model && git commit -qm changed && git lfs push --all origin'",
        "pull": "git lfs pull",
    }
    return Contender("Git LFS", setup, steps, ("rm -rf .git/lfs model",))


def _aws(program: Path, _server: Server) -> Contender:
    steps = {
        "push": f"{program} s3 cp --quiet --recursive model s3://{{bucket}}/aws",
        "push again": f"{program} s3 sync --quiet model s3://{{bucket}}/aws",
        "pull": f"{program} s3 cp --quiet --recursive s3://{{bucket}}/aws out",
        "pull again": f"{program} s3 sync --quiet s3://{{bucket}}/aws out",
    }
    return Contender("aws s3 cp", (), steps)


def _s5cmd(program: Path, _server: Server) -> Contender:
    steps = {
        "push": f"{program} --log error cp model/ s3://{{bucket}}/s5cmd/",
        "push again": f"{program} --log error sync model/ s3://{{bucket}}/s5cmd/",
        "pull": f"{program} --log error cp s3://{{bucket}}/s5cmd/* out/",
        "pull again": f"{program} --log error sync s3://{{bucket}}/s5cmd/* out/",
    }
    return Contender("s5cmd", (), steps)


def _rclone(program: Path, server: Server) -> Contender:
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

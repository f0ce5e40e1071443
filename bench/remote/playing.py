"""Has a contender do its steps in a fresh place, with a fresh bucket.  Measures nothing."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import boto3

from bench.remote.contenders import Contender, Server
from bench.remote.works import change
from bench.storage.costs import stored

STEPS = ("push", "push again", "change", "pull")
_numbers = count()


@dataclass(frozen=True, slots=True)
class Play:
    """One contender, set up."""

    tool: Contender
    place: Path
    bucket: str
    environment: Mapping[str, str]

    @property
    def steps(self) -> list[str]:
        return [step for step in STEPS if step in self.tool.steps]

    def prepare(self, step: str) -> int:
        """Get ready for a step; returns how many bytes of content it should move."""
        model = self.place / "model"
        match step:
            case "push again":
                return 0
            case "change":
                return change(model)
            case "pull":
                size = stored(model)
                for command in self.tool.forget:
                    self.call(command)
                return size
            case _:
                return stored(model)

    def command(self, step: str) -> str:
        return self.tool.steps[step].format(bucket=self.bucket)

    def call(self, command: str) -> None:
        """Run one of the contender's commands; shows what it said if it failed."""
        done = subprocess.run(
            shlex.split(command.format(bucket=self.bucket)),
            cwd=self.place,
            capture_output=True,
            check=False,
            env={**os.environ, **self.environment},
        )
        if done.returncode:
            raise RuntimeError(f"{self.tool.name}: {command}: {done.stderr.decode(errors='replace')[-2000:]}")


@contextmanager
def playing(tool: Contender, source: Path, server: Server) -> Iterator[Play]:
    """The contender in a place with a copy of `source` as `model/`; everything is gone afterwards, objects too."""
    place, bucket = source.parent / "place", f"bench-{next(_numbers)}"
    shutil.copytree(source, place / "model")
    boto3.client("s3").create_bucket(Bucket=bucket)
    own = {"GITREG_CACHE": str(place / "home-cache")}
    play = Play(tool, place, bucket, server.environment | tool.environment | own)
    try:
        for command in tool.setup:
            play.call(command)
        yield play
    finally:
        _empty(bucket)
        shutil.rmtree(place)


def _empty(bucket: str) -> None:
    """The server keeps its objects in memory."""
    resource = boto3.resource("s3").Bucket(bucket)
    for upload in resource.multipart_uploads.all():
        upload.abort()
    resource.objects.delete()
    resource.delete()

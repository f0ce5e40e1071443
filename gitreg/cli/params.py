"""The words of a command line as types: references, names, versions, times, and K=V."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click

from gitreg.cli.times import parse_time
from gitreg.core.names import ModelName, Principal, StageName
from gitreg.core.reference import Reference, parse_reference
from gitreg.core.remote_url import RemoteUrl
from gitreg.core.text import escape
from gitreg.core.version import Bump, Version
from gitreg.errors import UsageError

T = TypeVar("T")
Scalar = bool | int | float | str


class Parsed(click.ParamType[T]):
    """A type with a parser of ours, which raises UsageError with a hint of its own."""

    def __init__(self, name: str, parse: Callable[[str], T]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> T:  # noqa: ARG002
        if type(value) is not str:
            raise TypeError(f"{self.name} was parsed twice")
        return self._parse(value)


class Place(click.Path):
    """A path; an empty one, as an unset shell variable leaves it, would silently mean the current directory."""

    def convert(self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None) -> Path:
        if not os.fspath(value):
            raise UsageError("a path is empty", hint="is a shell variable unset?")
        return Path(os.fsdecode(super().convert(value, param, ctx)))


def parse_scalar(text: str) -> Scalar:
    """The type a value looks like; double quotes around it keep a string."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def parse_pair(text: str) -> tuple[str, str]:
    """Split K=V."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"not K=V: '{escape(text[:64])}'", hint="for example accuracy=0.98")
    return key.strip(), value.strip()


def parse_param(text: str) -> tuple[str, Scalar]:
    """A hyperparameter: any scalar."""
    key, value = parse_pair(text)
    scalar = parse_scalar(value)
    if isinstance(scalar, float) and not math.isfinite(scalar):
        raise UsageError(f"not a finite number: '{escape(text[:64])}'", hint=f'a string is quoted: {escape(key)}="nan"')
    return key, scalar


def parse_metric(text: str) -> tuple[str, float]:
    """A metric: a finite number."""
    key, value = parse_pair(text)
    scalar = parse_scalar(value)
    if isinstance(scalar, bool | str) or not math.isfinite(scalar):
        raise UsageError(f"not a finite number: '{escape(text[:64])}'", hint="metrics are finite numbers")
    return key, scalar


def _time(text: str) -> datetime:
    return parse_time(text, datetime.now(UTC))


def _stages(text: str) -> tuple[StageName, ...]:
    return tuple(StageName.parse(name.strip()) for name in text.split(","))


MODEL = Parsed[ModelName]("name", ModelName.parse)
PRINCIPAL = Parsed[Principal]("principal", Principal.parse)
STAGE = Parsed[StageName]("stage", StageName.parse)
REF = Parsed[Reference]("ref", parse_reference)
STAGES = Parsed[tuple[StageName, ...]]("stages", _stages)
URL = Parsed[RemoteUrl]("url", RemoteUrl.parse)
VERSION = Parsed[Version]("version", Version.parse)
TIME = Parsed[datetime]("time", _time)
PARAM = Parsed[tuple[str, Scalar]]("K=V", parse_param)
METRIC = Parsed[tuple[str, float]]("K=V", parse_metric)
PLACE = Place()
FILE = Place(dir_okay=False)
FOLDER = Place(file_okay=False)
BUMP = click.Choice([bump.value for bump in Bump])

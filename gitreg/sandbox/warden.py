"""The process that watches one job: reads a `Job` from stdin, writes an `Ended` to stdout, and leaves nobody alive.

A process of its own, so that the program that asked may have threads, be killed, or go on as if nothing had been.
"""

from __future__ import annotations

import os
import selectors
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

from gitreg.sandbox import linux
from gitreg.sandbox.confine import doors_left_open, leave_namespaces
from gitreg.sandbox.job import Ended, Job, Limits, Outcome
from gitreg.sandbox.keeper import descendants, keep

_PIECE = 1 << 16
_COUNT_EVERY = 0.1
_FAREWELL = 5.0


@dataclass(slots=True)
class _Pipe:
    """One way out of the job: at most `most` bytes of it count."""

    most: int
    ends: tuple[int, int] = field(default_factory=os.pipe)
    data: bytearray = field(default_factory=bytearray)

    def take(self) -> bool:
        """Read what is there; whether there may be more."""
        piece = os.read(self.ends[0], _PIECE)
        self.data += piece
        return bool(piece)

    @property
    def flooded(self) -> bool:
        return len(self.data) > self.most

    @property
    def kept(self) -> bytes:
        return bytes(self.data[: self.most])

    @property
    def text(self) -> str:
        return self.kept.decode("utf-8", "replace")


@dataclass(slots=True)
class _Pipes:
    """`report` is the keeper's word on how it ended, `failure` why the program could not be started."""

    out: _Pipe
    err: _Pipe
    report: _Pipe = field(default_factory=lambda: _Pipe(_PIECE))
    failure: _Pipe = field(default_factory=lambda: _Pipe(_PIECE))

    @classmethod
    def of(cls, limits: Limits) -> _Pipes:
        return cls(_Pipe(limits.output), _Pipe(limits.output))

    @property
    def all(self) -> tuple[_Pipe, ...]:
        return self.out, self.err, self.report, self.failure


def main() -> None:
    """Watch the job on stdin to its end."""
    with suppress(OSError):
        linux.signal_at_parents_death(signal.SIGKILL)
    sys.stdout.write(watch(Job.from_json(sys.stdin.read())).to_json())


def watch(job: Job) -> Ended:
    """Run a job and wait until it and all that it started are gone."""
    own_ids, doors = leave_namespaces(job)
    doors += doors_left_open()
    pipes = _Pipes.of(job.limits)
    keeper = os.fork()
    if keeper == 0:
        keep(job, (job.stdin, pipes.out.ends[1], pipes.err.ends[1]), pipes.report.ends[1], pipes.failure.ends[1])
    for pipe in pipes.all:
        os.close(pipe.ends[1])
    try:
        outcome = _listen(job.limits, pipes, keeper)
    finally:
        _dismiss(keeper, signal.SIGKILL if own_ids else signal.SIGTERM)
    code = 0
    if pipes.failure.data:
        outcome = Outcome.NOT_STARTED
    elif outcome is None:
        outcome, code = _ending(pipes.report.text)
    return Ended(outcome, code, pipes.out.kept, pipes.err.kept, tuple(doors), pipes.failure.text)


def _listen(limits: Limits, pipes: _Pipes, keeper: int) -> Outcome | None:
    """Until all pipes are closed, which is when the keeper is gone; or the job does what it may not."""
    end, count_at = time.monotonic() + limits.seconds, 0.0
    with selectors.DefaultSelector() as selector:
        for pipe in pipes.all:
            selector.register(pipe.ends[0], selectors.EVENT_READ, pipe)
        while selector.get_map():
            if (now := time.monotonic()) >= end:
                return Outcome.TIMED_OUT
            if now >= count_at:
                if len(descendants(keeper)) > limits.processes:
                    return Outcome.TOO_MANY
                count_at = now + _COUNT_EVERY
            for key, _ in selector.select(min(_COUNT_EVERY, end - now)):
                if not key.data.take():
                    selector.unregister(key.fd)
                if key.data.flooded:
                    return Outcome.FLOODED
    return None


def _dismiss(keeper: int, number: signal.Signals) -> None:
    """Where process ids are the job's own, the first process takes all others along; elsewhere it kills them."""
    os.kill(keeper, number)
    end = time.monotonic() + _FAREWELL
    while os.waitpid(keeper, os.WNOHANG)[0] == 0:
        if time.monotonic() > end:
            os.kill(keeper, signal.SIGKILL)
        time.sleep(0.002)


def _ending(report: str) -> tuple[Outcome, int]:
    """A keeper that says nothing was killed by its own job."""
    if not report:
        return Outcome.LEFT_CHILDREN, 0
    status, left = map(int, report.split())
    code = os.waitstatus_to_exitcode(status)
    if left:
        return Outcome.LEFT_CHILDREN, code
    return (Outcome.SIGNALLED, -code) if code < 0 else (Outcome.EXITED, code)

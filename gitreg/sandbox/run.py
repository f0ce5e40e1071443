"""Running one program in a sandbox: what it gets to see, and the process that watches it."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import gitreg
from gitreg.sandbox.job import Ended, Job, Limits, Outcome
from gitreg.sandbox.work_area import work_area

# What programs need to find their way, and numeric libraries to behave.  Nothing else is their business.
_PASSED_ON: Final = frozenset({"PATH", "TZ", "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"})
_AGENTS: Final = ("SSH_AUTH_SOCK", "SSH_AGENT_PID", "GPG_AGENT_INFO")
_ROOT: Final = Path("/")
_SOURCES: Final = str(Path(gitreg.__file__).resolve().parent.parent)
_WATCH: Final = "import sys; sys.path.insert(0, sys.argv[1]); from gitreg.sandbox.warden import main; main()"
_OVERTIME: Final = 30.0
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Task:
    """A program by its absolute path, its stdin, the files in its directory, and what else it may read or not.

    `kept`: what of the files that it leaves in its directory is copied, by name, and where to, if it exits with 0.
    `beside`: where its directory lies, for programs that write much; else with the system's other temporary ones.
    """

    argv: tuple[str, ...]
    stdin: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict)
    readable: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    kept: Mapping[str, Path] = field(default_factory=dict)
    beside: Path | None = None


def run_sandboxed(task: Task) -> Ended:
    """Run it in a directory of its own that is gone afterwards, like everything it started.

    Raises:
        OSError: a file to keep is not there, or is no file.
    """
    with work_area(task.beside) as work:
        with tempfile.TemporaryFile() as stdin:
            _fill(work, task)
            stdin.write(task.stdin)
            stdin.seek(0)
            ended = _watched(_job(task, work, stdin.fileno()))
        if ended.outcome is Outcome.EXITED and ended.code == 0:
            for name, target in task.kept.items():
                _keep(work / name, target)
        return ended


def python_environment() -> dict[str, str]:
    """What a Python of ours needs besides, to import what we can."""
    return {"PYTHONPATH": os.pathsep.join(_import_paths()), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1"}


def _fill(work: Path, task: Task) -> None:
    (work / "tmp").mkdir()
    for name, data in task.files.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_bytes(data)
        (work / name).chmod(0o700)


def _keep(made: Path, place: Path) -> None:
    """The program may have left a link to what it could not read itself, or a pipe that nobody writes to."""
    handle = os.open(made, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "no file was left, but something else", str(made))
    with open(handle, "rb") as source, place.open("xb") as target:  # noqa: PTH123  a handle has no path
        shutil.copyfileobj(source, target, _PIECE)


def _job(task: Task, work: Path, stdin: int) -> Job:
    passed_on = {name: value for name, value in os.environ.items() if name in _PASSED_ON}
    own = {"HOME": str(work), "TMPDIR": str(work / "tmp"), "LC_ALL": "C.UTF-8"}
    interpreter = (Path(sys.prefix), Path(sys.base_prefix), *map(Path, _import_paths()))
    return Job(
        argv=task.argv,
        stdin=stdin,
        work=str(work),
        environment={**passed_on, **own, **task.environment},
        readable=tuple(str(path) for path in (*interpreter, Path(task.argv[0]), *task.readable)),
        hidden=tuple(str(path) for path in {*_private(), *(each.resolve() for each in task.hidden)} - {_ROOT}),
        limits=task.limits,
    )


def _import_paths() -> list[str]:
    return [path for path in dict.fromkeys([_SOURCES, *sys.path]) if Path(path).is_absolute() and Path(path).exists()]


def _private() -> set[Path]:
    """The user's own files, and the sockets of agents that sign for them."""
    places = {Path.home(), Path(f"/run/user/{os.getuid()}")}
    places |= {Path(value) for name in _AGENTS if (value := os.environ.get(name, "")).startswith("/")}
    return {place.resolve() for place in places if place.exists()}


def _watched(job: Job) -> Ended:
    command = [sys.executable, "-I", "-S", "-c", _WATCH, _SOURCES]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"LC_ALL": "C.UTF-8"},
        cwd="/",
        start_new_session=True,
        pass_fds=(job.stdin,),
    ) as warden:
        try:
            said, complaint = warden.communicate(job.to_json().encode(), timeout=job.limits.seconds + _OVERTIME)
        except BaseException as error:
            warden.kill()  # those it watches end with it
            if isinstance(error, subprocess.TimeoutExpired):
                return Ended(Outcome.TIMED_OUT)
            raise
    if warden.returncode != 0 or not said:
        last = (complaint.decode("utf-8", "replace").strip().splitlines() or ["it was killed"])[-1]
        return Ended(Outcome.NOT_STARTED, detail=f"the process that watches it failed: {last}")
    return Ended.from_json(said.decode())

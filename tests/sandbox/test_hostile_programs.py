"""Programs that try to get out, stay, or take everything.  Each test runs a real one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gitreg.sandbox.job import MIB, Ended, Limits, Outcome
from gitreg.sandbox.run import Task, run_sandboxed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what can be promised elsewhere is less")

# Bounded by itself as well: a sandbox that breaks must not take the machine that tests it along.
BOMB = "import os, time\nfor _ in range(8):\n    os.fork()\ntime.sleep(20)"
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        sys.stdin.close()
        time.sleep(60)  # {marker}
    os._exit(0)
os.wait()
print("done")
"""


def run(code: str, **options) -> Ended:
    limits = Limits(**{"seconds": 20.0, "memory": 512 * MIB, **options.pop("limits", {})})
    return run_sandboxed(Task((sys.executable, "-I", "-c", code), limits=limits, **options))


def alive(marker: str) -> list[str]:
    """Command lines of living processes with the marker in them, as the whole machine sees them."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            line = (entry / "cmdline").read_bytes().decode("utf-8", "replace") if entry.name.isdigit() else ""
        except OSError:
            continue
        found += [line] if marker in line else []
    return found


def test_what_a_good_program_says_comes_back():
    ended = run("import sys; print(sys.stdin.read() + '!'); sys.exit(3)", stdin=b"hello")
    assert (ended.outcome, ended.code, ended.stdout, ended.stderr) == (Outcome.EXITED, 3, b"hello!\n", b"")


def test_a_daemon_by_double_fork_does_not_outlive_the_program_and_counts():
    marker = f"marker-{os.getpid()}-daemon"
    ended = run(DAEMON.format(marker=marker))
    assert (ended.outcome, ended.stdout) == (Outcome.LEFT_CHILDREN, b"done\n")
    assert alive(marker) == []


def test_a_fork_bomb_ends_and_nothing_of_it_stays():
    marker = f"marker-{os.getpid()}-bomb"
    assert run(f"{BOMB}  # {marker}").outcome is Outcome.TOO_MANY
    assert alive(marker) == []


def test_a_flood_is_cut_off():
    ended = run("while True: print('x' * 1000)", limits={"output": 10_000})
    assert (ended.outcome, len(ended.stdout)) == (Outcome.FLOODED, 10_000)


@pytest.mark.parametrize("code", ["import time; time.sleep(60)", "while True: pass"])
def test_who_sleeps_or_spins_for_ever_is_stopped(code):
    started = time.monotonic()
    assert run(code, limits={"seconds": 0.5}).outcome is Outcome.TIMED_OUT
    assert time.monotonic() - started < 10


def test_memory_is_bounded():
    ended = run("bytearray(2 << 30)")
    assert (ended.outcome, b"MemoryError" in ended.stderr) == (Outcome.EXITED, True)


def test_files_are_bounded():
    assert run("open('big', 'wb').truncate(1 << 30)", limits={"file_size": MIB}).code != 0


def test_the_environment_holds_nothing_secret(monkeypatch):
    for name in ("AWS_SECRET_ACCESS_KEY", "GITREG_KEY", "SSH_AUTH_SOCK", "GIT_DIR", "GITHUB_TOKEN", "HF_TOKEN"):
        monkeypatch.setenv(name, "secret")
    ended = run("import os; print(sorted(os.environ))")
    assert set(eval(ended.stdout)) <= {"HOME", "LC_ALL", "LD_LIBRARY_PATH", "OMP_NUM_THREADS",
                                       "OPENBLAS_NUM_THREADS", "PATH", "TMPDIR", "TZ"}  # fmt: skip


def test_the_environment_of_those_outside_cannot_be_read():
    assert b"PermissionError" in run(f"open('/proc/{os.getpid()}/environ').read()").stderr


def test_the_users_files_cannot_be_read(tmp_path, monkeypatch):
    (tmp_path / ".netrc").write_text("machine example.com password secret")
    monkeypatch.setenv("HOME", str(tmp_path))
    ended = run(f"print(open({str(tmp_path / '.netrc')!r}).read())")
    assert (b"PermissionError" in ended.stderr, ended.stdout) == (True, b"")


def test_what_is_given_can_be_read_though_it_lies_in_what_is_hidden(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_text("1")
    (tmp_path / "other").write_text("2")
    code = f"print(open({str(tmp_path / 'model/weights')!r}).read()); open({str(tmp_path / 'other')!r})"
    ended = run(code, readable=(tmp_path / "model",), hidden=(tmp_path,))
    assert (ended.stdout, b"PermissionError" in ended.stderr) == (b"1\n", True)


def test_an_agents_socket_is_not_there(tmp_path, monkeypatch):
    (tmp_path / "agent").mkdir()
    address = str(tmp_path / "agent" / "sock")
    with subprocess.Popen(["ssh-agent", "-D", "-a", address], stdout=subprocess.DEVNULL) as agent:
        while not Path(address).exists():
            time.sleep(0.01)
        monkeypatch.setenv("SSH_AUTH_SOCK", address)
        try:
            ended = run(f"import socket; socket.socket(socket.AF_UNIX).connect({address!r}); print('connected')")
        finally:
            agent.terminate()
    assert ended.stdout == b""


def test_nothing_is_written_outside(tmp_path):
    target = tmp_path / "outside"
    ended = run(f"open('inside', 'w').write('x'); print(open('inside').read()); open({str(target)!r}, 'w')")
    assert (ended.stdout, b"PermissionError" in ended.stderr) == (b"x\n", True)
    assert not target.exists()


def test_its_directory_is_gone_afterwards_whatever_its_rights():
    ended = run("import os; os.mkdir('d'); open('d/f', 'w'); os.chmod('d', 0); print(os.getcwd())")
    assert not Path(ended.stdout.decode().strip()).exists()


def test_there_is_no_network(tmp_path):
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "-d", tmp_path],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        port = int(server.stdout.readline().split(" port ")[1].split()[0])
        ended = run(f"import socket; socket.create_connection(('127.0.0.1', {port}), 5); print('connected')")
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    assert (ended.stdout, ended.code) == (b"", 1)


def test_the_watchers_cannot_be_killed_from_inside():
    ended = run("import os; os.kill(os.getppid(), 9); print('killed')")
    assert (ended.outcome, ended.stdout) == (Outcome.EXITED, b"")


def test_one_that_a_signal_ends_has_not_exited():
    assert run("import os; os.abort()").outcome is Outcome.SIGNALLED


def test_a_program_that_is_not_there_is_said():
    ended = run_sandboxed(Task(("/no/such/program",)))
    assert (ended.outcome, ended.detail) == (Outcome.NOT_STARTED, "No such file or directory")


def test_it_ends_with_the_program_that_asked():
    """Killing gitreg in the middle of a gate must not leave the gate's processes to run for hours."""
    marker = f"marker-{os.getpid()}-orphan"
    inner = f"import time; print('up', flush=True); time.sleep(60)  # {marker}"
    code = (
        "import sys\nfrom gitreg.sandbox.run import Task, run_sandboxed\n"
        f"run_sandboxed(Task((sys.executable, '-c', {inner!r})))"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as asking:
        _until(lambda: any(line.startswith(sys.executable) and "-c\0import time" in line for line in alive(marker)))
        asking.kill()
    _until(lambda: not alive(marker))


def test_several_at_once_do_not_take_each_other_for_strays():
    ended: list[Ended] = []
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(.2)'], check=True)"
    threads = [threading.Thread(target=lambda: ended.append(run(code))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.outcome for each in ended] == [Outcome.EXITED] * 3


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs util-linux")
def test_without_namespaces_the_rest_holds_and_the_result_says_so():
    """Some containers and hardened systems forbid them: there the watcher hunts for strays by itself."""
    code = f"""
import sys
from gitreg.sandbox.job import Limits
from gitreg.sandbox.run import Task, run_sandboxed
for code in {[DAEMON.format(marker="x"), BOMB, "import socket; socket.create_connection(('127.0.0.1', 9))"]}:
    ended = run_sandboxed(Task((sys.executable, "-I", "-c", code), limits=Limits(20.0)))
    print(ended.outcome.name, ended.open_doors, ended.stderr.decode().strip().splitlines()[-1:])
"""
    forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" -c "$1"'
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", forbid, sys.executable, code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "max_user_namespaces" in done.stderr or "unshare" in done.stderr:
        pytest.skip("this machine has no namespaces to forbid them in")
    daemon, bomb, connection = done.stdout.splitlines()
    assert daemon.startswith("LEFT_CHILDREN")
    assert bomb.startswith("TOO_MANY")
    assert "no namespaces" in connection
    assert "PermissionError" in connection or "is open" in connection


def _until(condition) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_file_that_a_program_made_is_kept_if_it_ended_well(tmp_path):
    assert run("open('made', 'w').write('result')", kept={"made": tmp_path / "kept"}).code == 0
    assert (tmp_path / "kept").read_text() == "result"
    assert run("open('made', 'w'); raise SystemExit(1)", kept={"made": tmp_path / "not kept"}).code == 1
    assert not (tmp_path / "not kept").exists()


@pytest.mark.parametrize("left", ["os.symlink('{secret}', 'made')", "os.mkfifo('made')", "os.mkdir('made')", "pass"])
def test_what_is_kept_is_never_what_the_program_could_not_read_itself(left, tmp_path):
    """A link to a private file would be followed with the rights of who asked."""
    (tmp_path / "secret").write_text("private")
    with pytest.raises(OSError, match="made"):
        run("import os; " + left.format(secret=tmp_path / "secret"), kept={"made": tmp_path / "kept"})
    assert not (tmp_path / "kept").exists()

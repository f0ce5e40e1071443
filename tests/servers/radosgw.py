"""Ceph's S3 server on one machine: a monitor, one OSD that keeps everything in memory, and the gateway.

What it holds outlives a crash of the gateway, which is the process that `stop` and `restart` are about.
"""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers.daemon import Daemon, free_port
from tests.servers.s3 import READER, WRITER, Keys, S3Server
from tests.servers.server import not_tested

_PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
# No authentication between the daemons, one copy of everything, few placement groups, and a monitor that does not
# gather changes for a second before it agrees with itself: all of it starts in a second or two.
_CONFIG = """\
[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{port}/0
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
run dir = {directory}
crash dir = {directory}
admin socket =
log file = {directory}/$name.log
mon cluster log file = {directory}/cluster.log
pid file =
mon data = {directory}/mon
osd data = {directory}/osd
rgw data = {directory}/rgw
osd objectstore = memstore
memstore device bytes = {capacity}
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
mon data avail warn = 1
paxos propose interval = 0.02
paxos min wait = 0.01
rgw gc obj min wait = 1
rgw gc processor period = 5
"""
_CAPACITY = 1 << 30  # memory is taken as objects come


@contextmanager
def running(directory: Path, capacity: int = _CAPACITY) -> Iterator[S3Server]:
    if not all(map(shutil.which, _PROGRAMS)):
        packages = "radosgw ceph-mon ceph-osd ceph-common"
        not_tested("a real S3 server", f"apt-get install --no-install-recommends {packages}")
    cluster = _Cluster(directory, capacity)
    with ExitStack() as started:

        def start(daemon: Daemon) -> Daemon:
            started.callback(daemon.kill)  # a tidy end takes seconds, and nothing of it is looked at again
            daemon.start()
            return daemon

        start(cluster.monitor())
        start(cluster.osd())
        cluster.make_user("writer", WRITER)
        cluster.make_user("reader", READER)
        yield S3Server(start(cluster.gateway()))


class _Cluster:
    """The three daemons, over one configuration file in a directory of theirs."""

    def __init__(self, directory: Path, capacity: int) -> None:
        self._directory = directory
        self._config = directory / "ceph.conf"
        self._port = free_port()
        self._id = str(uuid.uuid4())
        for name in ("osd", "rgw"):
            (directory / name).mkdir()
        self._config.write_text(_CONFIG.format(fsid=self._id, port=self._port, directory=directory, capacity=capacity))

    def monitor(self) -> Daemon:
        map_file = self._directory / "monmap"
        address = f"[v2:127.0.0.1:{self._port}/0]"
        self._run("monmaptool", "--create", "--fsid", self._id, "--addv", "a", address, map_file)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", map_file)
        return self._daemon("ceph-mon", "-i", "a", port=self._port)

    def osd(self) -> Daemon:
        name = str(uuid.uuid4())
        self._run("ceph", "--connect-timeout", "30", "osd", "new", name)
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", name)
        return self._daemon("ceph-osd", "-i", "0")

    def gateway(self) -> Daemon:
        port = free_port()
        return self._daemon(
            "radosgw", "-n", "client.rgw", f"--rgw-frontends=beast endpoint=127.0.0.1:{port}", port=port
        )

    def make_user(self, name: str, keys: Keys) -> None:
        names = ("--uid", name, "--display-name", name)
        self._run("radosgw-admin", "user", "create", *names, "--access-key", keys.key, "--secret-key", keys.secret)

    def _daemon(self, program: str, *args: str, port: int = 0) -> Daemon:
        return Daemon([program, "-c", self._config, "-f", *args], self._directory, port)

    def _run(self, program: str, *args: str | Path) -> None:
        command = [program, "-c", str(self._config), *map(str, args)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command} failed:\n{done.stderr[-2000:]}")

"""What is SFTP's own: whom a client talks to, sessions that threads share, and a disk that fills up over there."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from gitreg.core.digest import Digest
from gitreg.errors import StorageError
from gitreg.storage.open_store import create_store, open_store
from gitreg.storage.remote.driver import DeniedError
from gitreg.storage.remote.drivers import open_driver
from gitreg.storage.remote.sweep import RemoteSweep
from tests.servers.sshd import running


def test_a_server_whose_key_is_not_known_is_refused(sshd, tmp_path):
    """Whoever sits in between would be given the password and the models."""
    place = sshd.place()
    create_store(place.url, place.options)
    (tmp_path / "none").write_text("")
    with pytest.raises(DeniedError, match="not in known_hosts") as caught:
        open_store(place.url, {**place.options, "known-hosts": str(tmp_path / "none")})
    assert "fingerprint" in caught.value.hint


def test_a_server_whose_key_has_changed_is_refused(sshd, tmp_path):
    """A machine that took the server's place would be believed."""
    place = sshd.place()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    (tmp_path / "hosts").write_text(f"[127.0.0.1]:{sshd.port} {(tmp_path / 'other.pub').read_text()}")
    with pytest.raises(DeniedError, match="not in known_hosts"):
        open_store(place.url, {**place.options, "known-hosts": str(tmp_path / "hosts")})


def test_a_key_that_the_server_does_not_know(sshd, tmp_path):
    """A user would look for the fault in the URL."""
    place = sshd.place()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    with pytest.raises(DeniedError, match="does not accept the credentials"):
        open_store(place.url, {**place.options, "key-filename": str(tmp_path / "other")})


def test_an_option_that_nobody_knows_is_named_as_such(sshd):
    """A mistyped option would silently do nothing."""
    place = sshd.place()
    with pytest.raises(StorageError, match="does not take all options"):
        create_store(place.url, {**place.options, "key-file": "x"})


def test_a_server_that_does_not_speak_ssh_is_told_in_one_line(moto):
    """paramiko's own traceback would hide what is wrong."""
    url = f"sftp://somebody@127.0.0.1:{moto.port}/models"
    script = (
        f"from gitreg.storage.open_store import open_store; open_store({url!r}, {{'retries': '0', 'timeout': '1'}})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "UnavailableError" in done.stderr
    assert done.stderr.count("Traceback") == 1


def test_more_threads_than_sessions(sshd):
    """Answers would reach the wrong thread, or a server that bears ten sessions would refuse the eleventh."""
    place = sshd.place()
    driver = open_driver(place.url, {**place.options, "retries": "0"})
    values = {f"objects/{number:02x}": bytes([number]) * (number * 9000) for number in range(48)}
    with ThreadPoolExecutor(24) as pool:
        list(pool.map(driver.put, values, values.values()))
        assert dict(zip(values, pool.map(driver.get, values), strict=True)) == values


def test_a_connection_that_broke_is_made_again(sshd):
    """A server that was restarted, or a firewall, would end every transfer."""
    place = sshd.place()
    driver = open_driver(place.url, place.options)
    driver.put("a", b"before")
    sshd.stop()
    sshd.restart()
    assert driver.get("a") == b"before"


def test_a_disk_that_is_full_over_there_leaves_nothing(tmp_path):
    """Half an object would stand under a whole one's name: paramiko's own way to write forgets the server's no."""
    with running(tmp_path, "sh", "-c", 'trap \'\' XFSZ; ulimit -f 1000; exec "$0" "$@"') as server:
        place = server.place()
        store = create_store(place.url, place.options)
        large = bytes(1 << 20)
        with pytest.raises(StorageError, match="cannot write"):
            store.write(Digest.of(large), large)
        assert store.present([Digest.of(large)]) == set()
        assert not [file for folder in tmp_path.rglob("incoming") for file in folder.iterdir()]


def test_a_gc_removes_what_killed_uploads_left_behind_and_no_running_one(sshd):
    """The disk over there would fill with halves of objects that no listing shows."""
    place = sshd.place()
    store = create_store(place.url, place.options)
    store.driver.put("incoming/half", b"of an object")
    written = store.driver.head("incoming/half").modified
    sweep = RemoteSweep(store, timedelta(days=1))
    sweep.remove_leftovers(before=written - 1)
    assert store.driver.head("incoming/half") is not None
    sweep.remove_leftovers(before=written)
    assert store.driver.head("incoming/half") is None

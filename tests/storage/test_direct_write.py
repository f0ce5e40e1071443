"""Writing past the page cache: the same bytes as any other way, on every file system."""

from __future__ import annotations

import fcntl
import os
import random
import threading

import pytest

from gitreg.core.limits import KIB, MIB
from gitreg.storage.direct_write import DirectWriter

SIZES = [0, 1, 4095, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 16 * MIB]


def write(path, data):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        DirectWriter().fill(descriptor, data)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("size", SIZES)
def test_any_length_from_any_address(tmp_path, size):
    """An object would be stored with padding, or with a hole where two writes meet."""
    data = random.Random(size).randbytes(size + 1)
    write(tmp_path / "new", memoryview(data)[1:])
    assert (tmp_path / "new").read_bytes() == data[1:]


@pytest.mark.skipif(not hasattr(os, "O_DIRECT"), reason="this system has no such flag to refuse")
@pytest.mark.parametrize("refused_at", ["setting", "writing"])
def test_a_file_system_that_refuses(tmp_path, monkeypatch, refused_at):
    """Stores on network and user-space file systems could not be written at all."""
    flag = os.O_DIRECT

    def setting(descriptor, command, value=0):
        if command == fcntl.F_SETFL and value & flag:
            raise OSError(22, "Invalid argument")
        return original(descriptor, command, value)

    def writing(descriptor, view):
        if original(descriptor, fcntl.F_GETFL) & flag:
            raise OSError(22, "Invalid argument")
        return original_write(descriptor, view)

    original, original_write = fcntl.fcntl, os.write
    if refused_at == "setting":
        monkeypatch.setattr(fcntl, "fcntl", setting)
    else:
        monkeypatch.setattr(os, "write", writing)
    data = random.Random(1).randbytes(MIB + 5)
    write(tmp_path / "new", memoryview(data))
    assert (tmp_path / "new").read_bytes() == data


def test_threads_do_not_share_a_buffer(tmp_path):
    """Objects written at the same time would mix."""
    writer = DirectWriter()
    datas = [bytes([number]) * (3 * MIB + number) for number in range(8)]

    def work(number):
        descriptor = os.open(tmp_path / str(number), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        writer.fill(descriptor, memoryview(datas[number]))
        os.close(descriptor)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(tmp_path / str(number)).read_bytes() for number in range(8)] == datas

"""Hostile HDF5 meets C code in a process that has no rights; whatever becomes of that, no half target appears."""

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from gitreg.errors import FormatError
from gitreg.sandbox.keeper import descendants
from gitreg.serializers.convert import keras_program
from gitreg.serializers.convert.apart import Program, convert_apart

h5py = pytest.importorskip("h5py")

IN_A_PROCESS_OF_ITS_OWN = """
import sys
from pathlib import Path
from gitreg.operations.context import Settings
from gitreg.operations.convert import ConvertRequest, convert_file
convert_file(ConvertRequest(Path(sys.argv[1]), Path(sys.argv[2])), Settings())
sys.exit("h5py" in sys.modules)
"""


def hdf5(write):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write(file)
    return buffer.getvalue()


def weights(file):
    file["layers/dense/vars/0"] = np.arange(4096, dtype="f4")


def keras(path, content):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Sequential", "config": {}}))
        archive.writestr("model.weights.h5", content)
    return path


def left(folder):
    return [path.name for path in folder.iterdir()]


def test_the_process_that_converts_reads_no_hdf5_itself(tmp_path):
    source, target = keras(tmp_path / "m.keras", hdf5(weights)), tmp_path / "m.safetensors"
    done = subprocess.run([sys.executable, "-c", IN_A_PROCESS_OF_ITS_OWN, source, target], check=False)
    assert (done.returncode, load_file(target)["layers/dense/vars/0"].shape) == (0, (4096,))


def test_a_crash_while_hdf5_is_read_ends_the_conversion_and_nothing_else(convert, tmp_path):
    source = keras(tmp_path / "m.keras", hdf5(weights))
    with ThreadPoolExecutor(1) as pool:
        killed = pool.submit(kill_the_program)
        with pytest.raises(FormatError, match=r"crashed the process that loaded it \(Segmentation fault\)"):
            convert(source)
    assert left(tmp_path / "out") == []
    # the system's temporary place may be small, and what is written is as large as the source
    assert killed.result().is_relative_to(tmp_path / "out")


def kill_the_program():
    """As a fault in the library would, only a process that this test has started; gives where it worked."""
    for _ in range(2000):
        for pid in descendants(os.getpid()):
            with suppress(OSError):
                if keras_program.__name__.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                    place = Path(f"/proc/{pid}/cwd").readlink()
                    os.kill(pid, signal.SIGSEGV)
                    return place
        time.sleep(0.005)
    raise AssertionError("the program does not start")


def claims_without_bytes(file):
    file.create_dataset("w", (1 << 40,), "f4")


def bomb(file):
    """4 KiB of zeros, compressed, and the claim that 6 GiB follow."""
    file.create_dataset("w", (6 << 30,), "u1", chunks=(4096,), compression="gzip")[:4096] = 0


@pytest.mark.parametrize(
    ("write", "reason"),
    [(claims_without_bytes, "claims more bytes than there are"), (bomb, "needs more memory than files of its size")],
)
def test_a_small_file_does_not_get_all_memory(convert, tmp_path, write, reason):
    with pytest.raises(FormatError, match=reason):
        convert(keras(tmp_path / "m.keras", hdf5(write)))
    assert left(tmp_path / "out") == []


def test_a_program_gets_the_memory_that_it_is_given(tmp_path):
    source = keras(tmp_path / "m.keras", hdf5(weights))
    small = Program(keras_program.__name__, "model.safetensors", room=16 << 20)
    with pytest.raises(FormatError, match="was not converted: its process"):
        convert_apart(small, source, None, tmp_path)
    assert left(tmp_path) == ["m.keras"]


@pytest.mark.parametrize("place", [0, 8, 40, 100, 800, 2048])
def test_damaged_hdf5_is_refused_or_read_whole(convert, tmp_path, place):
    content = bytearray(hdf5(weights))
    content[place : place + 8] = b"\xfe" * 8
    try:
        convert(keras(tmp_path / "m.keras", bytes(content)))
    except FormatError:
        assert left(tmp_path / "out") == []
    else:
        assert left(tmp_path / "out") == ["model.safetensors"]


@pytest.fixture
def halted(tmp_path):
    """A conversion that stands still in the middle of its work, and the folder that it works in."""
    with (tmp_path / "big.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (1 << 26,)})
        file.truncate(file.tell() + (4 << 26))
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / "big.safetensors"
    command = [sys.executable, "-c", IN_A_PROCESS_OF_ITS_OWN, tmp_path / "big.npy", target]
    with subprocess.Popen(command) as other:
        while not (found := list(target.parent.glob(".gitreg-tmp/*/model.safetensors"))):
            assert other.poll() is None
            time.sleep(0.002)
        other.send_signal(signal.SIGSTOP)
        yield other, found[0].parent
        other.kill()


def test_what_a_killed_conversion_leaves_is_removed_by_the_next(halted, convert, tmp_path):
    other, folder = halted
    other.kill()
    other.wait()
    assert folder.exists()
    np.save(tmp_path / "a.npy", np.ones(2))
    convert(tmp_path / "a.npy")
    assert left(tmp_path / "out") == ["model.safetensors"]


def test_a_conversion_that_goes_on_keeps_its_folder(halted, convert, tmp_path):
    other, folder = halted
    np.save(tmp_path / "a.npy", np.ones(2))
    convert(tmp_path / "a.npy")
    assert folder.exists()
    other.send_signal(signal.SIGCONT)
    assert other.wait() == 0
    assert sorted(left(tmp_path / "out")) == ["big.safetensors", "model.safetensors"]

"""Files to scan: built here, inert, and never loaded."""

import os

import pytest

from gitreg.gates.scan.looks import scan_paths
from gitreg.gates.scan.profiles.table import DEFAULT


class Payload:
    """Unpickling this would call os.getcwd: harmless, and still a call."""

    def __reduce__(self):
        return os.getcwd, ()


@pytest.fixture
def payload():
    return Payload()


@pytest.fixture
def scanned(tmp_path):
    """`scanned(data, name="model.bin", profiles=...)`: the one result."""

    def run(data, name="model.bin", profiles=DEFAULT):
        file = tmp_path / name
        file.write_bytes(data)
        (result,) = scan_paths([file], profiles)
        return result

    return run

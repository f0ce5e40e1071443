"""Temporary areas: the rubbish of the dead goes, work in progress stays."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from gitreg.storage.temp_area import TempArea
from tests.storage.crash import killed_at

SCRIPT = """
from gitreg.storage.temp_area import TempArea
area = TempArea(os.open(sys.argv[1], os.O_RDONLY), "tmp")
for _ in range(5):
    os.close(area.new_file(0o600)[0])
os.mkdir(f"{sys.argv[1]}/tmp/{area.name}/deep")
open(f"{sys.argv[1]}/tmp/{area.name}/deep/file", "w").close()
os.chmod(f"{sys.argv[1]}/tmp/{area.name}/deep", 0o500)
if len(sys.argv) > 2:
    os._exit(0)
area.close()
"""


@pytest.fixture
def holder(tmp_path):
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize("moment", range(1, 24))
def test_what_a_killed_process_leaves_is_removed_even_if_its_remover_is_killed(tmp_path, holder, moment):
    """A crash while clearing up after a crash would leave gigabytes that nobody ever removes."""
    killed_at(10**6, SCRIPT, tmp_path, "die")
    killed_at(moment, SCRIPT, tmp_path)
    TempArea(holder, "tmp").close()
    assert list(tmp_path.iterdir()) == []


def test_work_in_progress_is_left_alone(tmp_path, holder):
    """Two programs at once would delete each other's files."""
    one = TempArea(holder, "tmp")
    descriptor, name = one.new_file(0o600)
    os.close(descriptor)
    TempArea(holder, "tmp").close()
    assert (tmp_path / "tmp" / one.name / name).exists()
    one.close()
    assert list(tmp_path.iterdir()) == []


def test_areas_come_and_go_beside_each_other(tmp_path):
    """Whoever enters while the last owner removes the parent would be told that there is no such directory."""

    def enter_and_leave(_):
        holder = os.open(tmp_path, os.O_RDONLY)
        try:
            for _ in range(200):
                TempArea(holder, "tmp").close()
        finally:
            os.close(holder)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(enter_and_leave, range(4)))
    assert list(tmp_path.iterdir()) == []

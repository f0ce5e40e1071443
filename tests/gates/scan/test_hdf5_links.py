"""HDF5 files that reach for others: whoever loads weights would read any file of the machine into the model."""

import io

import h5py
import numpy as np
import pytest


def written(fill, **options) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", **options) as file:
        file.create_dataset("dense/kernel", data=np.random.default_rng(0).random((300, 300)))
        fill(file)
    return buffer.getvalue()


def link(file) -> None:
    file["secret"] = h5py.ExternalLink("/etc/passwd", "/weights")


def many_links(file) -> None:
    for number in range(40):  # so many that they leave the group's header
        file[f"part {number}"] = h5py.ExternalLink(f"part{number}.h5", "/")


def outside(file) -> None:
    file.create_dataset("secret", (4,), "u1", external=[("/etc/passwd", 0, 4)])


WAYS = {"a link": link, "many links": many_links, "data outside": outside}


@pytest.mark.parametrize("version", ["earliest", "latest"])
@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_a_way_to_another_file_is_found_however_the_file_was_written(scanned, way, ordered, version):
    result = scanned(written(WAYS[way], libver=version, track_order=ordered))
    assert result.verdict == "unsafe"
    assert {finding.rule for finding in result.findings} == {"hdf5-external"}
    assert all(finding.where.startswith("at ") for finding in result.findings)


def test_it_is_found_behind_a_block_of_other_bytes(scanned):
    assert scanned(written(outside, userblock_size=512)).verdict == "unsafe"


def test_sparse_numbers_are_no_way_out(scanned):
    """Small numbers between zeros look like headers now and then."""
    random = np.random.default_rng(1)
    numbers = random.choice([0, 0, 0, 0, 1, 7, 16, 40], 3_000_000)

    def fill(file):
        for kind in ("u1", "<i2", "<i4"):
            file.create_dataset(kind, data=numbers.astype(kind))

    assert scanned(written(fill)).safe


@pytest.mark.parametrize("version", ["earliest", "latest"])
@pytest.mark.parametrize("ordered", [False, True])
def test_links_within_the_file_are_data(scanned, ordered, version):
    def fill(file):
        file["again"] = h5py.SoftLink("/dense/kernel")
        file["same"] = file["dense/kernel"]
        file.create_dataset("small", data=np.arange(100_000, dtype=np.int32))

    assert scanned(written(fill, libver=version, track_order=ordered)).safe

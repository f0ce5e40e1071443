"""What versions share, on models small enough for a test: the promise that a fine-tune stores what it changed."""

from __future__ import annotations

import pytest

np = pytest.importorskip("numpy")

from bench.storage.dedupe import cases  # noqa: E402 - needs numpy
from bench.storage.schemes import gitreg, stored_share, whole_files  # noqa: E402

# One per cent above the bytes that differ, which no scheme could do without.
MOST = {
    "last layers tuned: safetensors": 0.675,
    "last layers tuned: pt": 0.675,
    "last layers tuned: gguf": 0.675,
    "LoRA merged into q, v: safetensors": 0.562,
    "embedding + 8 rows: safetensors": 0.52,
    "embedding + 8 rows: pt": 0.52,
    "pt + safetensors of the same weights": 0.505,
    "reshard 1 -> 2 -> 5 files": 0.337,
    "csv: append 1 %": 0.52,
}
CASES = {case.name: case for case in cases(0.12) if case.name in MOST}


@pytest.mark.parametrize("name", MOST)
def test_versions_share_what_did_not_change(tmp_path, name):
    """Every version of a model would be stored and sent whole."""
    versions = CASES[name].make(tmp_path)
    assert stored_share(versions, gitreg) <= MOST[name]
    assert stored_share(versions, whole_files) == 1.0

"""How conversions are tried: through the operation that the command calls, and read back by the reference library."""

from pathlib import Path

import pytest

from gitreg.operations.context import Settings
from gitreg.operations.convert import ConvertRequest, convert_file

TORCH_FILES = Path(__file__).parent / "torch_files"


@pytest.fixture
def torch_files():
    return TORCH_FILES


@pytest.fixture
def convert(tmp_path):
    """`convert(source, name, **options)` writes tmp_path/out/name and gives the result."""

    def run(source, name="model.safetensors", **options):
        return convert_file(ConvertRequest(Path(source), tmp_path / "out" / name, **options), Settings())

    return run

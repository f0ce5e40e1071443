"""How every serializer is tried: out and back through a directory, chosen by what the object is."""

import pytest

from gitreg.serializers import serializer_of, write_model


@pytest.fixture
def round_trip(tmp_path):
    """`round_trip(model)` gives (name of the serializer, what came back)."""
    count = iter(range(100_000))

    def run(model):
        directory = tmp_path / str(next(count))
        written = write_model(model, directory)
        found = serializer_of(directory)
        assert found is written
        return found.name, found.load(directory)

    return run

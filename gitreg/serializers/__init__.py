"""Python objects to files of safe formats and back.  Knows nothing of Git, stores, signatures or versions."""

from __future__ import annotations

from gitreg.serializers.marker import serializer_of, write_model
from gitreg.serializers.serializer import Serializer
from gitreg.serializers.table import serializer_for, serializer_named

__all__ = ["Serializer", "serializer_for", "serializer_named", "serializer_of", "write_model"]

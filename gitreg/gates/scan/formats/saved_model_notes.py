"""What lies beside a SavedModel's graph: its fingerprint, and Keras' configurations of the layers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gitreg.errors import FormatError
from gitreg.gates.formats.wire import NUMBER, TEXT, fields_of
from gitreg.gates.scan.formats.keras import check_config

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_LONGEST_FINGERPRINT = 1 << 12
_LONGEST_METADATA = 64 << 20
# tensorflow/core/protobuf/fingerprint.proto
_FINGERPRINT: Mapping[int, int] = {**dict.fromkeys(range(1, 6), NUMBER), 6: TEXT, 7: TEXT}
# keras/protobuf/saved_metadata.proto
_METADATA: Mapping[int, int] = {1: TEXT}
_OBJECT: Mapping[int, int] = {2: NUMBER, 3: TEXT, 4: TEXT, 5: TEXT, 6: TEXT}
_CONFIG = 5
_ADVICE = "build the model in code, and take the weights alone"


def look_at_fingerprint(part: Part, scan: Scan) -> str | None:  # noqa: ARG001  every look is called alike
    data = part.head(_LONGEST_FINGERPRINT + 1)
    if data[:1] != b"\x08" or len(data) > _LONGEST_FINGERPRINT:
        return None
    try:
        numbers = [field.number for field in fields_of(data, 0, len(data), _FINGERPRINT)]
    except FormatError:
        return None
    return "tf-fingerprint" if numbers[:6] == [1, 2, 3, 4, 5, 6] else None


def look_at_keras_metadata(part: Part, scan: Scan) -> str | None:
    """JSON in each object, of which Keras builds layers."""
    if part.head(1) != b"\x0a" or part.size is None or part.size > _LONGEST_METADATA:
        return None
    data = part.head(_LONGEST_METADATA)
    try:
        configs = [_config(data, each.begin, each.value) for each in fields_of(data, 0, len(data), _METADATA)]
    except (FormatError, RecursionError, ValueError):
        return None
    for place, config in configs:
        check_config(config, part.within(place), scan)
    return "keras-metadata"


def _config(data: bytes, begin: int, end: int) -> tuple[int, object]:
    texts = [field for field in fields_of(data, begin, end, _OBJECT) if field.number == _CONFIG]
    if len(texts) != 1:
        raise FormatError("has an object without a configuration")
    return texts[0].begin, json.loads(data[texts[0].begin : texts[0].value])

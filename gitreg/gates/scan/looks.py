"""All looks, and the one call that scans files with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from gitreg.gates.scan.containers.streams import look_at_stream, look_at_tar
from gitreg.gates.scan.containers.zips import look_at_zip
from gitreg.gates.scan.files import files_under
from gitreg.gates.scan.finding import ScanResult
from gitreg.gates.scan.formats.boosters import look_at_booster
from gitreg.gates.scan.formats.checkpoints import look_at_checkpoint
from gitreg.gates.scan.formats.coreml import look_at_coreml, look_at_coreml_weights
from gitreg.gates.scan.formats.graphs import look_at_graph
from gitreg.gates.scan.formats.hdf5 import look_at_hdf5
from gitreg.gates.scan.formats.headers import look_at_gguf, look_at_npy, look_at_safetensors
from gitreg.gates.scan.formats.msgpack import look_at_msgpack
from gitreg.gates.scan.formats.plain import look_at_data, look_at_program, look_at_text
from gitreg.gates.scan.formats.raw_weights import look_at_raw_weights
from gitreg.gates.scan.formats.saved_model_notes import look_at_fingerprint, look_at_keras_metadata
from gitreg.gates.scan.formats.tables import look_at_table
from gitreg.gates.scan.formats.tflite import look_at_tflite
from gitreg.gates.scan.formats.tokenizers import look_at_sentencepiece
from gitreg.gates.scan.formats.ubjson import look_at_ubjson
from gitreg.gates.scan.pickles.look import look_at_pickle
from gitreg.gates.scan.profiles.table import allow_list
from gitreg.gates.scan.scan import Looks, scan_file

LOOKS: Looks = (
    (
        look_at_pickle,
        look_at_zip,
        look_at_tar,
        look_at_stream,
        look_at_npy,
        look_at_safetensors,
        look_at_hdf5,
        look_at_gguf,
        look_at_graph,
        look_at_sentencepiece,
        look_at_table,
        look_at_msgpack,
        look_at_ubjson,
        look_at_booster,
        look_at_checkpoint,
        look_at_fingerprint,
        look_at_keras_metadata,
        look_at_tflite,
        look_at_coreml,
        look_at_coreml_weights,
        look_at_data,
        look_at_program,
        look_at_text,
    ),
    (look_at_raw_weights,),
)


def scan_paths(paths: Iterable[Path], profiles: Iterable[str]) -> Iterator[ScanResult]:
    """One result for each file, those in directories included.  Raises OSError for a path that cannot be read."""
    allowed = allow_list(profiles)
    for path in paths:
        for file in files_under(path):
            yield scan_file(file, allowed, LOOKS)

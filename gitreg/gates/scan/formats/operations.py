"""What is said of an operation in TensorFlow's graphs: that it touches files, calls Python, or is not known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gitreg.gates.scan.finding import shown
from gitreg.gates.scan.formats.pure_operations import PURE

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_UNSAFE = {
    "reads or writes files": (
        "ReadFile WriteFile MatchingFiles MatchingFilesDataset DeleteFile CopyFile RenameFile "
        "WholeFileReader WholeFileReaderV2 TextLineReader TextLineReaderV2 TFRecordReader TFRecordReaderV2 "
        "FixedLengthRecordReader FixedLengthRecordReaderV2 LMDBReader RecordInput "
        "TextLineDataset TFRecordDataset TFRecordDatasetV2 FixedLengthRecordDataset FixedLengthRecordDatasetV2 "
        "CSVDataset CSVDatasetV2 LMDBDataset SqlDataset ExperimentalSqlDataset "
        "CacheDataset CacheDatasetV2 LoadDataset SaveDataset SaveDatasetV2 SnapshotDataset SnapshotDatasetV2 "
        "DatasetToTFRecord ExperimentalDatasetToTFRecord "
        "Save SaveSlices ImmutableConst LoadAndRemapMatrix GenerateVocabRemapping PrintV2 "
        "CreateSummaryFileWriter WriteSummary WriteScalarSummary WriteRawProtoSummary WriteGraphSummary "
        "DebugIdentityV2 DebugIdentityV3 DebugNumericSummaryV2"
    ),
    "calls Python": "PyFunc PyFuncStateless EagerPyFunc PyOp PythonOp PyCustomOp",
    "uses the network": "CreateSummaryDbWriter RpcCall RpcServer RpcClient Rpc TryRpc DistributedSave BigQueryReader",
}
_WHY = {name.encode(): why for why, names in _UNSAFE.items() for name in names.split()}
# Each SavedModel brings these along to save and restore itself; on which files, its graph may say.
_SAVERS = frozenset({b"SaveV2", b"MergeV2Checkpoints", b"ShardedFilename", b"RestoreV2", b"Restore", b"RestoreSlice"})
LONGEST = max(map(len, _WHY.keys() | _SAVERS))
ADVICE = "ask for the weights as safetensors, or the model as ONNX"


def does_more(name: bytes) -> bool:
    """Whether it is known to do more than compute."""
    return name in _WHY or name in _SAVERS


def saves(names: Iterable[bytes]) -> bool:
    """Whether one of them saves or restores variables."""
    return not _SAVERS.isdisjoint(names)


def check_operation(part: Part, scan: Scan, name: bytes) -> None:
    if why := _WHY.get(name):
        scan.unsafe(part, "graph-operation", f"has the operation {name.decode()}, which {why}", ADVICE)
    elif name in _SAVERS:
        detail = f"has the operation {name.decode()}, and its graph may choose the files"
        scan.unknown(part, "graph-saver", detail, ADVICE)
    elif name not in PURE:
        detail = f"has the operation {shown(name.decode('utf-8', 'replace'))}, of which nothing is known here"
        scan.unknown(part, "graph-operation", detail, ADVICE)

"""The programs in Core ML's models, as far as the files that their values lie in: every message by its schema.

https://github.com/apple/coremltools/blob/main/mlmodel/format/MIL.proto
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gitreg.gates.formats.wire import NUMBER, TEXT, fields_of

# By field: the message in it; or the kind of what has no values inside.  Entries of maps are messages, too.
_MESSAGES: Mapping[str, Mapping[int, int | str]] = {
    "Program": {1: NUMBER, 2: "Functions", 3: TEXT, 4: "Attributes"},
    "Functions": {1: TEXT, 2: "Function"},
    "Function": {1: "Named", 2: TEXT, 3: "Blocks", 4: "Attributes"},
    "Blocks": {1: TEXT, 2: "Block"},
    "Block": {1: "Named", 2: TEXT, 3: "Operation", 4: "Attributes"},
    "Operation": {1: TEXT, 2: "Inputs", 3: "Named", 4: "Block", 5: "Attributes"},
    "Inputs": {1: TEXT, 2: "Argument"},
    "Argument": {1: "Binding"},
    "Binding": {1: TEXT, 2: "Value"},
    "Attributes": {1: TEXT, 2: "Value"},
    "Named": {1: TEXT, 2: "Type"},
    "Type": {1: "TensorType", 2: "ListType", 3: "TypeOf", 4: "Types", 5: "TypeOf"},
    "TensorType": {1: NUMBER, 2: NUMBER, 3: TEXT, 4: "Attributes"},
    "ListType": {1: "Type", 2: TEXT},
    "TypeOf": {1: "Type"},
    "Types": {1: "Type", 2: "Type"},
    "Value": {1: TEXT, 2: "Type", 3: "Immediate", 5: "File"},
    "Immediate": {1: TEXT, 2: "Values", 3: "Values", 4: "Dictionary"},
    "Values": {1: "Value"},
    "Dictionary": {1: "Pair"},
    "Pair": {1: "Value", 2: "Value"},
    "File": {1: TEXT, 2: NUMBER},
}
_KINDS = {
    name: {number: TEXT if isinstance(inner, str) else inner for number, inner in message.items()}
    for name, message in _MESSAGES.items()
}
_FILE_NAME = 1


def files_of(program: bytes, step: Callable[[], None]) -> Iterator[tuple[int, bytes]]:
    """Where a file is named, and its whole name.  Raises FormatError for another field than these."""
    waiting = [("Program", 0, len(program))]
    while waiting:
        message, begin, end = waiting.pop()
        for field in fields_of(program, begin, end, _KINDS[message]):
            step()
            inner = _MESSAGES[message].get(field.number)
            if message == "File" and field.number == _FILE_NAME:
                yield field.begin, program[field.begin : field.value]
            elif isinstance(inner, str):
                waiting.append((inner, field.begin, field.value))

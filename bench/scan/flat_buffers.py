"""TensorFlow Lite's models, as FlatBuffers: tables whose fields are reached by offsets from where they stand."""

from __future__ import annotations

import struct

from bench.scan.wire import field


def chunk_of(fields):
    """A FlatBuffers table of `{index: number or chunk}`.  Chunks: bytes, and where in them the object begins."""
    order = sorted(fields)
    slots = {index: 4 + 4 * place for place, index in enumerate(order)}
    places = b"".join(struct.pack("<H", slots.get(index, 0)) for index in range(max(order) + 1))
    head = struct.pack("<HH", 4 + len(places), 4 + 4 * len(order)) + places
    head += bytes(-len(head) % 4)
    body, after = struct.pack("<i", len(head)), b""
    for index in order:
        after, slot = placed(fields[index], after, 4 * (len(order) - order.index(index)))
        body += slot
    return head + body + after, len(head)


def placed(value, after, ahead):
    """`ahead`: bytes from the reference to where `after` begins."""
    if isinstance(value, int):
        return after, struct.pack("<I", value)
    data, begin = value
    return after + data, struct.pack("<I", ahead + len(after) + begin)


def vector(chunks):
    slots, after = b"", b""
    for index, each in enumerate(chunks):
        after, slot = placed(each, after, 4 * (len(chunks) - index))
        slots += slot
    return struct.pack("<I", len(chunks)) + slots + after, 0


def repeated(chunk, count):
    """A vector of one and the same object."""
    data, begin = chunk
    slots = b"".join(struct.pack("<I", 4 * (count - index) + begin) for index in range(count))
    return struct.pack("<I", count) + slots + data, 0


def octets(data):
    return struct.pack("<I", len(data)) + data + bytes(-len(data) % 4 or 4), 0


def flex(operation, node=None):
    """A FlexBuffer of two texts; `node`: what runs, the operation unless told."""
    texts = [operation, field(2, operation) if node is None else node]
    data, begins = b"", []
    for text in texts:
        data += bytes([len(text)])
        begins.append(len(data))
        data += text + b"\0"
    data += b"\2"
    places = bytes(len(data) + index - begin for index, begin in enumerate(begins))
    return octets(data + places + b"\x14\x14" + b"\4\x28\1")


def tflite(code=None, options=None, times=1):
    """One operator, so many times: of the interpreter's own, or `code` with these options."""
    codes = vector([chunk_of({0: 9} if code is None else {0: 32, 1: octets(code)})])
    operator = chunk_of({0: 0} if options is None else {0: 0, 5: options})
    data, begin = chunk_of({0: 3, 1: codes, 2: vector([chunk_of({3: repeated(operator, times)})])})
    return struct.pack("<I", 8 + begin) + b"TFL3" + data

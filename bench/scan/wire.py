"""Protocol buffers, written field by field.  Knows no message."""

from __future__ import annotations


def varint(number):
    rest, byte = divmod(number, 128)
    return bytes([byte | 128]) + varint(rest) if rest else bytes([byte])


def field(number, content):
    """Of a protocol buffer."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def number(field, value):
    return varint(field << 3) + varint(value)


def varints(*numbers):
    return b"".join(varint(each) for each in numbers)

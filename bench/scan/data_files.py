"""Model files and tables that are data in a binary form of their own, written byte by byte.  Nothing is loaded."""

from __future__ import annotations

import base64
import struct

from bench.scan.flat_buffers import flex, tflite
from bench.scan.wire import field, number


def short(text):
    """Of MessagePack; up to 31 bytes."""
    return bytes([0xA0 | len(text)]) + text


def binary(data):
    return b"\xc6" + len(data).to_bytes(4, "big") + data


def table(**entries):
    return bytes([0x80 | len(entries)]) + b"".join(short(key.encode()) + value for key, value in entries.items())


def extension(kind, data):
    return b"\xc8" + len(data).to_bytes(2, "big") + bytes([kind]) + data


def array(kind):
    """As msgpack-numpy writes it; it takes the type's word for what the bytes are."""
    return table(nd=b"\xc3", type=binary(kind), kind=binary(b""), shape=b"\x91\x01", data=binary(bytes(8)))


ARRAY = extension(1, b"\x93\x91\x02" + short(b"float32") + binary(bytes(8)))
FLAX = table(
    params=table(kernel=ARRAY, bias=ARRAY), step=b"\xcd\x01\x00", rate=b"\xcb" + bytes(8), names=b"\x92\xc0\xc3"
)
OBJECT_TYPES = (b"|O", b"O8", b"object", b"i4,O")
OBJECTS = table(nd=b"\xc3", kind=binary(b"O"), data=binary(b"\x80\x04N."))


def length(count):
    return b"L" + count.to_bytes(8, "big")


def key(name):
    return length(len(name)) + name


def ubjson(nested=b"[#L\0\0\0\0\0\0\0\1U\7"):
    weights = key(b"weights") + b"[$d#" + length(2) + bytes(8)
    return (
        b"{"
        + key(b"learner")
        + b"{"
        + weights
        + key(b"name")
        + b"S"
        + key(b"gbtree")
        + b"}"
        + key(b"x")
        + nested
        + b"}"
    )


def parquet(schema):
    encoded = base64.b64encode(schema)
    footer = b"\x15\x04\x19\x18\x0cARROW:schema\x18" + bytes([len(encoded) & 127]) + encoded
    return b"PAR1" + bytes(40) + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def arrow_stream(schema):
    return b"\xff" * 4 + len(schema).to_bytes(4, "little") + schema + b"\xff" * 4 + bytes(4)


def arrow_file(schema):
    return b"ARROW1\0\0" + arrow_stream(schema) + schema + len(schema).to_bytes(4, "little") + b"ARROW1"


TABLES = {"parquet": parquet, "arrow stream": arrow_stream, "arrow file": arrow_file}
PICKLED = bytes(9) + b"ARROW:extension:name\0arrow.py_extension_type\0"


def core_ml(kind, content):
    return number(1, 7) + field(2, field(1, b"x")) + field(kind, content)


def entry(name, content):
    """Of a map."""
    return field(1, name) + field(2, content)


def blob(place):
    """A value that lies in a file."""
    return field(5, field(1, place) + number(2, 64))


def program(value):
    """Of Core ML, of one constant."""
    block = field(3, field(1, b"const") + field(5, entry(b"val", value)))
    function = field(2, b"CoreML7") + field(3, entry(b"CoreML7", block))
    return core_ml(502, number(1, 1) + field(2, entry(b"main", function)))


def weights(*blobs):
    data = struct.pack("<II", len(blobs), 2).ljust(64, b"\0")
    for blob in blobs:
        data += struct.pack("<IIQQ", 0xDEADBEEF, 1, len(blob), len(data) + 64).ljust(64, b"\0")
        data += blob + bytes(-len(blob) % 64)
    return data


# Of a node, of which TensorFlow takes the last.
TWO_OPERATIONS = field(2, b"Add") + field(2, b"ReadFile") + b"J\0"
CATBOOST = b"CBM1\x40\0\0\0" + bytes(20) + b"FlabuffersModel_v1".ljust(44, b"\0")
XGBOOST = bytes(136) + b"".join(len(text).to_bytes(8, "little") + text for text in (b"reg:squarederror", b"gbtree"))
# Of other formats, in place of XGBoost's parameters.
HEADS = {
    name: data.ljust(136, b"\0")
    for name, data in {
        "Java": b"\xac\xed\0\5sr\0\4Evil",
        "flag": bytes(12) + b"\7",
        "version": bytes(20) + b"\4",
        "rest": bytes(36) + b"x",
        "other": b"\xca\xfe\xd0\x0dEvil",
    }.items()
}


def openvino(size=24, shape=b"2, 3", before=b"", offset=0):
    """The description of a network with one constant."""
    data = b'<data element_type="f32" shape="%b" offset="%d" size="%d" />' % (shape, offset, size)
    layer = b'<layer id="0" name="w" type="Const" version="opset1">' + data + b"</layer>"
    return b'<?xml version="1.0"?>\n' + before + b'<net name="m" version="11"><layers>' + layer + b"</layers></net>\n"


IR = openvino()
ENTITY = b'<?xml version="1.0"?>\n<!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n<PMML>&x;</PMML>\n'
NUMBERS = struct.pack("<6f", *(0.1 + each for each in range(6)))


def adversarial(call):
    """By name; `call` is a pickle that would call something."""
    yield "objects.msgpack", OBJECTS
    yield "pickle inside.msgpack", table(weights=binary(call))
    yield "pickle in an extension.msgpack", table(weights=extension(42, call))
    for name, made in TABLES.items():
        yield f"pickled type, {name}", made(PICKLED)
    yield "operator.tflite", tflite(b"CompanyOp")
    yield "flex.tflite", tflite(b"FlexReadFile", flex(b"ReadFile"))
    yield "flex, misnamed.tflite", tflite(b"FlexAdd", flex(b"WriteFile"))
    yield "flex, two operations.tflite", tflite(b"FlexAdd", flex(b"Add", TWO_OPERATIONS))
    yield "layer.mlmodel", core_ml(500, field(1, field(1, b"x") + field(500, field(10, b"Company"))))
    yield "outside.mlmodel", program(blob(b"@model_path/../../etc/hostname"))
    yield "elsewhere.mlmodel", program(blob(b"/etc/hostname"))
    yield "far outside.mlmodel", program(blob(b"@model_path/" + b"a/" * 200 + b"../" * 230 + b"etc/hostname"))
    yield "model.pmml", ENTITY
    for kind in OBJECT_TYPES:
        yield f"array of {kind.decode()}.msgpack", array(kind)
    for name, head in HEADS.items():
        yield f"head, {name}, xgboost.bin", head + XGBOOST[136:]
    yield "model.engine", b"ftrt" + bytes(60)


def benign():
    yield "flax_model.msgpack", FLAX
    yield "numpy.msgpack", array(b"<f8")
    yield "model.ubj", ubjson()
    yield "model.cbm", CATBOOST
    yield "xgboost.bin", b"binf" + XGBOOST
    for name, made in TABLES.items():
        yield f"columns, {name}", made(bytes(50))
    yield "model.tflite", tflite()
    yield "select.tflite", tflite(b"FlexAdd", flex(b"Add"))
    yield "network.mlmodel", core_ml(500, field(1, field(1, b"x") + field(140, b"")))
    yield "program.mlmodel", program(blob(b"@model_path/weights/weight.bin"))
    yield "weight.bin", weights(b"1234", bytes(64))
    yield "OpenVINO", {"model.xml": IR, "model.bin": NUMBERS}
    yield "data.pmml", b'<?xml version="1.0"?>\n<PMML version="4.4"><Header/></PMML>\n'

"""What TensorFlow saves: models with the functions that save them again, checkpoints, and what lies beside them."""

from __future__ import annotations

import json
import struct

from bench.scan.model_files import BAD_LAYERS, GOOD_LAYERS, layers
from bench.scan.wire import field, number, varints

TEXT_TYPE = number(1, 7)  # DT_STRING
NUMBERS = struct.pack("<6f", *(0.1 + each for each in range(6)))


def block(entries):
    """Of a sorted table, without shared beginnings."""
    rows = b"".join(bytes([0, len(name), len(value)]) + name + value for name, value in entries)
    return rows + bytes(4) + b"\x01\0\0\0"


def table(*blocks, before=b""):
    """Each block once; `before`: what should not be there."""
    data, handles = before, []
    for each in blocks:
        handles.append((b"x%d" % len(handles), varints(len(data), len(each))))
        data += each + bytes(5)
    return ended(data, block(handles))


def ended(data, index, about=bytes(4) + b"\x01\0\0\0"):
    """`index` says where the blocks are; `about`: the block about blocks, which is empty."""
    footer = varints(len(data), len(about), len(data) + len(about) + 5, len(index)).ljust(40, b"\0")
    return data + about + bytes(5) + index + bytes(5) + footer + bytes.fromhex("57fb808b247547db")


def checkpoint(extents, shards=1, before=b"", kind=4):
    """An index of tensors: `(shard, offset, size)`, with as many numbers as bytes."""
    entries = [(b"", number(1, shards))]
    for index, (shard, offset, size) in enumerate(extents):
        shape = field(2, field(2, number(1, size)))
        place = number(3, shard) + number(4, offset) + number(5, size)
        entries.append((b"w%d" % index, number(1, kind) + shape + place + b"\x35\0\0\0\0"))
    return table(block(entries), before=before)


def attribute(name, value):
    return field(5, field(1, name) + field(2, value))


def node(name, operation, *inputs, attributes=b""):
    return field(1, name) + field(2, operation) + b"".join(field(3, each) for each in inputs) + attributes


def constant(name, text):
    return node(name, b"Const", attributes=attribute(b"value", field(8, TEXT_TYPE + field(2, b"") + field(8, text))))


def call(name, function, *inputs, attributes=b""):
    """`attributes`: of the function, for this call."""
    called = attribute(b"f", field(10, field(1, function) + attributes))
    return node(name, b"StatefulPartitionedCall", *inputs, attributes=called)


def function(name, arguments, nodes, before=b""):
    """`before`: arguments of another kind."""
    signature = (
        field(1, name) + before + b"".join(field(2, field(1, argument) + number(3, 7)) for argument in arguments)
    )
    return field(1, field(1, signature) + b"".join(field(3, each) for each in nodes))


def saving(prefix=b"prefix", separator=b""):
    """The function by which TensorFlow 2 saves; `prefix` is the input that says where to."""
    joined = attribute(b"separator", field(2, separator))
    return [
        constant(b"part", b"_temp/part"),
        node(b"join", b"StringJoin", prefix, b"part:output:0", attributes=joined),
        node(b"shard", b"ShardedFilename", b"join:output:0", b"zero", b"one"),
        node(b"save", b"SaveV2", b"shard:filename:0", b"names", b"slices", b"w"),
        node(b"pack", b"Pack", b"shard:filename:0", b"^save"),
        node(b"merge", b"MergeV2Checkpoints", b"pack:output:0", prefix),
    ]


def meta_graph(nodes=(), body=None, calls=(b"saver_filename", b"w"), rest=b""):
    """As TensorFlow 1 writes it beside a checkpoint.  `rest`: its other fields."""
    main = [node(b"saver_filename", b"Placeholder"), call(b"saved", b"traced_save", *calls), *nodes]
    library = function(b"traced_save", [b"prefix", b"w"], saving() if body is None else body)
    graph = b"".join(field(1, each) for each in main) + field(2, library)
    saver = field(1, b"saver_filename:0") + field(2, b"saved:0") + field(3, b"restored")
    return field(2, graph) + field(3, saver) + rest


def saved_model(**changes):
    return number(1, 1) + field(2, meta_graph(**changes))


def fed(tensor):
    """An asset: loaders give the tensor the name of its file."""
    return field(1, field(1, tensor)) + field(2, b"../../.ssh/authorized_keys")


def calling(library, *nodes):
    """A model of one function and what calls it."""
    graph = b"".join(field(1, each) for each in (node(b"fed", b"Placeholder"), *nodes)) + field(2, library)
    return number(1, 1) + field(2, field(2, graph) + field(3, field(1, b"fed:0")))


def of_list_argument():
    """`N` inputs for the first argument, so that the second one is not the second input."""
    several = field(2, field(1, b"xs") + number(3, 7) + field(5, b"N"))
    library = function(b"writes_it", [b"place"], [node(b"s", b"SaveV2", b"place", b"names")], several)
    return calling(library, OUTSIDE, call(b"c", b"writes_it", b"fed", b"fed", b"evil"))


def of_separator_by_call():
    parts = attribute(b"separator", field(9, b"sep"))
    nodes = [node(b"j", b"StringJoin", b"p", b"p", attributes=parts), node(b"s", b"SaveV2", b"j:output:0")]
    given = field(2, field(1, b"sep") + field(2, field(2, b"/../../")))
    return calling(function(b"joins_it", [b"p"], nodes), call(b"c", b"joins_it", b"fed", attributes=given))


OUTSIDE = constant(b"evil", b"/etc/cron.d/model")
OWN, USES_IT = constant(b"own", b"model"), node(b"restored", b"RestoreV2", b"own")
# Ways to have a model save to a place of its own, each of which leaves the rest as it is.
SAVED_ELSEWHERE = {
    "a constant": saved_model(nodes=[OUTSIDE], calls=(b"evil", b"w")),
    "a second call": saved_model(nodes=[OUTSIDE, call(b"again", b"traced_save", b"evil", b"w")]),
    "in the function": saved_model(body=[OUTSIDE, *saving(b"evil:output:0")]),
    "upwards": saved_model(body=[constant(b"up", b"/../../x"), *saving(), *[node(b"j", b"StringJoin", b"prefix", b"up"),
                                 node(b"s", b"SaveV2", b"j:output:0")]]),
    "between": saved_model(body=saving(separator=b"/../../")),
    "by an object": saved_model(rest=field(7, field(2, field(1, b"traced_save")))),
    "by a signature": saved_model(rest=field(5, field(1, b"serve") + field(2, b"saver_filename:0"))),
    "another placeholder": saved_model(nodes=[node(b"x", b"Placeholder")], calls=(b"x", b"w")),
    "by an asset": saved_model(rest=field(6, fed(b"saver_filename:0"))),
    "by a collection": saved_model(
        rest=field(4, field(1, b"saved_model_assets") + field(2, field(5, field(1, field(2, fed(b"saver_filename"))))))
    ),
    "an asset in place of a constant": saved_model(nodes=[OWN, USES_IT], rest=field(6, fed(b"own:0"))),
    "a signature in place of a constant": saved_model(
        nodes=[OWN, USES_IT], rest=field(5, field(2, field(1, field(1, b"x") + field(2, field(1, b"own:0")))))
    ),
    "behind a list": of_list_argument(),
    "between, by the call": of_separator_by_call(),
    "a function as an argument": saved_model(
        nodes=[node(b"m", b"While", attributes=attribute(b"body", field(10, field(1, b"traced_save"))))]
    ),
    "one name twice": saved_model(nodes=[constant(b"saver_filename", b"/x")]),
    "a group": saved_model(nodes=[node(b"s", b"SaveV2") + b"\x7b" + field(3, b"saver_filename") + b"\x7c"]),
}  # fmt: skip


# What other readers begin with, and never come to the index behind it.
BEFORE = {"Java.ser": b"\xac\xed\0\5sr\0\4Evil", "Lua.lua": b"\x1bLua\x53\0", "shell.sh": b"true\nexit\n"}
FINGERPRINT = b"".join(number(index, 1 << 40) for index in range(1, 6)) + field(6, number(1, 4)) + field(7, b"123")


def keras_metadata(config):
    return field(
        1, number(2, 1) + field(3, b"root") + field(4, b"_tf_keras_layer") + field(5, json.dumps(config).encode())
    )


def adversarial():
    for name, data in SAVED_ELSEWHERE.items():
        yield f"saves elsewhere, {name}, saved_model.pb", data
    for name, head in BEFORE.items():
        yield f"checkpoint behind {name}", checkpoint([(0, 0, 8)], before=head)
    yield "lambda, keras_metadata.pb", keras_metadata(layers(BAD_LAYERS["Lambda"]))


def benign():
    yield "saved_model.pb", saved_model()
    yield "model.meta", meta_graph()
    yield "fingerprint.pb", FINGERPRINT
    yield "keras_metadata.pb", keras_metadata(layers(*GOOD_LAYERS))
    yield "checkpoint", {"w.index": checkpoint([(0, 0, 8), (0, 8, 16)]), "w.data-00000-of-00001": NUMBERS}

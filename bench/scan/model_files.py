"""Model files that hold more than numbers: graphs, configurations, templates, schemas, programs.  Nothing is loaded."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile

import h5py
import numpy as np
import onnx
import onnx.helper
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bench.scan.wire import field

OUTSIDE = b"../../etc/hostname"


def archive(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, data in members.items():
            opened.writestr(name, data)
    return buffer.getvalue()


def onnx_model(location=None):
    value = lambda name: onnx.helper.make_tensor_value_info(name, 1, [1])  # noqa: E731
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "g", [value("x")], [value("y")])
    model = onnx.helper.make_model(graph)
    if location:
        weight = onnx.TensorProto(name="w", data_type=1, dims=[2], data_location=1)
        weight.external_data.add(key="location", value=location)
        model.graph.initializer.append(weight)
    return model.SerializeToString()


# The entry of an external tensor in ways that all parsers take.
ENTRIES = {
    "value first": field(2, OUTSIDE) + field(1, b"location"),
    "last value": field(1, b"location") + field(2, b"weights.bin") + field(2, OUTSIDE),
    "long length": b"\x0a\x88\x00location" + field(2, OUTSIDE),
    "group": b"\xcb\x3e\xcc\x3e" + field(1, b"location") + field(2, OUTSIDE),
}


def onnx_with(entry):
    """Parsers merge the second graph into the first."""
    return onnx_model() + field(7, field(5, b"\x08\x02\x10\x01" + field(8, b"w") + field(13, entry) + b"\x70\x01"))


def graph(operation):
    return field(1, field(1, b"a node") + field(2, operation) + field(3, b"input"))


def graph_text(operation):
    return b'node {\n  name: "a"\n  op: "%s"\n}\n' % operation


def layers(*given):
    return {"class_name": "Sequential", "config": {"layers": [{"config": {}, **layer} for layer in given]}}


def hdf5(fill, block=0):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", userblock_size=block) as file:
        file.create_dataset("dense/kernel", data=np.arange(6.0))
        fill(file)
    return buffer.getvalue()


def keras_2(text, block=0):
    return hdf5(lambda file: file.attrs.update(model_config=text), block)


def escaped(text):
    return text.replace("class_name", "cl\\u0061ss_name").replace("Lambda", "L\\u0061mbda")


CONFIGS = {
    "json": lambda text: text.encode(),
    "keras": lambda text: archive({"metadata.json": "{}", "config.json": escaped(text)}),
    "h5": keras_2,
    "escaped.h5": lambda text: keras_2(escaped(text)),
    "behind a block.h5": lambda text: keras_2(text, 512),
}
BAD_LAYERS = {
    "Lambda": {"class_name": "Lambda", "module": "keras.layers", "config": {"function": "x"}},
    "get_file": {"class_name": "get_file", "module": "keras.utils", "config": {"origin": "file:///etc/hostname"}},
    "vocabulary": {"class_name": "StringLookup", "module": "keras.layers", "config": {"vocabulary": "/etc/hostname"}},
}
GOOD_LAYERS = (
    {"class_name": "Dense", "module": "keras.layers", "config": {"units": 3, "activation": "relu"}},
    {"class_name": "StringLookup", "module": "keras.layers", "config": {"vocabulary": ["a", "b"]}},
)
BAD_TEMPLATES = {
    "attribute": "{{ ''.__class__ }}",
    "table": "{{ {}.__class__ }}",
    "numbers": r"{{ ''['\x5f\x5fclass\x5f\x5f'] }}",
    "filter": "{{ ''|attr('upper') }}",
    "import": "{% import 'other' as o %}",
}
GOOD_TEMPLATE = "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] | trim }}{% endfor %}{# __class__ #}"
HDF5_OUTSIDE = {
    "link": lambda file: file.update({"secret": h5py.ExternalLink("/etc/hostname", "/weights")}),
    "data": lambda file: file.create_dataset("secret", (4,), "u1", external=[("/etc/hostname", 0, 4)]),
}
BAD_TAGS = {
    "short": b"a: !!python/object/apply:os.getcwd []\n",
    "verbatim": b"a: !<tag:yaml.org,2002:python/object/apply:os.getcwd> []\n",
    "numbers": b"a: !!pyth%6Fn/object/apply:os.getcwd []\n",
    "prefix": b"%TAG !e! tag:yaml.org,2002:python/\n---\na: !e!object/apply:os.getcwd []\n",
}
BAD_TYPES = {
    "system": {"__module__": "os", "__class__": "system", "__loader__": "FunctionNode"},
    "somebody's": {"__module__": "company.models", "__class__": "Net", "__loader__": "ObjectNode"},
    "call": {"__module__": "builtins", "__class__": "int", "__loader__": "OperatorFuncNode"},
}
ROWS, LABELS = np.arange(8.0).reshape(4, 2), [0, 1, 0, 1]
PROGRAM = b"class Net(Module):\n  def forward(self, x: Tensor) -> Tensor:\n    return %s\n"


def template_files(name, template):
    yield f"{name}.jinja", template.encode()
    yield (
        f"{name}, tokenizer_config.json",
        json.dumps({"chat_template": [{"name": "x", "template": template}]}).encode(),
    )
    text, key = template.encode(), b"tokenizer.chat_template"
    entry = len(key).to_bytes(8, "little") + key + (8).to_bytes(4, "little") + len(text).to_bytes(8, "little") + text
    yield f"{name}.gguf", b"GGUF" + (3).to_bytes(4, "little") + bytes(8) + (1).to_bytes(8, "little") + entry


def skops_with(changes):
    """A model in which one inner object is changed."""
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(StandardScaler().fit(ROWS)))) as source:
        members = {name: source.read(name) for name in source.namelist()}
    schema = json.loads(members["schema.json"])
    next(iter(schema["content"]["content"].values())).update(changes)
    return archive(members | {"schema.json": json.dumps(schema)})


def torch_with(members):
    state = {"archive/data.pkl": pickle.dumps({"a": 1}, 2), "archive/version": "3\n"}
    return archive(state | {f"archive/{name}": data for name, data in members.items()})


def adversarial(call):
    """By name; `call` is a pickle that would call something."""
    yield "outside.onnx", onnx_model(os.fsdecode(OUTSIDE))
    yield "outside.pb", onnx_model(os.fsdecode(OUTSIDE))
    for name, entry in ENTRIES.items():
        yield f"outside, {name}.onnx", onnx_with(entry)
    for operation in (b"ReadFile", b"WriteFile", b"EagerPyFunc"):
        yield f"{operation.decode()}, saved_model.pb", b"\x08\x01" + field(2, field(2, graph(operation)))
        yield f"{operation.decode()}, frozen.pb", graph(operation)
        yield f"{operation.decode()}.pbtxt", graph_text(operation)
    yield "CompanyOp, frozen.pb", graph(b"CompanyOp")
    yield "CompanyOp.pbtxt", graph_text(b"CompanyOp")
    yield "keras_metadata.pb", field(1, b"\x10\x01" + field(5, json.dumps(BAD_LAYERS["Lambda"]).encode()))
    for form, made in CONFIGS.items():
        for name, layer in BAD_LAYERS.items():
            yield f"{name} {form}" if "." in form else f"{name}.{form}", made(json.dumps(layers(layer)))
    for name, template in BAD_TEMPLATES.items():
        yield from template_files(name, template)
    for name, fill in HDF5_OUTSIDE.items():
        yield f"outside, {name}.h5", hdf5(fill)
        yield f"outside, {name}, behind a block.h5", hdf5(fill, 512)
    for name, text in BAD_TAGS.items():
        yield f"{name}.yaml", text
    for name, changes in BAD_TYPES.items():
        yield f"{name}.skops", skops_with(changes)
    yield "pickle under code.pt", torch_with({"code/x.pkl": call})
    yield "pickle beside the program.pt", torch_with({"code/__torch__.py": PROGRAM % b"x", "extra/notes.txt": call})
    yield "program that reads.pt", torch_with({"code/__torch__.py": PROGRAM % b'torch.from_file("/etc/hostname")'})


def benign():
    yield "beside.onnx", onnx_model("weights.bin")
    yield "inside.pb", onnx_model()
    yield "frozen.pb", graph(b"MatMul") + graph(b"BiasAdd")
    yield "graph.pbtxt", graph_text(b"MatMul") + graph_text(b"Placeholder")
    for form, made in CONFIGS.items():
        yield f"plain {form}" if "." in form else f"plain.{form}", made(json.dumps(layers(*GOOD_LAYERS)))
    yield "weights.h5", hdf5(lambda file: file.update({"again": h5py.SoftLink("/dense/kernel")}))
    yield from template_files("everyday", GOOD_TEMPLATE)
    yield "config.yaml", b"model: {layers: 3}\nrate: !!float 1\nnames: !!set {x, y}\n"
    yield "scaler.skops", skops.io.dumps(StandardScaler().fit(ROWS))
    yield "pipeline.skops", skops.io.dumps(make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, LABELS))

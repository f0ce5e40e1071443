"""Files to scan: data as frameworks write it, and inert pickles that hide a call in known ways.  Nothing is loaded."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import tarfile
import zlib
from collections import OrderedDict
from pathlib import Path

import joblib
import numpy as np
from safetensors.numpy import save

from bench.scan import data_files, model_files, saved_models, text_files
from bench.scan.model_files import archive


class Payload:
    """Would call os.getcwd; `os.system` in its place is what the deny-lists know."""

    def __init__(self, function=os.getcwd, arguments=()):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def zipped(data, name="archive/data.pkl"):
    return archive({"archive/version": "3\n", name: data})


def tarred(data):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("a.pkl")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def saved(write, value):
    buffer = io.BytesIO()
    write(buffer, value)
    return buffer.getvalue()


def adversarial():
    """By name: what a reader would run, or read from outside."""
    system = pickle.dumps(Payload(os.system, ("true",)), 4)
    own = b"\x80\x04\x8c\x0fcompany.loaders\x8c\x04init\x93)R."
    calls = {"system": system, "getcwd": pickle.dumps(Payload(), 4), "unheard-of": own}
    for protocol in (0, 2):
        calls[f"system, protocol {protocol}"] = pickle.dumps(Payload(os.system, ("true",)), protocol)
    for name, data in calls.items():
        yield f"{name}.pkl", data
        yield f"{name}, as text.txt", data
        yield f"{name}, zipped.pt", zipped(data)
        yield f"{name}, gzipped.pkl.gz", gzip.compress(data)
        yield f"{name}, gzipped in zip.pt", zipped(gzip.compress(data), "archive/extra")
        yield f"{name}, bz2.joblib", bz2.compress(data)
        yield f"{name}, xz.joblib", lzma.compress(data)
        yield f"{name}, zlib.joblib", zlib.compress(data)
        yield f"{name}, tar.tar", tarred(data)
        yield f"{name}, second pickle.pkl", pickle.dumps({"a": 1}) + data
        yield f"{name}, no stop.pkl", data[:-1]
        yield f"{name}, cut off gzip.pkl.gz", gzip.compress(data + b"rest" * 99)[:-4]
        yield f"{name}, bytes before zip.pt", b"x" * 9 + zipped(data)
        yield f"{name}, other local name.pt", zipped(data).replace(b"archive/data.pkl", b"archive/data.txt", 1)
    yield (
        "memo.pkl",
        b"\x80\x04\x8c\x01x\x94\x8c\x02osr\x00\x00\x00\x00j\x00\x00\x00\x00\x8c\x06system\x93\x8c\x04true\x85R.",
    )
    yield "inst.pkl", b"(S'true'\nios\nsystem\n."
    yield "obj.pkl", b"(cos\nsystem\nS'true'\no."
    yield "extension.pkl", b"\x80\x02\x82\x01)R."
    yield "python 2.pkl", b"c__builtin__\neval\n(S'1'\ntR."
    yield "octal.pkl", b"I010\n0cos\nsystem\n(S'true'\ntR."
    yield "frame.pkl", b"\x80\x04\x95\x03\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R."
    yield "object array.npy", saved(lambda b, v: np.save(b, v, allow_pickle=True), np.array([Payload()], dtype=object))
    yield "joblib array.joblib", saved(lambda b, v: joblib.dump(v, b), np.array([Payload()], dtype=object))
    yield "lambda.json", json.dumps({"class_name": "Lambda", "config": {"function": "x"}}).encode()
    yield from model_files.adversarial(system)
    yield from data_files.adversarial(system)
    yield from saved_models.adversarial()
    yield from text_files.adversarial()


def benign():
    """By name: plain data as it is written every day.  Files that belong together are a dictionary."""
    state = OrderedDict(w=np.arange(1000.0), b=np.zeros(3, np.float32))
    for protocol in range(6):
        yield f"state {protocol}.pkl", pickle.dumps(state, protocol)
        yield f"nested {protocol}.pkl", pickle.dumps({"a": [1, None, {"b": (1, 2)}], "c": {1, 2}}, protocol)
    yield "state.pt", zipped(pickle.dumps({"epoch": 1, "names": ["a"]}, 2))
    yield "state.pkl.gz", gzip.compress(pickle.dumps(state))
    for compress in (0, 3, ("bz2", 3), ("xz", 1)):
        yield (
            f"state {compress if compress in (0, 3) else compress[0]}.joblib",
            saved(lambda b, v, c=compress: joblib.dump(v, b, compress=c), dict(state)),
        )
    yield "a.npy", saved(np.save, np.arange(100))
    yield "strings.npy", saved(lambda b, v: np.save(b, v, allow_pickle=True), np.array(["a", None], dtype=object))
    yield "a.npz", saved(lambda b, v: np.savez(b, a=v), np.arange(100))
    yield "b.npz", saved(lambda b, v: np.savez_compressed(b, a=v), np.arange(100))
    yield "m.safetensors", save({"w": np.zeros((9, 9), np.float32)})
    yield from model_files.benign()
    yield from data_files.benign()
    yield from saved_models.benign()
    yield from text_files.benign()
    yield "config.json", json.dumps({"class_name": "Dense", "module": "keras.layers", "config": {}}).encode()
    yield "data.csv", b"x,y\n" + b"1,2\n" * 99
    yield "README.md", b"# Model\n\nUses os.system and eval nowhere.\n"
    yield "vocabulary.txt", b"cat\ndog\nbird\n"
    yield "image.png", b"\x89PNG\r\n\x1a\n" + bytes(99)


def write(folder: Path) -> None:
    """`folder/adversarial` and `folder/benign`."""
    for kind, files in (("adversarial", adversarial()), ("benign", benign())):
        (folder / kind).mkdir(parents=True)
        for number, (name, data) in enumerate(files):
            place = folder / kind / f"{number:03}"
            place.mkdir()
            for inner, content in (data if isinstance(data, dict) else {name: data}).items():
                (place / inner).write_bytes(content)

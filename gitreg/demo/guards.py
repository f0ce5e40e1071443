"""What guards the demo's stages: its policy, with every kind of gate, and the programs that two of them run."""

from __future__ import annotations

from collections.abc import Mapping

# IMAGES is put in once they are added: the manifest of the dataset to measure on.
POLICY = """\
format = 1
epoch = 2
branch = "main"

[roles]
engineer = ["alice@example.com"]
reviewer = ["bob@example.com", "carol@example.com"]

[admins]
from = ["engineer"]

[rules]
register = ["engineer"]

[stages.staging]
promote = ["engineer"]
gates = ["accuracy", "format"]

[stages.production]
after = "staging"
promote = ["engineer"]
rollback = ["engineer"]
gates = ["measured", "format", "safe", "card", "works", "fast", "small"]
approvals = { count = 2, from = ["reviewer"] }
decide = "hybrid"

[gates.accuracy]
kind = "metric"
metric = "accuracy"
min = 0.95

[gates.measured]
kind = "metric"
metric = "accuracy"
min = 0.95
max_regression = 0.0
margin = 0.01
evaluate = ["gates/accuracy.py"]
dataset = "digit-images@IMAGES"
tolerance = 0.005

[gates.format]
kind = "format"

[gates.card]
kind = "card"
required = ["card", "model.license", "model.owner", "lineage"]
licenses = ["Apache-2.0", "MIT"]

[gates.safe]
kind = "safety"
profiles = ["sklearn"]

[gates.works]
kind = "smoke"

[gates.fast]
kind = "latency"
p95_ms = 250
margin = 50
runs = 50
warm_up = 5

[gates.small]
kind = "command"
program = ["gates/small.py"]
"""

_ACCURACY = """\
#!/usr/bin/env python3
import json
import pathlib
import sys

import onnxruntime
from safetensors.numpy import load_file

request = json.load(sys.stdin)
images = load_file(pathlib.Path(request["dataset"], "holdout.safetensors"))
model = onnxruntime.InferenceSession(pathlib.Path(request["checkout"], "model.onnx"))
found = model.run(["label"], {"pixels": images["images"].astype("float32")})[0]
accuracy = float((found == images["labels"]).mean())
print(json.dumps({"metrics": {"accuracy": round(accuracy, 4)}}))
"""

_SMALL = """\
#!/usr/bin/env python3
import json
import pathlib
import sys

files = pathlib.Path(json.load(sys.stdin)["checkout"]).rglob("*")
size = sum(file.stat().st_size for file in files)
verdict = "pass" if size < 4_000_000 else "fail"
print(json.dumps({"verdict": verdict, "figure": f"{size} bytes", "reason": "the serving image has room for 4 MB"}))
"""

# By their paths on the protected branch.
PROGRAMS: Mapping[str, str] = {"gates/accuracy.py": _ACCURACY, "gates/small.py": _SMALL}

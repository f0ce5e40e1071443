"""A program: load a model, predict a number of times, and say in JSON what came out and how long it took.

Reads `{"checkout", "sample", "runs", "warm_up", "threads"}` from stdin.  Gates run it in a sandbox.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from gitreg.errors import GitregError
from gitreg.serializers.optional import require
from gitreg.serializers.predictor import Predict, predictor


def main() -> int:
    """Exit code 1, and the reason on stderr, if the model does not load or predict."""
    request = json.load(sys.stdin)
    # What a model's code prints must not be taken for the answer.
    answer, sys.stdout = sys.stdout, sys.stderr
    try:
        json.dump(_tried(request), answer)
    except GitregError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0


def _tried(request: dict[str, Any]) -> dict[str, object]:
    predict = predictor(Path(request["checkout"]))
    sample = _as_input(request["sample"])
    output = predict(sample)
    for _ in range(request["warm_up"]):
        predict(sample)
    started = time.perf_counter()
    seconds = _timed(predict, sample, request["runs"], request["threads"])
    whole = time.perf_counter() - started
    return {**_described(output), "seconds": seconds, "whole": whole, "machine": _machine()}


def _as_input(sample: object) -> object:
    array: object = sample if isinstance(sample, dict) else require("numpy").asarray(sample)
    return array


def _timed(predict: Predict, sample: object, runs: int, threads: int) -> list[float]:
    def once(_number: int) -> float:
        started = time.perf_counter()
        predict(sample)
        return time.perf_counter() - started

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(once, range(runs)))


def _described(output: object) -> dict[str, object]:
    numpy = require("numpy")
    array = numpy.asarray(output)
    numeric = array.dtype.kind in "biufc"
    finite = bool(numpy.isfinite(array).all()) if numeric else array.dtype.kind in "US"
    return {"shape": list(array.shape), "type": str(array.dtype), "finite": finite}


def _machine() -> dict[str, object]:
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


if __name__ == "__main__":
    sys.exit(main())

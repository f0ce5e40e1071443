"""How many SSH signatures one core verifies in a second, by kind of key, from the armored text to the person's name;
against the bare Ed25519 check of the library underneath, and against `ssh-keygen -Y verify`."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gitreg.trust.allowed_signers import AllowedSigners
from gitreg.trust.sshsig import parse_signature, verify

KINDS = {
    "ed25519": ("-t", "ed25519"),
    "ecdsa P-256": ("-t", "ecdsa", "-b", "256"),
    "rsa 3072": ("-t", "rsa", "-b", "3072"),
}
GOAL = 8000  # Ed25519 signatures a second
MESSAGE = b"object 4b825dc642cb6eb9a060e54bf8d69288fbee4904\ntype commit\n" * 10  # as long as a stage tag
NAME = "alice@example.com"


@dataclass(frozen=True, slots=True)
class Case:
    """What is done `count` times; seconds are of the processor, or of the clock if another process does the work."""

    name: str
    run: Callable[[], None]
    count: int
    clock: Callable[[], float] = time.process_time

    def rate(self) -> float:
        start = self.clock()
        self.run()
        return self.count / (self.clock() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="signatures a run")
    parser.add_argument("--runs", type=int, default=9, help="runs of each case, in turn")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitreg-bench-") as scratch:
        cases = _cases(Path(scratch), options.count)
        rates: dict[str, list[float]] = {case.name: [] for case in cases}
        for _ in range(options.runs + 1):
            for case in cases:
                rates[case.name].append(case.rate())
    report({name: values[1:] for name, values in rates.items()})


def _cases(scratch: Path, count: int) -> list[Case]:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(scratch / "ca")], check=True)
    cases = [Case("library alone, ed25519", _library(count), count)]
    for name, kind in KINDS.items():
        key = scratch / name
        subprocess.run(["ssh-keygen", "-q", *kind, "-N", "", "-C", "", "-f", str(key)], check=True)
        line = f"{NAME} {key.with_suffix('.pub').read_text()}"
        cases.append(Case(name, _ours(key, line, count), count))
    certify = ["ssh-keygen", "-q", "-s", str(scratch / "ca"), "-I", "x", "-n", NAME, str(scratch / "ed25519.pub")]
    subprocess.run(certify, check=True)
    line = f"{NAME} cert-authority {(scratch / 'ca.pub').read_text()}"
    cases.append(Case("ed25519, certificate", _ours(scratch / "ed25519-cert.pub", line, count), count))
    cases.append(Case("ssh-keygen, ed25519", _openssh(scratch), 20, time.perf_counter))
    return cases


def _library(count: int) -> Callable[[], None]:
    private = Ed25519PrivateKey.generate()
    public, signature = private.public_key(), private.sign(MESSAGE[:140])

    def run() -> None:
        for _ in range(count):
            public.verify(signature, MESSAGE[:140])

    return run


def _ours(key: Path, line: str, count: int) -> Callable[[], None]:
    armored, signers, at = _sign(key), AllowedSigners.parse(line.encode()), datetime.now(UTC)

    def run() -> None:
        for _ in range(count):
            found = verify(parse_signature(armored), MESSAGE, "git")
            if NAME not in signers.principals_of(found, "git", at):
                raise SystemExit("a good signature was refused")

    return run


def _sign(key: Path) -> str:
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", str(key)]
    return subprocess.run(command, input=MESSAGE, capture_output=True, check=True).stdout.decode()


def _openssh(scratch: Path) -> Callable[[], None]:
    (scratch / "signers").write_text(f"{NAME} {(scratch / 'ed25519.pub').read_text()}")
    (scratch / "plain").write_text(_sign(scratch / "ed25519"))
    command = ["ssh-keygen", "-Y", "verify", "-n", "git", "-I", NAME, "-f", str(scratch / "signers")]

    def run() -> None:
        for _ in range(20):
            subprocess.run([*command, "-s", str(scratch / "plain")], input=MESSAGE, capture_output=True, check=True)

    return run


def report(rates: dict[str, list[float]]) -> None:
    print(f"{'verified':24} {'median':>9} {'fastest':>9}")
    for name, values in rates.items():
        aim = ""
        if name == "ed25519":
            aim = f"  aim {GOAL}/s: {'kept' if statistics.median(values) >= GOAL else 'MISSED'}"
        print(f"{name:24} {statistics.median(values):7.0f}/s {max(values):7.0f}/s{aim}")


if __name__ == "__main__":
    main()

"""The demo's villain: flips one bit in the largest object of a store."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    objects = Path(sys.argv[1]) / "objects"
    victim = max(objects.glob("??/*"), key=lambda path: path.stat().st_size)
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.chmod(0o600)
    victim.write_bytes(data)
    sys.stdout.write(f"flipped one bit of {victim.name[:16]}... ({len(data)} bytes)\n")


if __name__ == "__main__":
    main()

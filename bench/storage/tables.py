"""Tables that grow: CSV, and parquet if pyarrow is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

_COLUMNS = 12


def rows(count: int, seed: int) -> list[str]:
    """Lines of a CSV file of measurements."""
    generator = np.random.default_rng(seed)
    keys, values = generator.integers(0, 10**9, count), generator.integers(0, 10**7, (count, _COLUMNS))
    return [
        f"{key}," + ",".join([f"0.{value:07}" for value in row]) for key, row in zip(keys, values.tolist(), strict=True)
    ]


def appended(table: list[str]) -> list[str]:
    return table + rows(len(table) // 100, 2)


def inserted(table: list[str]) -> list[str]:
    middle = len(table) // 2
    return [*table[:middle], *rows(1, 3), *table[middle:]]


def write_csv(path: Path, table: list[str]) -> None:
    path.write_text("\n".join(table))


def write_parquet(path: Path, table: list[str]) -> None:
    import pyarrow  # noqa: PLC0415 - the one case that needs it
    import pyarrow.parquet  # noqa: PLC0415

    columns = np.array([line.split(",") for line in table], dtype=float).T
    pyarrow.parquet.write_table(pyarrow.table({f"c{number}": column for number, column in enumerate(columns)}), path)


def can_write_parquet() -> bool:
    from importlib.util import find_spec  # noqa: PLC0415

    return find_spec("pyarrow") is not None


def versions(count: int) -> Iterator[tuple[str, list[str]]]:
    """What happens to a table, and the table after it."""
    table = rows(count, 1)
    yield "append 1 %", appended(table)
    yield "insert a row", inserted(table)

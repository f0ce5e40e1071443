"""Where the keys of a sealed store lie in it: `keys/ID`, one record each, put there before any object needs it (W1)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from gitreg.core.store_key import MAX_RECORD_BYTES, KeyRecord, format_record, parse_record
from gitreg.errors import FormatError, RefusedError
from gitreg.storage.layout import FORMAT_FILE, MAX_FORMAT_BYTES, OBJECTS, SEALED_FORMAT_TEXT
from gitreg.storage.remote.driver import AbsentError, OversizeError

if TYPE_CHECKING:
    from gitreg.core.key_id import KeyId
    from gitreg.storage.remote.driver import Driver

KEYS: Final = "keys"
# One a day for years; whoever holds the store may have put more there, for us to read for ever.
_MAX_RECORDS: Final = 4096


def read_records(driver: Driver, root: KeyId) -> tuple[KeyRecord, ...]:
    """The well-formed records of the store with that root, unverified; what else lies there is passed over."""
    listed = islice(driver.list(KEYS), _MAX_RECORDS)
    found = [_read(driver, entry.key) for entry in listed if entry.size <= MAX_RECORD_BYTES]
    return tuple(record for record in found if record is not None and record.statement.root == root)


def put_record(driver: Driver, record: KeyRecord) -> None:
    """Store a record, in place of the one of the same key if there is one."""
    driver.put(_place(record), format_record(record))


def found_sealed_store(driver: Driver, first: KeyRecord) -> None:
    """Make a sealed store.  Raises RefusedError where there are objects, or a store of another layout.

    Killed half-way, it leaves keys that nothing uses, and can be run again.
    """
    try:
        layout = driver.get(FORMAT_FILE, MAX_FORMAT_BYTES)
    except AbsentError:
        layout = SEALED_FORMAT_TEXT
    if layout != SEALED_FORMAT_TEXT or next(iter(driver.list(OBJECTS)), None) is not None:
        raise RefusedError(
            f"there is a store at {driver.describe()} already",
            hint="a store is encrypted from its beginning: add a remote with another prefix, and encrypt that",
        )
    put_record(driver, first)
    driver.put(FORMAT_FILE, SEALED_FORMAT_TEXT)


def _read(driver: Driver, key: str) -> KeyRecord | None:
    try:
        record = parse_record(driver.get(key, MAX_RECORD_BYTES))
    except (AbsentError, OversizeError, FormatError):
        return None
    return record if key == _place(record) else None


def _place(record: KeyRecord) -> str:
    return f"{KEYS}/{record.statement.key}"

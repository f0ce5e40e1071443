"""The largest sizes and counts a format may hold, so that hostile input is refused before memory is spent on it."""

from __future__ import annotations

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

MAX_MANIFEST_BYTES: Final = 512 * MIB
MAX_FILES: Final = 4_000_000
MAX_CHUNKS: Final = 4_000_000
MAX_CHUNK_BYTES: Final = 16 * MIB
MAX_ARTIFACT_BYTES: Final = 1 << 50

# The smallest of the limits of ext4, APFS and XFS, so that what can be added here can be checked out anywhere.
MAX_NAME_BYTES: Final = 255
MAX_PATH_BYTES: Final = 1000
MAX_PATH_DEPTH: Final = 64

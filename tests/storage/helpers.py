"""Small tools of the storage tests."""

from __future__ import annotations

from pathlib import Path

from gitreg.storage.layout import object_path


def contents(root: Path) -> dict[str, tuple[bytes, bool]]:
    """Every file's bytes and executable bit, by path."""
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def object_file(store, digest) -> Path:
    return store.root / object_path(digest)


def damage(file: Path, change) -> None:
    """Overwrite an object with changed bytes, past its read-only mode."""
    file.chmod(0o644)
    file.write_bytes(change(file.read_bytes()))

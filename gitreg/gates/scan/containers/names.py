"""Names of an archive's members that lead out of it, or that systems read differently."""

from __future__ import annotations


def fault_of(name: str) -> str:
    """What is wrong, or nothing."""
    parts = name.removesuffix("/").split("/")
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        return "is an absolute path"
    if ".." in parts or "\\" in name:
        return "leads out of the archive"
    if "" in parts or "." in parts or "\x00" in name or not name:
        return "is a path that readers shorten differently"
    return ""

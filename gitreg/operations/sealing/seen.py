"""What a clone remembers of a sealed remote: its root key, and the newest of its keys.  Neither goes back.

No committed file and no store can then have this clone write in the clear again, or with a key that was replaced.
"""

from __future__ import annotations

from typing import NamedTuple

from gitreg.core.key_id import KeyId
from gitreg.core.text import escape
from gitreg.errors import FormatError, RefusedError
from gitreg.git.config import get_config, set_config, unset_config
from gitreg.operations.context import Context

SEEN_KEY = "seenKey"


class SeenKey(NamedTuple):
    """`ROOT EPOCH KEY` in the clone's configuration: the store's first key and its newest; no KEY, if none was seen.

    Two admins may give the same epoch to two keys, of which the greater one is the newer one.
    """

    root: KeyId
    epoch: int = 0
    key: KeyId | None = None

    @property
    def rank(self) -> tuple[int, str]:
        """What never goes back."""
        return self.epoch, self.key or ""


def checked_root(context: Context, name: str) -> KeyId | None:
    """The root key of the remote, or None if it is not sealed.  Raises RefusedError if it was another one before."""
    root, seen = context.config.sealed.get(name), seen_key(context, name)
    if seen is not None and seen.root != root:
        now = f"encrypted with the root key {root}" if root else "not encrypted any more"
        raise RefusedError(
            f"the remote '{name}' was encrypted with the root key {seen.root}, and is now {now}",
            hint=f"if that is right: gitreg remote trust {name}",
        )
    if root is not None and seen is None:
        remember(context, name, SeenKey(root))
    return root


def seen_key(context: Context, name: str) -> SeenKey | None:
    """What was remembered.  Raises FormatError if somebody wrote nonsense there."""
    text = get_config(context.repo, _setting(name))
    if text is None:
        return None
    root, _, rest = text.partition(" ")
    epoch, _, key = rest.partition(" ")
    if not (epoch.isascii() and epoch.isdigit()):
        raise FormatError(f"{_setting(name)} is '{escape(text[:80])}'", hint=f"gitreg remote trust {name}")
    return SeenKey(KeyId.parse(root), int(epoch), KeyId.parse(key) if key else None)


def remember(context: Context, name: str, seen: SeenKey) -> None:
    set_config(context.repo, _setting(name), f"{seen.root} {seen.epoch} {seen.key or ''}".rstrip())


def seen_root(context: Context, name: str) -> KeyId | None:
    """The root key that this clone insists on; None if on none, also because nonsense was written there."""
    try:
        seen = seen_key(context, name)
    except FormatError:
        return None
    return seen.root if seen else None


def accept_root(context: Context, name: str) -> KeyId | None:
    """Insist from now on on what the registry says of the remote, and on no key but its root.  Tells what it is."""
    root = context.config.sealed.get(name)
    if root is None:
        unset_config(context.repo, _setting(name))
    else:
        remember(context, name, SeenKey(root))
    return root


def _setting(name: str) -> str:
    return f"gitreg.remote.{name}.{SEEN_KEY}"

"""Which key signs: the one named, the one git is configured with, the agent's only one, or the usual file in ~/.ssh."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gitreg.core.text import escape
from gitreg.errors import FormatError, SigningError
from gitreg.trust.agent import Agent, AgentSigner
from gitreg.trust.file_signer import FileSigner
from gitreg.trust.keygen_signer import KeygenSigner
from gitreg.trust.private_key import KeyFile
from gitreg.trust.public_key import MAX_LINE, PublicKey
from gitreg.trust.signer import Signer

UNLOCK_VARIABLE: Final = "GITREG_KEY_PASSPHRASE"

_DEFAULT_FILES: Final = ("id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_rsa")
# git's own notation for a key in place of a path, and the bare form it also takes
_LITERAL: Final = re.compile(r"(?:key::)?((?:ssh|ecdsa|sk)-[!-~]+[ \t].*)", re.DOTALL)


class NoKeyError(SigningError):
    """Nothing was chosen, and there is nothing to choose from."""


def find_signer(
    explicit: str | None,
    configured: str | None,
    home: Path,
    environ: Mapping[str, str],
    ask: Callable[[str], str | None],
) -> Signer:
    """The signer to use; SigningError with a hint if there is none.

    `explicit` is the user's choice and `configured` git's user.signingkey (only if gpg.format is ssh): a path, a .pub
    path, or a public key that the agent holds.  `ask` shows a prompt for a passphrase, or returns None.
    """
    search = _Search(home, environ, Agent.from_environ(environ), _passphrases(environ, ask))
    chosen = explicit or configured
    return search.named(chosen) if chosen else search.usual()


def _passphrases(environ: Mapping[str, str], ask: Callable[[str], str | None]) -> Callable[[str], str | None]:
    if UNLOCK_VARIABLE not in environ:
        return ask
    # once only: what did not open the key will not open it at the next attempt
    given = iter([environ[UNLOCK_VARIABLE]])
    return lambda _prompt: next(given, None)


@dataclass(frozen=True, slots=True)
class _Search:
    home: Path
    environ: Mapping[str, str]
    agent: Agent | None
    ask: Callable[[str], str | None]

    def named(self, chosen: str) -> Signer:
        literal = _LITERAL.fullmatch(chosen)
        if literal is not None:
            return self._held_by_agent(_parse_key(literal[1], "the configured signing key"))
        path = self.home / chosen[2:] if chosen.startswith("~/") else Path(chosen)
        return self._of_public_file(path) if path.suffix == ".pub" else self._of_file(KeyFile.read(path))

    def usual(self) -> Signer:
        held = self._agent_keys()
        if self.agent is not None and len(held) == 1:
            return AgentSigner(self.agent, held[0])
        for name in _DEFAULT_FILES:
            path = self.home / ".ssh" / name
            if path.exists():
                return self._of_file(KeyFile.read(path))
        if held:
            raise SigningError(
                f"ssh-agent holds {len(held)} keys and none is chosen",
                hint="name one with --key, or with git config user.signingkey",
            )
        raise NoKeyError("no signing key found", hint="make one with: gitreg init --new-key")

    def _of_public_file(self, path: Path) -> Signer:
        key = _read_public(path)
        private = path.with_name(path.name.removesuffix(".pub" if key.certificate is None else "-cert.pub"))
        if private == path or not private.exists():
            return self._held_by_agent(key)
        file = KeyFile.read(private)
        if file.public_key != key:
            raise SigningError(f"{escape(str(path))} is not the public half of {escape(str(private))}")
        if key.type.is_hardware:
            return KeygenSigner(path, key, self.environ)
        return self._of_file(replace(file, public_key=key))

    def _of_file(self, file: KeyFile) -> Signer:
        key = file.public_key
        if key.type.is_hardware:
            return KeygenSigner(file.path, key, self.environ)
        if file.is_encrypted and self.agent is not None and self._agent_has(key):
            return AgentSigner(self.agent, key)
        return FileSigner(file, self.ask)

    def _held_by_agent(self, key: PublicKey) -> Signer:
        if self.agent is None or not self.agent.holds(key):
            raise SigningError(
                f"the private half of {key} is neither in a file nor in ssh-agent", hint="add it with ssh-add"
            )
        return AgentSigner(self.agent, key)

    def _agent_keys(self) -> tuple[PublicKey, ...]:
        """What the agent could offer; one that is gone offers nothing, for nobody asked for it by name.

        A certificate comes beside its key, for purposes of its own, and is used only if named.
        """
        try:
            held = self.agent.list_keys() if self.agent is not None else ()
        except SigningError:
            return ()
        return tuple(key for key in held if key.certificate is None)

    def _agent_has(self, key: PublicKey) -> bool:
        try:
            return self.agent is not None and self.agent.holds(key)
        except SigningError:
            return False


def _read_public(path: Path) -> PublicKey:
    shown = escape(str(path))
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return _parse_key(file.read(MAX_LINE + 1), shown)
    except OSError as error:
        raise SigningError(f"cannot read the key {shown}: {error.strerror}") from error


def _parse_key(text: str, what: str) -> PublicKey:
    try:
        return PublicKey.parse_wire(text)
    except FormatError as error:
        raise SigningError(f"{what}: {error.message}") from error

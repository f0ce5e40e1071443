"""`allowed_signers`, OpenSSH's list of who signs with which key (ssh-keygen(1), ALLOWED SIGNERS).

Every line stands alone: one that is not understood grants nothing, breaks no other, and is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple, Self

from gitreg.core.names import Principal
from gitreg.core.text import escape
from gitreg.errors import FormatError, GitregError, UsageError
from gitreg.trust.patterns import is_literal, matches, matches_list
from gitreg.trust.public_key import PublicKey
from gitreg.trust.revocation import Revocations
from gitreg.trust.signer_options import SignerOptions, parse_options, split_options

MAX_FILE: Final = 4 * 1024 * 1024
# Of all signatures that people make here.
NAMESPACES: Final = ("git", "gitreg-approval", "gitreg-policy", "gitreg-store-keys")
_NOTHING: Final = Revocations()


class Grant(NamedTuple):
    """One line: who (a pattern list) may sign for what and when, with this key or certified by it."""

    line: int
    principals: str
    key: PublicKey
    options: SignerOptions

    def allows(self, principal: str, key: PublicKey, namespace: str, at: datetime) -> bool:
        """Whether the line lets `principal` sign with `key`, which must be one that the line is about."""
        certified = key.certificate is None or principal in key.certificate.names
        return certified and self.options.allow(namespace, at) and matches_list(principal, self.principals)

    def literals(self) -> frozenset[Principal]:
        """The people the line names one by one; a wildcard names nobody."""
        return _literals(self.principals)

    def named(self, key: PublicKey) -> frozenset[Principal]:
        """The people that `key` may be: those of its certificate that the line lets through, or the line's own."""
        if key.certificate is None:
            return self.literals()
        names = (name for name in key.certificate.names if matches_list(name, self.principals))
        return frozenset(_principals(names))

    def found(self, key: PublicKey) -> list[str]:
        """What `ssh-keygen -Y find-principals` finds in the line, which takes each pattern for itself."""
        patterns = self.principals.split(",")
        if key.certificate is None:
            return patterns
        return [name for name in key.certificate.names if any(matches(name, pattern) for pattern in patterns)]


class Problem(NamedTuple):
    """A line that grants nothing although it seems meant to."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class AllowedSigners:
    grants: tuple[Grant, ...]
    problems: tuple[Problem, ...]
    _by_key: Mapping[PublicKey, tuple[Grant, ...]]
    _by_authority: Mapping[PublicKey, tuple[Grant, ...]]
    _revocations: Revocations = _NOTHING

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a file; FormatError only if it is absurdly large, everything else is one line's problem."""
        if len(data) > MAX_FILE:
            raise FormatError(f"allowed_signers has {len(data)} bytes, the limit is {MAX_FILE}")
        grants: list[Grant] = []
        problems: list[Problem] = []
        for number, line in enumerate(data.split(b"\n"), start=1):
            try:
                grant = _parse_line(number, line)
            except GitregError as error:
                problems.append(Problem(number, error.message))
            else:
                grants.extend([grant] if grant else [])
        plain = _index(grant for grant in grants if not grant.options.is_authority)
        return cls(
            tuple(grants), tuple(problems), plain, _index(grant for grant in grants if grant.options.is_authority)
        )

    def without(self, revocations: Revocations) -> Self:
        """The same people, but for keys, certificates and authorities that were revoked."""
        return replace(self, _revocations=revocations)

    def revoked(self, key: PublicKey) -> bool:
        """Whether `key` counts for nothing whatever the lines say."""
        return self._revocations.revoked(key)

    def certifies(self, principal: Principal, namespace: str, at: datetime) -> bool:
        """Whether an authority's line lets it certify keys of `principal` for `namespace`."""
        return any(
            grant.options.is_authority
            and grant.options.allow(namespace, at)
            and matches_list(principal, grant.principals)
            and not self.revoked(grant.key)
            for grant in self.grants
        )

    def principals_of(self, key: PublicKey, namespace: str, at: datetime) -> frozenset[Principal]:
        """The people in whose name `key` signs for `namespace` at the (aware) time `at`, as git would find them."""
        grants = self._grants_of(key, at)
        if not self._is_found(grants, key, namespace, at):
            return frozenset()
        granted = (grant.named(key) for grant in grants if grant.options.allow(namespace, at))
        return frozenset().union(*granted)

    def allows(self, principal: Principal, key: PublicKey, namespace: str, at: datetime) -> bool:
        """Whether `principal`, named or by wildcard, may sign with `key` for `namespace` at the (aware) time `at`."""
        return any(grant.allows(principal, key, namespace, at) for grant in self._grants_of(key, at))

    def _grants_of(self, key: PublicKey, at: datetime) -> tuple[Grant, ...]:
        """A line for a key never lets a certificate for it through, nor a line for an authority its own signature."""
        if self.revoked(key):
            return ()
        if key.certificate is None:
            return self._by_key.get(key, ())
        return self._by_authority.get(key.certificate.authority, ()) if key.certificate.is_valid_at(at) else ()

    def _is_found(self, grants: Sequence[Grant], key: PublicKey, namespace: str, at: datetime) -> bool:
        """Whether git gets anywhere: it asks only about those whom the first line in force with the key names."""
        first = next((found for grant in grants if grant.options.in_force(at) and (found := grant.found(key))), ())
        return any(grant.allows(name, key, namespace, at) for name in first for grant in grants)


def format_line(principals: Sequence[Principal], key: PublicKey, namespaces: Sequence[str] = NAMESPACES) -> str:
    """A line that lets `principals` sign with `key`, restricted to `namespaces`."""
    return f'{",".join(principals)} namespaces="{",".join(namespaces)}" {key.line}\n'


@lru_cache(maxsize=1024)
def _literals(patterns: str) -> frozenset[Principal]:
    names = frozenset(Principal.parse(name) for name in patterns.split(",") if is_literal(name))
    return frozenset(name for name in names if matches_list(name, patterns))


def _principals(names: Iterable[str]) -> Iterator[Principal]:
    """Those that can be spoken of elsewhere; an authority may certify for many other purposes than this one."""
    for name in names:
        try:
            yield Principal.parse(name)
        except UsageError:
            continue


def _index(grants: Iterable[Grant]) -> Mapping[PublicKey, tuple[Grant, ...]]:
    by_key: dict[PublicKey, tuple[Grant, ...]] = {}
    for grant in grants:
        by_key[grant.key] = (*by_key.get(grant.key, ()), grant)
    return MappingProxyType(by_key)


def _parse_line(number: int, data: bytes) -> Grant | None:
    line = _text(data)
    if not line or line.startswith("#"):
        return None
    principals, rest = _split_principals(line)
    options_text, key_text = split_options(rest)
    options = parse_options(options_text)
    grant = Grant(number, principals, PublicKey.parse(key_text), options)
    grant.literals()  # a name that cannot be spoken of elsewhere makes the line a problem, not a surprise later
    return grant


def _text(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise FormatError("not UTF-8 text") from None
    if "\0" in text:
        raise FormatError("a NUL character")
    return text.strip(" \t\r")


def _split_principals(line: str) -> tuple[str, str]:
    """The first field, which may stand in quotes, and what follows it."""
    if line.startswith('"'):
        principals, closed, rest = line[1:].partition('"')
        if not closed or rest[:1] not in (" ", "\t"):
            raise FormatError("a quote in the principals that does not end well")
    else:
        principals, *others = line.replace("\t", " ").split(" ", 1)
        rest = others[0] if others else ""
    if not principals or not rest.strip(" \t"):
        raise FormatError(f"no key after the principals: '{escape(line[:60])}'")
    # OpenSSH drops quotes within a field: `!bo"b"` excludes bob, so reading it letter by letter would let him in.
    if '"' in principals or not (principals.isascii() and principals.isprintable()):
        raise FormatError(f"principals that are not plain ASCII: '{escape(principals[:60])}'")
    return principals, rest.strip(" \t")

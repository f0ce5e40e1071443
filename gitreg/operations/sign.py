"""Turning an event into a signed tag: built, signed, verified by the rules that readers apply, and only then named."""

from __future__ import annotations

from dataclasses import replace

from gitreg.core.event import Event
from gitreg.core.oid import Oid
from gitreg.core.tag_message import TagMessage, clean_text, format_message
from gitreg.errors import RefusedError, SigningError
from gitreg.git.config import committer, get_config, get_config_path
from gitreg.git.history import is_ancestor
from gitreg.git.objects import write_object
from gitreg.git.refs import TAGS, create_ref
from gitreg.operations.branch import protected_branch
from gitreg.operations.context import Context
from gitreg.operations.marks import note_unshared
from gitreg.trust.facts import Facts, Failed, TagData, Verified
from gitreg.trust.key_discovery import NoKeyError, find_signer
from gitreg.trust.receipt import assume_received
from gitreg.trust.rules import TAG_NAMESPACE
from gitreg.trust.signer import Signer
from gitreg.trust.sshsig import sign as sign_bytes
from gitreg.trust.tag_object import Tagger, TargetType, attach_signature, encode_tag_object
from gitreg.trust.verify import Verifier

SIGNING_KEY = "gitreg.signingKey"
MADE_KEY = ".ssh/id_ed25519_gitreg"  # below the home; what `gitreg init --new-key` makes
_KEY_HINT = "gitreg keys add YOU@EXAMPLE.COM --new-key FILE makes one; it counts once that is committed and shared"
_UNNAMED = Oid("0" * 40)
_CLOCK_SLACK = 60  # seconds


def open_signer(context: Context) -> Signer:
    """The person's signing key: --key, GITREG_KEY, gitreg.signingKey, git's own SSH signing settings, the usual files.

    The key that gitreg once made comes last, so that it also serves in another clone and another registry.
    """
    settings, repo = context.settings, context.repo
    own = get_config_path(repo, SIGNING_KEY)
    explicit = settings.key or settings.environ.get("GITREG_KEY") or (str(own) if own else None)
    uses_ssh = get_config(repo, "gpg.format") == "ssh"
    configured = get_config(repo, "user.signingKey") if uses_ssh else None
    made = settings.home / MADE_KEY
    try:
        return find_signer(explicit, configured, settings.home, settings.environ, settings.ask)
    except SigningError as error:
        if not explicit and not configured and made.exists():
            return find_signer(str(made), None, settings.home, settings.environ, settings.ask)
        usual = error.hint or f"choose a key with --key, GITREG_KEY or: git config {SIGNING_KEY} FILE"
        hint = _KEY_HINT if isinstance(error, NoKeyError) else usual
        raise type(error)(error.message, hint=hint) from error


def record(context: Context, signer: Signer, event: Event, target: Oid, text: str, facts: Facts) -> Verified:
    """Sign the event as a tag on `target`.  RefusedError, with nothing written, if readers would not accept it."""
    name = event.tag_name
    tagger = _tagger(context, _latest_seconds(facts))
    message = format_message(TagMessage(event, clean_text(text)))
    payload = encode_tag_object(target, TargetType.COMMIT, str(name), tagger, message)
    raw = attach_signature(payload, sign_bytes(signer, payload, TAG_NAMESPACE))
    reached = is_ancestor(context.repo, target, protected_branch(context.repo).ref_names)
    verdict = Verifier(_with_tag(facts, event, raw, tagger.seconds, reached=reached)).verdict(name)
    if isinstance(verdict, Failed):
        raise RefusedError(
            f"{name} would not be accepted: {verdict.check}: {verdict.reason}", hint=_hint(verdict, signer)
        )
    oid = write_object(context.repo, "tag", raw)
    note_unshared(context.repo, name, oid)
    create_ref(context.repo, f"{TAGS}{name}", oid)
    return verdict._replace(oid=oid)


def _with_tag(facts: Facts, event: Event, raw: bytes, seconds: int, *, reached: bool) -> Facts:
    name = event.tag_name
    tags = {**facts.tags, name: TagData(_UNNAMED, raw)}
    on_branch = facts.on_branch | {name} if reached else facts.on_branch
    # it can have no receipt before it is there
    return assume_received(replace(facts, tags=tags, on_branch=on_branch), [_UNNAMED], seconds)


def _tagger(context: Context, latest: int) -> Tagger:
    """Order comes from the numbers, but tools that go by dates (GTO) must see the same: never before the last event."""
    who = committer(context.repo)
    now = who.timestamp
    seconds = latest + 1 if now <= latest < now + _CLOCK_SLACK else now
    return Tagger(who.name, who.email, seconds, who.zone)


def _latest_seconds(facts: Facts) -> int:
    newest = Verifier(facts).newest()
    return newest.seconds if newest else 0


def _hint(verdict: Failed, signer: Signer) -> str:
    match verdict.check:
        case "signature":
            key = signer.public_key.line
            return f"an admin adds you to .gitreg/allowed_signers on the protected branch: YOU@EXAMPLE.COM {key}"
        case "branch":
            return "commit it to the protected branch (or merge it there) first"
        case _:
            return "gitreg show and .gitreg/policy.toml tell what is needed"

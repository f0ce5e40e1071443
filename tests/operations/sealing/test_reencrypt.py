"""Encrypting anew: no object is left under a key that somebody removed has, and none is lost on the way."""

from __future__ import annotations

import random

import pytest

from gitreg.errors import RefusedError
from gitreg.operations.fsck import FsckRequest
from gitreg.operations.reencrypt import reencrypt

WEIGHTS = random.Random(5).randbytes(300_000)


def keys_used(vault):
    """The data keys that objects name in their headers."""
    return {value[4:20] for value in vault.under("objects").values()}


def test_nothing_is_left_under_the_old_key(vault):
    """Who was removed could open what they get at of the store as it was, for ever."""
    vault.publish(WEIGHTS)
    old = keys_used(vault)
    vault.change(remove=("bob@example.com",))
    result = reencrypt(vault.open().context, "vault")
    assert result.ok
    assert result.written == result.objects == len(vault.under("objects"))
    assert keys_used(vault).isdisjoint(old)
    assert (vault.clone("again", "ada").path("mnist") / "weights.bin").read_bytes() == WEIGHTS
    assert vault.open().fsck(FsckRequest(remote="vault")).ok


def test_what_a_gc_moved_aside_is_encrypted_anew_and_can_be_put_back(vault):
    """It is in the store for weeks, and the next gc may put it back, under the key that somebody removed has."""
    vault.publish(WEIGHTS)
    old = keys_used(vault)
    for key, value in vault.under("objects").items():
        vault.put(key.replace("/objects/", "/doomed/") + "/0123456789abcdef", value)
        vault.remove(key)
    vault.change(remove=("bob@example.com",))
    context = vault.open().context
    result = reencrypt(context, "vault")
    aside = vault.under("doomed")
    assert result.ok
    assert result.written == result.objects == len(aside) > 0
    assert {value[4:20] for value in aside.values()}.isdisjoint(old)
    assert reencrypt(context, "vault").written == 0
    assert (vault.clone("again", "ada").path("mnist") / "weights.bin").read_bytes() == WEIGHTS


def test_an_altered_copy_aside_is_named_and_left_alone(vault):
    vault.publish(WEIGHTS)
    key, value = max(vault.under("objects").items(), key=lambda each: len(each[1]))
    copy, altered = key.replace("/objects/", "/doomed/") + "/0123456789abcdef", value[:-1] + bytes([value[-1] ^ 1])
    vault.put(copy, altered)
    vault.change(rotate=True)
    (fault,) = reencrypt(vault.open().context, "vault").faults
    assert (fault.kind.value, vault.get(copy)) == ("corrupt", altered)


def test_again_writes_nothing(vault):
    """A run that was interrupted would begin from the start each time."""
    vault.publish(WEIGHTS)
    vault.change(rotate=True)
    context = vault.open().context
    assert reencrypt(context, "vault").written > 0
    before = vault.under("objects")
    assert reencrypt(context, "vault").written == 0
    assert vault.under("objects") == before


def test_an_altered_object_is_named_and_left_alone(vault):
    """Damage would be sealed anew, and pass for the object."""
    vault.publish(WEIGHTS)
    key, value = max(vault.under("objects").items(), key=lambda each: len(each[1]))
    altered = value[:-1] + bytes([value[-1] ^ 1])
    vault.client.put_object(Bucket=vault.bucket, Key=key, Body=altered)
    vault.change(rotate=True)
    result = reencrypt(vault.open().context, "vault")
    assert [fault.kind.value for fault in result.faults] == ["corrupt"]
    assert vault.under("objects")[key] == altered


def test_keys_do_not_travel_in_the_clear(vault):
    """Whoever listens between here and the cluster could open the store."""
    vault.publish(WEIGHTS)
    with pytest.raises(RefusedError, match="would travel to the cluster in the clear"):
        reencrypt(vault.open().context, "vault", "tcp://scheduler:8786")


def test_a_plain_remote_is_refused(plain):
    """People would believe that it is encrypted now."""
    with pytest.raises(RefusedError, match="is not encrypted"):
        reencrypt(plain.open().context, "vault")

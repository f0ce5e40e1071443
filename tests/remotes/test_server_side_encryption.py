"""The service's own encryption by options: what is asked for is what an object says it has."""

from __future__ import annotations

import pytest

from gitreg.core.digest import Digest
from gitreg.storage.open_store import create_store
from tests.servers.s3 import bucket_of

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
DATA = b"weights" * 100


@pytest.mark.parametrize("driver", ["fsspec", "obstore"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"server-side-encryption": "AES256"}, {"ServerSideEncryption": "AES256"}),
        (
            {"server-side-encryption": "aws:kms", "sse-kms-key-id": KEY},
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY},
        ),
    ],
)
def test_every_object_is_encrypted_as_the_options_say(moto, driver, options, said):
    """Somebody's rules would be broken by each push, and nobody would see it."""
    if driver == "obstore":
        pytest.importorskip("obstore")
    place = moto.place(driver)
    store = create_store(place.url, {**place.options, **options})
    store.write(Digest.of(DATA), DATA)
    assert store.read(Digest.of(DATA)) == DATA
    store.driver.copy(store.codec.key(Digest.of(DATA)), "doomed/copy")  # as gc does, which sets objects aside
    client, bucket = moto.client(), bucket_of(place)
    keys = [entry["Key"] for entry in client.list_objects_v2(Bucket=bucket)["Contents"]]
    assert len(keys) == 3
    for key in keys:
        head = client.head_object(Bucket=bucket, Key=key)
        assert {name: head.get(name) for name in said} == said

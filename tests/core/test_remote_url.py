"""Remote URLs that a committed file may name: a place, and never a secret, an option, or a chain of file systems."""

from __future__ import annotations

import pytest
from format_strategies import only_gitreg_errors
from hypothesis import given
from hypothesis import strategies as st

from gitreg.core.remote_url import SCHEMES, RemoteUrl
from gitreg.errors import UsageError

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("s3://bucket/a/b", "s3://bucket/a/b"),
        ("s3://bucket/", "s3://bucket"),
        ("gs://bucket/date=2026,x", "gs://bucket/date=2026,x"),
        ("file:///srv/my models/", "file:///srv/my models"),
        ("file:///srv/a@b:c", "file:///srv/a@b:c"),
        ("sftp://git@host:2222/srv", "sftp://git@host:2222/srv"),
        ("abfs://container@account.dfs.core.windows.net/x", "abfs://container@account.dfs.core.windows.net/x"),
    ],
)
def test_places_pass(text, url):
    """A team could not name its store, or one store had two names."""
    assert RemoteUrl.parse(text) == url
    assert RemoteUrl.parse(url) == url


@pytest.mark.parametrize(
    "text",
    ["", "bucket", "/srv/models", "http://host/x", "github://x", "memory://x", "S3://bucket", "s3:bucket", "s3://",
     "s3:///", "file:///", "s3:///key", "simplecache::s3://bucket", "s3://bucket::file:///etc", "file://host/srv",
     "file://relative", "s3://bucket/../other", "file:///srv/..", "file:///srv/%2e%2e/etc", "file:///srv/%2E./etc",
     "s3://bucket/a?versionId=1", "s3://bucket#x", "s3://bucket;x", "s3://bucket\n", "s3://buc\x00ket", "s3://b\x1b[31m",
     "s3://bucket/é", "s3://bucket:99/x", "sftp://host:port/x", "sftp://host:99999/x", "sftp://host:0/x",
     "s3:// bucket", "-o://x", "file:///srv\\..\\x"],
)  # fmt: skip
def test_anything_that_is_more_than_a_place_is_refused(text):
    """A cloned repository could make its reader open any file system with any option."""
    with pytest.raises(UsageError) as caught:
        RemoteUrl.parse(text)
    assert caught.value.hint
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    "text",
    [f"s3://key:{SECRET}@bucket/x", f"s3://{SECRET}@bucket", f"sftp://user:{SECRET}@host/x", f"s3://key:{SECRET}",
     f"s3://key:ab/{SECRET}@bucket", f"s3://key:ab//{SECRET}@bucket", f"simplecache::s3://key:{SECRET}@bucket",
     f"https://user:{SECRET}@host/x", f"s3:key:{SECRET}@bucket", f"s3://bucket/x?secret={SECRET}", f"key:{SECRET}@b",
     f"s3://bucket/x#{SECRET}", f"s3://bucket;secret={SECRET}", f"s3://key:{SECRET}@bucket\n", f"az://c:{SECRET}/x",
     f"abfs://c:{SECRET}@account/x", f"sftp://u:{SECRET}%40x@host/p", f"s3://a@b:{SECRET}@bucket"],
)  # fmt: skip
def test_a_refused_secret_is_not_repeated(text):
    """A password typed in the wrong place would end in a terminal's history and in CI logs."""
    with pytest.raises(UsageError) as caught:
        RemoteUrl.parse(text)
    assert SECRET not in caught.value.message + (caught.value.hint or "")


@given(st.text(max_size=60) | st.builds("{}://{}".format, st.sampled_from(SCHEMES), st.text(max_size=40)))
def test_any_text_is_a_url_or_refused(text):
    """Accepted URLs have one spelling, so that a changed one is noticed."""
    url = only_gitreg_errors(lambda: RemoteUrl.parse(text))
    assert url is None or (RemoteUrl.parse(str(url)) == url and url.scheme in SCHEMES and "::" not in url)

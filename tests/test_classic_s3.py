"""The classic surface on S3, against a real server on the loopback interface."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gitreg import ModelRegistry, create_registry
from gitreg.errors import GitregError, StorageError

np = pytest.importorskip("numpy")
boto3 = pytest.importorskip("boto3")
pytest.importorskip("s3fs", reason="needs gitreg[s3]")
pytestmark = pytest.mark.slow


@pytest.fixture
def endpoint(moto) -> str:
    return moto.endpoint


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest):
    """A bucket of its own, and credentials where the SDK looks for them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-that-nobody-prints")
    client = boto3.client("s3", endpoint_url=endpoint, region_name="eu-central-1")
    name = f"models-{abs(hash(request.node.name)) % 10**9}"
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return client, name


def opened(bucket, endpoint: str, path: Path, **more: str) -> ModelRegistry:
    return create_registry("s3", bucket=bucket[1], region="eu-central-1", endpoint_url=endpoint, path=path, **more)


def keys(bucket) -> list[str]:
    client, name = bucket
    return [entry["Key"] for entry in client.list_objects_v2(Bucket=name).get("Contents", [])]


def test_models_are_saved_to_the_bucket_and_loaded_from_it(bucket, endpoint: str, tmp_path: Path, monkeypatch):
    registry = opened(bucket, endpoint, tmp_path / "facts", prefix="team")
    array = np.arange(1000, dtype="float32")
    assert registry.save_model(array, "m", "Numbers", tags={"type": "array"}) == "1"
    assert registry.save_model(array * 2, "m") == "2"
    assert all(key.startswith("team/") for key in keys(bucket))
    record = registry.list_models()["m"][0]
    assert record["storage_path"].startswith(f"s3://{bucket[1]}/team/objects/")
    assert record["storage_path"].removeprefix(f"s3://{bucket[1]}/") in keys(bucket)
    subprocess.run(["git", "clone", "-q", str(tmp_path / "facts"), str(tmp_path / "elsewhere")], check=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another-cache"))
    there = opened(bucket, endpoint, tmp_path / "elsewhere", prefix="team")
    assert (there.load_model("m") == array * 2).all()
    assert (there.load_model("m", version="1") == array).all()


def test_deleted_and_saved_again(bucket, endpoint: str, tmp_path: Path):
    registry = opened(bucket, endpoint, tmp_path / "facts")
    for value in (1, 2):
        registry.save_model([value], "m")
    registry.delete_model("m")
    with pytest.raises(ValueError, match=r"^Model 'm' not found in registry$"):
        registry.load_model("m")
    assert registry.save_model([1], "m") == "3"
    assert registry.load_model("m") == [1]


def test_a_tampered_object_in_the_bucket_is_not_loaded(bucket, endpoint: str, tmp_path: Path):
    opened(bucket, endpoint, tmp_path / "facts").save_model(np.arange(1000), "m")
    client, name = bucket
    for key in keys(bucket):
        if "objects/" in key:
            data = bytearray(client.get_object(Bucket=name, Key=key)["Body"].read())
            data[len(data) // 2] ^= 1
            client.put_object(Bucket=name, Key=key, Body=bytes(data))
    subprocess.run(["git", "clone", "-q", str(tmp_path / "facts"), str(tmp_path / "elsewhere")], check=True)
    there = opened(bucket, endpoint, tmp_path / "elsewhere")
    with pytest.raises(GitregError):
        there.load_model("m")


def test_a_server_that_is_away_is_told_without_secrets_and_no_version_is_made(bucket, tmp_path: Path):
    registry = opened(bucket, "http://127.0.0.1:9", tmp_path / "facts")
    with pytest.raises(StorageError) as error:
        registry.save_model([1], "m")
    said = error.value.message + str(error.value.hint)
    assert bucket[1] in said
    assert "\n" not in error.value.message
    assert "a-secret-that-nobody-prints" not in said
    assert registry.get_model_versions("m") == []
    assert "a-secret-that-nobody-prints" not in (tmp_path / "facts" / ".git" / "config").read_text()


def test_a_mistyped_bucket_is_not_made(bucket, endpoint: str, tmp_path: Path):
    """A slip of the pen would cost money in a bucket that nobody watches."""
    client, name = bucket
    registry = opened((client, name + "-typo"), endpoint, tmp_path / "facts")
    with pytest.raises(StorageError):
        registry.save_model(np.zeros(3), "m")
    assert name + "-typo" not in [each["Name"] for each in client.list_buckets()["Buckets"]]
    assert registry.get_model_versions("m") == []

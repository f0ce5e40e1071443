"""What all S3 servers share: buckets, and two users of whom one may only read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from tests.servers.server import Place, Server, driver_option, fresh_name

REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Keys:
    """One user of a server."""

    key: str
    secret: str

    def options(self) -> dict[str, str]:
        return {"key": self.key, "secret": self.secret}


WRITER = Keys("WRITERSACCESSKEY0001", "the-secret-of-who-may-write")
READER = Keys("READERSACCESSKEY0001", "the-secret-of-who-may-only-read")


@dataclass(frozen=True, slots=True)
class S3Server(Server):
    def place(self, driver: str = "", endpoint: str = "") -> Place:
        name = fresh_name()
        self.client().create_bucket(Bucket=name)
        address = {"endpoint-url": endpoint or self.endpoint, "region": REGION}
        return Place(f"s3://{name}/team/models", address | WRITER.options() | driver_option(driver))

    def read_only(self, place: Place) -> Place:
        """The same place for somebody who may list and read it; moto lets everybody do everything."""
        bucket = bucket_of(place)
        allowed = {
            "Effect": "Allow",
            "Principal": {"AWS": ["arn:aws:iam:::user/reader"]},
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        self.client().put_bucket_policy(Bucket=bucket, Policy=policy)
        return place.having(READER.options())

    def client(self) -> Any:
        """A look from outside, by the vendor's own library."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=WRITER.key,
            aws_secret_access_key=WRITER.secret,
            config=Config(s3={"addressing_style": "path"}),
        )


def bucket_of(place: Place) -> str:
    return place.url.split("/")[2]

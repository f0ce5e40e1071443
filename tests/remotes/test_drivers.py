"""Which driver a user gets for a URL and options, and where its credentials come from."""

from __future__ import annotations

import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gitreg.errors import StorageError, UsageError
from gitreg.storage.remote.driver import DeniedError
from gitreg.storage.remote.drivers import bare_driver
from gitreg.storage.remote.obstore_driver import ObstoreDriver
from gitreg.storage.remote.options import OPTIONS, settings
from tests.remotes.fault_proxy import FaultProxy
from tests.servers.s3 import bucket_of
from tests.servers.server import Place

KEYS = {"key": "someone", "secret": "hush"}


def chosen(url: str, **options: str) -> str:
    named = {name.replace("_", "-"): value for name, value in options.items()}
    return type(bare_driver(url, named, settings(named))).__name__


def opened(place: Place, *without: str):
    options = {name: value for name, value in place.options.items() if name not in without}
    return bare_driver(place.url, options, settings(options))


def test_the_quick_driver_wherever_it_can_do_what_is_asked():
    """Each push would start half a second later, or an option would be forgotten in silence."""
    assert chosen("s3://bucket/team", **KEYS, region="eu-central-1") == "ObstoreDriver"
    assert chosen("s3://bucket/team", **KEYS) == "FsspecDriver"  # botocore finds out where the bucket is
    assert (
        chosen(
            "s3://bucket/team",
            **KEYS,
            endpoint_url="http://127.0.0.1:9",
            server_side_encryption="aws:kms",
            sse_kms_key_id="1",
        )
        == "ObstoreDriver"
    )
    assert chosen("az://container", account_name="a", account_key="YQ==") == "ObstoreDriver"
    assert chosen("abfs://container@account.dfs.core.windows.net/team", account_key="YQ==") == "ObstoreDriver"
    assert chosen("s3://bucket/team", **KEYS, cache_regions="true") == "FsspecDriver"
    assert chosen("s3://bucket/team", **KEYS, driver="fsspec") == "FsspecDriver"
    assert chosen("gs://bucket", anon="true", endpoint_url="http://127.0.0.1:9") == "FsspecDriver"
    assert chosen("memory://somewhere") == "FsspecDriver"


NONSENSE = (
    {"driver": "boto"},
    {"driver": "obstore"},  # and no region
    {"driver": "obstore", "cache_regions": "true"},
    {"retries": "many"},
    {"timeout": "-1"},
    {"anon": "perhaps"},
    {"region": "here", "ca_bundle": "/no/such/file"},
)


@pytest.mark.parametrize("options", NONSENSE)
def test_an_option_that_makes_no_sense_is_a_usage_error(options: dict[str, str]):
    """It would be ignored, or end in a traceback."""
    with pytest.raises(UsageError) as caught:
        chosen("s3://bucket/team", **KEYS, **options)
    assert "hush" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("option", sorted({"driver", "retries", "timeout"}.union(*OPTIONS.values())))
def test_each_option_is_documented(option: str):
    """Nobody would find it."""
    page = Path(__file__).parents[2] / "docs" / "reference" / "configuration.md"
    assert f"`{option}`" in page.read_text()


def test_start_up_pays_for_the_quick_driver_only():
    """A push of one small file would wait for libraries that it does not use."""
    code = (
        "import sys; from gitreg.storage.remote.drivers import open_driver;"
        "open_driver('s3://bucket/team', {'key': 'a', 'secret': 'b', 'region': 'r'});"
        "print([name for name in ('fsspec', 's3fs', 'botocore', 'aiohttp') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("prefix", ["a%20b", "a b", "a+b=c", "a~b,c", "x//y", "team/models/"])
def test_both_drivers_find_the_same_objects_at_a_url(moto, prefix: str):
    """Half of a team would push to one store and pull from another."""
    place = moto.place()
    there = [
        Place(f"s3://{bucket_of(place)}/{prefix}", place.having(more).options) for more in ({}, {"driver": "fsspec"})
    ]
    opened(there[0]).put("objects/a", b"a")
    assert [opened(each).get("objects/a") for each in there] == [b"a", b"a"]
    assert [entry.key for entry in opened(there[1]).list("objects")] == ["objects/a"]


@pytest.mark.parametrize("name", ["00//x", "00/../x", "00//status code: 403 Forbidden"])
def test_a_name_that_obstore_cannot_list(moto, name: str):
    """Whoever can write one file would end every gc and push, and nobody would learn what to do."""
    place = moto.place()
    moto.client().put_object(Bucket=bucket_of(place), Key=f"team/models/objects/{name}", Body=b"")
    with pytest.raises(StorageError, match="cannot list, such as one with") as caught:
        list(opened(place).list("objects"))
    assert "driver fsspec" in caught.value.hint
    assert len(list(opened(place.having({"driver": "fsspec"})).list("objects"))) == 1


def test_credentials_from_the_environment(moto, monkeypatch: pytest.MonkeyPatch):
    """Nobody's CI could push."""
    place = moto.place()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", place.options["key"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", place.options["secret"])
    driver = opened(place, "key", "secret")
    driver.put("a", b"a")
    assert driver.get("a") == b"a"


@pytest.mark.parametrize("by", ["option", "variable", "default"])
def test_credentials_region_and_endpoint_from_a_profile(moto, monkeypatch: pytest.MonkeyPatch, by: str):
    """Who is logged in with AWS's own tool would have to copy secrets to Git's configuration."""
    place = moto.place()
    name = "default" if by == "default" else "team"
    folder = Path.home() / ".aws"
    folder.mkdir()
    head = "default" if by == "default" else "profile team"
    options = place.options
    (folder / "config").write_text(
        f"[{head}]\nregion = {options['region']}\nendpoint_url = {options['endpoint-url']}\n"
    )
    (folder / "credentials").write_text(
        f"[{name}]\naws_access_key_id = {options['key']}\naws_secret_access_key = {options['secret']}\n"
    )
    if by == "variable":
        monkeypatch.setenv("AWS_PROFILE", "team")
    chosen_by_option = place.having({"profile": "team"}) if by == "option" else place
    driver = opened(chosen_by_option, "key", "secret", "region", "endpoint-url")
    driver.put("a", b"a")
    assert driver.get("a") == b"a"


@pytest.mark.parametrize("driver", ["obstore", "fsspec"])
def test_no_credentials_at_all(moto, monkeypatch: pytest.MonkeyPatch, driver: str):
    """On a machine without any, a push would wait for a cloud's own address, or end in a traceback."""
    place = moto.place(driver)
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9")
    begun = time.monotonic()
    with pytest.raises(DeniedError, match="no credentials were found"):
        opened(place, "key", "secret").get("a")
    assert time.monotonic() - begun < 10


def test_a_login_that_ends_half_way(moto):
    """A long push would end in a traceback, and its text in a log, instead of telling how to go on."""

    def renewed() -> dict[str, object]:
        raise RuntimeError("the session of hush has ended")

    address = {"endpoint": moto.endpoint, "region": "us-east-1"}
    driver = ObstoreDriver("s3://bucket/team", address, timeout=5, credentials=renewed)
    with pytest.raises(DeniedError, match="have expired") as caught:
        driver.get("a")
    assert "continues" in caught.value.hint
    assert "hush" not in caught.value.message


@pytest.mark.parametrize("driver", ["obstore", "fsspec"])
def test_what_is_pushed_is_encrypted_and_kept_as_the_options_say(moto, driver: str):
    """Somebody's rules would be broken in silence."""
    place = moto.place(driver).having({"server-side-encryption": "AES256", "storage-class": "STANDARD_IA"})
    opened(place).put("a", b"a")
    opened(place).copy("a", "b")
    for key in ("a", "b"):
        head = moto.client().head_object(Bucket=bucket_of(place), Key=f"team/models/{key}")
        assert head["ServerSideEncryption"] == "AES256"
    assert moto.client().head_object(Bucket=bucket_of(place), Key="team/models/a")["StorageClass"] == "STANDARD_IA"


@pytest.mark.parametrize("driver", ["obstore", "fsspec"])
def test_a_request_of_ours_is_one_request(moto, driver: str):
    """Requests cost money, and over a distance time."""
    with FaultProxy(moto.port) as proxy:
        store = opened(moto.place(driver, proxy.url))
        for request, count in (
            (lambda: store.put("objects/a", memoryview(bytes(8 << 20))), {"PUT": 1}),
            (lambda: store.get("objects/a"), {"GET": 1}),
            (lambda: store.head("objects/a"), {"HEAD": 1}),
            (lambda: list(store.list("objects")), {"GET": 1}),
            (lambda: store.delete([f"objects/{number}" for number in range(1500)]), {"POST": 2}),
        ):
            proxy.reset_counts()
            request()
            assert proxy.requests == count


@pytest.fixture
def tls(tmp_path: Path):
    """Something that speaks TLS with a certificate of a private authority, and answers nothing but hello."""
    authority, certificate = tmp_path / "authority.pem", tmp_path / "server.pem"
    make_certificates(authority, certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Place("s3://bucket/team", {**KEYS, "endpoint-url": f"https://127.0.0.1:{server.server_port}"}), authority
    server.shutdown()
    server.server_close()


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.send_header("Last-Modified", "Sat, 21 Nov 2026 05:00:00 GMT")
        self.send_header("ETag", '"hello"')
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        pass


def make_certificates(authority: Path, certificate: Path) -> None:
    """By OpenSSL's own program, as an administrator would."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    folder = authority.parent

    def openssl(*words: str | Path) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True)

    openssl("req", "-x509", *key, "-keyout", folder / "ca.key", "-out", authority, "-subj", "/CN=Ours")
    openssl("req", "-new", *key[:5], "-keyout", folder / "key", "-out", folder / "csr", "-subj", "/CN=127.0.0.1")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", folder / "csr", "-CA", authority, "-CAkey", folder / "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", folder / "names", "-out", folder / "crt")  # fmt: skip
    certificate.write_text((folder / "crt").read_text() + (folder / "key").read_text())


@pytest.mark.parametrize("driver", ["obstore", "fsspec"])
def test_a_certificate_that_nobody_vouches_for(tls, driver: str):
    """Objects, and who may write them, would be told to whoever sits in between."""
    place, authority = tls
    with pytest.raises(StorageError, match="not trusted") as caught:
        opened(place.having({"driver": driver})).get("a")
    assert "ca-bundle" in caught.value.hint
    assert opened(place.having({"driver": driver, "ca-bundle": str(authority)})).get("a") == b"hello"


def test_a_profile_that_is_not_there(moto):
    """A typo would end in a traceback of botocore's."""
    with pytest.raises(DeniedError, match="ProfileNotFound"):
        opened(moto.place().having({"profile": "nobody"}), "key", "secret")

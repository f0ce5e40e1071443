"""An HTTP proxy of our own that stands before a real store and makes its network as bad as a test wants it.

    with FaultProxy(port) as proxy:                     # the port of moto, radosgw, fake-gcs, Azurite... on 127.0.0.1
        proxy.delay = 0.02                              # seconds that every request waits
        proxy.add(answer(503, "SlowDown"), method="PUT", probability=0.2)
        proxy.add(Cut(after=1000), method="GET", path="objects/", times=1)
        ...                                             # give clients proxy.url as the endpoint
        assert proxy.requests["PUT"] <= 10              # also proxy.uploaded and proxy.downloaded: bytes of bodies
        proxy.clear()                                   # a good network again

Heads pass unchanged, Host among them, so that signatures hold.  The first rule that fits a request decides.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, Self

from tests.remotes.faults import Answer, Corrupt, Cut, CutUpload, Fault, Hang, Lose, Rule, Shorten

_BLOCK = 1 << 18


class FaultProxy:
    """Listens on a port of its own as long as its context; a thread per connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._over = threading.Event()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.delay = 0.0
        self.reset_counts()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in list(self._open):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def add(self, fault: Fault, **rule: object) -> None:
        """See Rule for the words."""
        self._rules.append(Rule(fault, **rule))

    def clear(self) -> None:
        self._rules.clear()

    def reset_counts(self) -> None:
        self.requests: Counter[str] = Counter()
        self.paths: list[tuple[str, str]] = []
        self.uploaded: Counter[str] = Counter()
        self.downloaded: Counter[str] = Counter()

    def count(self, method: str, *, up: int = 0, down: int = 0) -> None:
        with self._lock:
            self.uploaded[method] += up
            self.downloaded[method] += down

    def begin(self, method: str, path: str) -> Fault | None:
        """Count a request, and choose its fault."""
        with self._lock:
            self.requests[method] += 1
            self.paths.append((method, path))
            fault = next((rule.fault for rule in self._rules if rule.hits(method, path)), None)
        if self.delay:
            time.sleep(self.delay)
        return fault

    def connect(self) -> socket.socket:
        server = socket.create_connection(("127.0.0.1", self._port))
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open.add(server)
        return server

    def hang(self, seconds: float) -> None:
        self._over.wait(seconds)

    def _accept(self) -> None:
        while not self._over.is_set():
            with suppress(OSError):
                client, _ = self._listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open.add(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        connection = _Connection(self, client)
        with suppress(OSError, _Over):
            while connection.exchange():
                pass
        connection.close()
        self._open -= {client, connection.server}


class _Over(Exception):  # noqa: N818 - nothing went wrong
    """Nothing more will come or go on this connection."""


class _Connection:
    """One client's connection, and ours to the server on its behalf."""

    def __init__(self, proxy: FaultProxy, client: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._from_client = client.makefile("rb", _BLOCK)
        self.server: socket.socket | None = None
        self._from_server: BinaryIO | None = None

    def exchange(self) -> bool:
        """A request and its answer; False if the connection ends with it."""
        head = _read_head(self._from_client)
        method, path, _ = head[0].decode("latin-1").split(" ", 2)
        fault = self._proxy.begin(method, path)
        if any(line.lower().startswith(b"expect:") for line in head):  # the server might never say "go on"
            self._client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            head = [line for line in head if not line.lower().startswith(b"expect:")]
        body = _body(self._from_client, head, until_end=False)
        match fault:
            case Answer():
                self._proxy.count(method, up=sum(map(len, body)))
                self._client.sendall(_form(fault, method))
                return True
            case Hang(seconds):
                self._proxy.hang(seconds)
                return False
            case _:
                self._send(method, head, body, fault)
                return fault != Lose() and self._relay(method, fault)

    def close(self) -> None:
        for end in (self._from_client, self._from_server, self._client, self.server):
            if end is not None:
                end.close()

    def _send(self, method: str, head: list[bytes], body: Iterator[bytes], fault: Fault | None) -> None:
        if self.server is None or select.select([self.server], [], [], 0)[0]:  # it has hung up meanwhile
            self.server = self._proxy.connect()
            self._from_server = self.server.makefile("rb", _BLOCK)
        self.server.sendall(b"".join(head) + b"\r\n")
        sent = 0
        for block in body:
            self._proxy.count(method, up=len(block))
            if isinstance(fault, CutUpload) and sent + len(block) > fault.after:
                self.server.sendall(block[: fault.after - sent])
                self._reset()
            self.server.sendall(block)
            sent += len(block)
        if fault == Lose():
            _read_head(self._from_server)
            self._reset()

    def _relay(self, method: str, fault: Fault | None) -> bool:
        head = _read_head(self._from_server)
        status = int(head[0].split()[1])
        bare = method == "HEAD" or status in {204, 304}
        body = iter(()) if bare else _body(self._from_server, head, until_end=True)
        if isinstance(fault, Shorten):
            whole = b"".join(body)
            body, head = iter([whole[: -fault.by]]), _with_length(head, len(whole) - fault.by)
        self._client.sendall(b"".join(head) + b"\r\n")
        done = 0
        for block in body:
            self._proxy.count(method, down=len(block))
            if isinstance(fault, Cut) and done + len(block) > fault.after:
                self._client.sendall(block[: fault.after - done])
                self._reset()
            self._client.sendall(_corrupted(block, fault.at - done) if isinstance(fault, Corrupt) else block)
            done += len(block)
        return head[0].startswith(b"HTTP/1.1") and _field(head, b"connection").lower() != b"close"

    def _reset(self) -> None:
        """Hang up without good-bye on both sides."""
        for sock in (self._client, self.server):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise _Over


def _read_head(stream: BinaryIO) -> list[bytes]:
    """The first line and the header lines, each with its end."""
    lines = []
    while (line := stream.readline()) != b"\r\n":
        if not line:
            raise _Over
        lines.append(line)
    return lines


def _field(head: list[bytes], name: bytes) -> bytes:
    for line in head[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    return b""


def _body(stream: BinaryIO, head: list[bytes], *, until_end: bool) -> Iterator[bytes]:
    """A body in blocks as they lie on the wire, chunk frames and all."""
    if _field(head, b"transfer-encoding").lower() == b"chunked":
        yield from _chunks(stream)
        return
    length = _field(head, b"content-length")
    left = int(length) if length else 1 << 62 if until_end else 0
    while left and (block := stream.read1(min(left, _BLOCK))):
        yield block
        left -= len(block)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while True:
        frame = stream.readline()
        size = int(frame.split(b";")[0], 16)
        yield frame + stream.read(size + 2)
        if size == 0:
            return


def _with_length(head: list[bytes], length: int) -> list[bytes]:
    kept = [line for line in head if line.split(b":")[0].lower() not in {b"content-length", b"transfer-encoding"}]
    return [*kept, b"Content-Length: %d\r\n" % length]


def _corrupted(block: bytes, at: int) -> bytes:
    if not 0 <= at < len(block):
        return block
    return block[:at] + bytes([block[at] ^ 1]) + block[at + 1 :]


def _form(fault: Answer, method: str) -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in fault.headers)
    head = f"HTTP/1.1 {fault.status} Fault\r\n{fields}Content-Length: {len(fault.body)}\r\n\r\n"
    return head.encode() + (b"" if method == "HEAD" else fault.body)

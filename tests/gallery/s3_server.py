"""Storages on loopback: one that speaks S3 as it should, and one that is in trouble."""

from __future__ import annotations

import ssl
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import boto3.session
from botocore.config import Config
from moto.server import ThreadedMotoServer

from gallery.storage.bucket import BucketPhotoStorage, Limits

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

DRIP_SECONDS = 0.05
# How long a server in trouble holds out: far longer than any client should wait for it.
NEVER_SECONDS = 30


@contextmanager
def serve_s3() -> Iterator[str]:
    """Run moto's S3 on a free port and give its address; it keeps everything in memory."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def bucket_storage(endpoint_url: str, spool: Path, limits: Limits) -> BucketPhotoStorage:
    """Return a storage on a new, empty bucket of the server."""
    name = f"photos-{uuid.uuid4().hex}"
    with urlopen(Request(f"{endpoint_url}/{name}", method="PUT")):  # noqa: S310  # our own loopback
        return bucket_at(endpoint_url, spool, limits, name=name)


def bucket_at(
    endpoint_url: str, spool: Path, limits: Limits, *, name: str = "photos"
) -> BucketPhotoStorage:
    """Return a storage for a bucket that may or may not be there."""
    return BucketPhotoStorage(
        bucket_name=name,
        access_key="an-access-key",
        secret_key="a-secret-key",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        spool=spool,
        limits=limits,
    )


def plain_client(storage: BucketPhotoStorage) -> S3Client:
    """Return boto3's own client for the server of a storage, for what the port does not do."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=storage.endpoint_url,
        region_name=storage.region,
        aws_access_key_id="an-access-key",
        aws_secret_access_key="a-secret-key",
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )


class Exchange(BaseHTTPRequestHandler):
    """One request to a storage in trouble, and the means to answer it badly."""

    protocol_version = "HTTP/1.1"
    server: TroubledServer

    def answer(self) -> None:
        self.server.requests.append(self.command)
        # The client gives up in most of these tests, often in the middle of a line.
        with suppress(OSError):
            self.server.trouble(self)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

    def log_message(self, *args: Any) -> None:
        """Say nothing: the suite's output is for failures."""

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def reply(self, status: int, data: bytes = b"", *, length: int = -1, **headers: str) -> None:
        """Answer, with a `Content-Length` that may be a lie; to HEAD without the data, as one must.

        What is sent beyond an answer would be read as the beginning of the next.
        """
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data) if length < 0 else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def drip(self, data: bytes) -> None:
        """Send one byte at a time, each soon enough for any read time-out."""
        ends_at = monotonic() + NEVER_SECONDS
        while monotonic() < ends_at and not self.server.over.wait(DRIP_SECONDS):
            self.wfile.write(data)


class TroubledServer(ThreadingHTTPServer):
    """Answers every request by one function, and remembers the methods that were used."""

    daemon_threads = True

    def __init__(self, trouble: Callable[[Exchange], None]) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.trouble = trouble
        self.requests: list[str] = []
        self.over = threading.Event()
        self.scheme = "http"

    @property
    def address(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def speak_tls(self, certificate: Path) -> None:
        """Serve over TLS with the certificate and key of this file."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # The handshake is left to the thread of each connection.
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )
        self.scheme = "https"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients hang up on us all the time."""


@contextmanager
def serve_trouble(
    trouble: Callable[[Exchange], None], *, certificate: Path | None = None
) -> Iterator[TroubledServer]:
    """Run a storage in trouble on a free port."""
    server = TroubledServer(trouble)
    if certificate is not None:
        server.speak_tls(certificate)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def is_busy(exchange: Exchange) -> None:
    """Refuse every request with 503."""
    exchange.body()
    exchange.reply(503, b"<Error><Code>SlowDown</Code></Error>")


def is_silent(exchange: Exchange) -> None:
    """Take every request and never answer."""
    exchange.server.over.wait(NEVER_SECONDS)


def drips_headers(exchange: Exchange) -> None:
    """Begin an answer whose headers never end."""
    exchange.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    exchange.drip(b"a")


def drips_bodies(exchange: Exchange) -> None:
    """Answer everything with a body that never ends; what has no body drips its headers."""
    if exchange.command in {"HEAD", "PUT", "DELETE"}:
        drips_headers(exchange)
    exchange.reply(
        206 if "Range" in exchange.headers else 200,
        length=1_000_000,
        Content_Range="bytes 0-999999/1000000",
    )
    exchange.drip(b"<")


def cuts_bodies(exchange: Exchange) -> None:
    """Promise more than is sent, and hang up."""
    exchange.body()
    exchange.reply(
        206 if "Range" in exchange.headers else 200,
        b"<Half",
        length=1_000,
        Content_Range="bytes 0-999/1000",
    )
    exchange.close_connection = True


def forgets_uploads(exchange: Exchange) -> None:
    """Accept every upload, and know nothing of it afterwards."""
    exchange.body()
    exchange.reply(200 if exchange.command == "PUT" else 404, ETag='"0123"')


def halves_uploads(exchange: Exchange) -> None:
    """Accept every upload, and keep less than was sent."""
    exchange.body()
    exchange.reply(200, length=0 if exchange.command == "PUT" else 3, ETag='"0123"')

"""Photos in a private bucket of S3, Cloudflare R2, or whatever speaks the same language."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import boto3.session
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from django.conf import settings
from django.utils.http import content_disposition_header
from urllib3.exceptions import HTTPError

from gallery.storage.deadlines import Allowance, TimedTransport
from gallery.storage.port import (
    CHUNK_BYTES,
    KEY,
    PhotoStorage,
    StoredFile,
    check_key,
    check_stretch,
    make_incoming,
    primed,
    sweep_folder,
)
from hafiportrait.lib.errors import StorageDown

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import GetObjectRequestTypeDef, ListObjectsV2RequestTypeDef

LONGEST_LINK_SECONDS = 7 * 24 * 3600  # the limit of signature version 4
MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
BEYOND_THE_END = frozenset({"416", "InvalidRange"})
# Everything that boto3 and what it stands on raise for a storage in trouble.
OUTAGES = (BotoCoreError, ClientError, Boto3Error, ResponseParserError, HTTPError)


@dataclass(frozen=True)
class Limits:
    """How long a call may take, in seconds, and how large its pieces are.

    A dead storage is to be answered with 503 in under 10 seconds; see `deadlines.Allowance` for
    what `call_seconds`, `silence_seconds` and `bytes_per_second` mean together. Files above
    `part_bytes` are uploaded in parts of that size, at least 5 MiB by the rules of S3.
    """

    connect_seconds: float = 2
    silence_seconds: float = 4
    call_seconds: float = 7
    bytes_per_second: int = 128 * 1024
    attempts: int = 3
    part_bytes: int = 8 * 1024 * 1024
    connections: int = 64


class BucketPhotoStorage(PhotoStorage):
    """Keeps each photo as an object of a bucket; uploads are spooled below `spool` first."""

    def __init__(
        self,
        *,
        bucket_name: str,
        access_key: str,
        secret_key: str,
        endpoint_url: str,
        region_name: str = "auto",
        spool: str | Path | None = None,
        limits: Limits = Limits(),
    ) -> None:
        self.bucket = bucket_name
        self.endpoint_url = endpoint_url.rstrip("/")
        self.region = region_name
        self._credentials = Credentials(access_key, secret_key)
        self._spool = Path(spool or settings.MEDIA_ROOT).absolute()
        self._limits = limits
        self._made: tuple[int, S3Client] | None = None

    def incoming(self) -> Path:
        return make_incoming(self._spool)

    def store_file(self, key: str, path: Path, *, content_type: str) -> None:
        check_key(key)
        size = path.stat().st_size
        # One thread, so that every part keeps to the allowance of this call.
        transfer = TransferConfig(
            multipart_threshold=self._limits.part_bytes + 1,
            multipart_chunksize=self._limits.part_bytes,
            use_threads=False,
            preferred_transfer_client="classic",
        )
        with self._call(self._allowance()) as client:
            client.upload_file(
                str(path), self.bucket, key, {"ContentType": content_type}, None, transfer
            )
            self._confirm(client, key, size)
        path.unlink(missing_ok=True)

    def store_bytes(self, key: str, data: bytes, *, content_type: str) -> None:
        check_key(key)
        with self._call(self._allowance()) as client:
            client.put_object(Bucket=self.bucket, Key=key, Body=data, ContentType=content_type)
            self._confirm(client, key, len(data))

    def open(self, key: str) -> BinaryIO:
        pieces = primed(self._pieces(check_key(key)))
        file = tempfile.TemporaryFile(dir=self.incoming())  # noqa: SIM115  # the caller closes it
        try:
            file.writelines(pieces)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

    def read(self, key: str, offset: int, length: int) -> Iterator[bytes]:
        check_stretch(offset, length)
        if length:
            return primed(self._pieces(check_key(key), offset, length))
        # HTTP has no words for an empty range.
        if self.size(key) is None:
            raise _missing(key)
        return iter(())

    def size(self, key: str) -> int | None:
        check_key(key)
        with self._call(self._allowance()) as client:
            return self._head(client, key)

    def remove(self, keys: Iterable[str]) -> None:
        # One by one: the batch call demands a checksum header that not every storage knows.
        for key in keys:
            check_key(key)
            with self._call(self._allowance()) as client:
                client.delete_object(Bucket=self.bucket, Key=key)

    def walk(self) -> Iterator[StoredFile]:
        wanted: ListObjectsV2RequestTypeDef = {"Bucket": self.bucket}
        while True:
            with self._call(self._allowance()) as client:
                page = client.list_objects_v2(**wanted)
            for found in page.get("Contents", []):
                if KEY.fullmatch(found["Key"]):
                    modified_at = found["LastModified"].astimezone(UTC)
                    yield StoredFile(found["Key"], found["Size"], modified_at)
            if not page.get("NextContinuationToken"):
                return
            wanted["ContinuationToken"] = page["NextContinuationToken"]

    def sweep_incoming(self, older_than: datetime) -> int:
        """Also ends uploads in parts that nobody finished: a bucket bills them, but hides them."""
        removed = sweep_folder(self.incoming(), older_than)
        with self._call(self._allowance()) as client:
            # The first thousand; the next sweep finds the rest.
            found = client.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])
        for upload in found:
            if upload["Initiated"] < older_than and KEY.fullmatch(upload["Key"]):
                with self._call(self._allowance()) as client:
                    client.abort_multipart_upload(
                        Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                    )
                removed += 1
        return removed

    def local_path(self, key: str) -> None:
        check_key(key)

    def presigned_url(
        self,
        key: str,
        *,
        starts_at: datetime,
        seconds: int,
        filename: str = "",
        content_type: str = "",
    ) -> str:
        if not 0 < seconds <= LONGEST_LINK_SECONDS:
            raise ValueError(f"a link cannot hold for {seconds} seconds")
        words = {}
        if filename:
            words["response-content-disposition"] = (
                content_disposition_header(as_attachment=True, filename=filename) or "attachment"
            )
        if content_type:
            words["response-content-type"] = content_type
        address = f"{self.endpoint_url}/{self.bucket}/{check_key(key)}"
        request = AWSRequest(method="GET", url=address, params=words)
        _WindowAuth(self._credentials, self.region, starts_at, seconds).add_auth(request)
        return str(request.url)

    def _allowance(self) -> Allowance:
        limits = self._limits
        return Allowance(
            limits.call_seconds,
            silence=limits.silence_seconds,
            bytes_per_second=limits.bytes_per_second,
        )

    @contextmanager
    def _call(self, allowance: Allowance) -> Iterator[S3Client]:
        """Give the client while the allowance runs, and call every trouble StorageDown."""
        try:
            # First, because a process's first client takes a while that is nobody's fault.
            client = self._client()
            with allowance.running():
                yield client
        except OUTAGES as error:
            raise StorageDown(str(error)) from error

    def _client(self) -> S3Client:
        """Return the client of this process; its connections must not be shared with a parent."""
        made = self._made
        if made is None or made[0] != os.getpid():
            made = self._made = (os.getpid(), self._make_client())
        return made[1]

    def _make_client(self) -> S3Client:
        limits = self._limits
        # A session of its own: clients are safe between threads, the default session is not.
        client = boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=self._credentials.access_key,
            aws_secret_access_key=self._credentials.secret_key,
            config=Config(
                signature_version="s3v4",
                # Works with every name of a bucket and keeps all links on one host (CSP).
                s3={"addressing_style": "path"},
                retries={"mode": "standard", "total_max_attempts": limits.attempts},
                # R2 refuses the checksum trailers that boto3 sends by default.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        transport = TimedTransport(
            connect_seconds=limits.connect_seconds,
            silence=limits.silence_seconds,
            connections=limits.connections,
        )
        client.meta.events.register("before-send.s3", transport)  # type: ignore[arg-type]  # stubs: -> None
        return client

    def _head(self, client: S3Client, key: str) -> int | None:
        try:
            return client.head_object(Bucket=self.bucket, Key=key)["ContentLength"]
        except ClientError as error:
            if _code(error) in MISSING:
                return None
            raise

    def _confirm(self, client: S3Client, key: str, size: int) -> None:
        """Look for what was just stored: a storage may say yes and keep nothing, or half."""
        found = self._head(client, key)
        if found != size:
            raise StorageDown(f"{key}: {size} bytes were accepted, {found} are there")

    def _pieces(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield an empty piece when the storage has found the file, then the stretch."""
        allowance = self._allowance()
        with self._call(allowance) as client:
            body = self._body(client, key, offset, length)
        if body is None:
            yield b""
            return
        with closing(body):
            yield b""
            while True:
                with self._call(allowance):
                    chunk = body.read(CHUNK_BYTES)
                if not chunk:
                    return
                yield chunk

    def _body(
        self, client: S3Client, key: str, offset: int, length: int | None
    ) -> StreamingBody | None:
        """Return the open body of a stretch, None where the file ends before it begins."""
        wanted: GetObjectRequestTypeDef = {"Bucket": self.bucket, "Key": key}
        if length is not None:
            wanted["Range"] = f"bytes={offset}-{offset + length - 1}"
        try:
            found = client.get_object(**wanted)
        except ClientError as error:
            if _code(error) in MISSING:
                raise _missing(key) from error
            if _code(error) in BEYOND_THE_END:
                return None
            raise
        if length is not None and (
            not found.get("ContentRange", "").startswith(f"bytes {offset}-")
            or found["ContentLength"] > length
        ):
            found["Body"].close()
            raise StorageDown(f"{key}: the storage gave another stretch than was asked for")
        return found["Body"]


class _WindowAuth(S3SigV4QueryAuth):
    """Signs an address as if at the start of its window.

    botocore always signs with the present second, which would give every page new addresses.
    """

    def __init__(
        self, credentials: Credentials, region: str, starts_at: datetime, seconds: int
    ) -> None:
        super().__init__(credentials, "s3", region, expires=seconds)
        self._timestamp = starts_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")

    def add_auth(self, request: AWSRequest) -> None:
        request.context["timestamp"] = self._timestamp
        self._modify_request_before_signing(request)  # type: ignore[attr-defined]  # not in the stubs
        text = self.string_to_sign(request, self.canonical_request(request))
        signature = self.signature(text, request)
        self._inject_signature_to_request(request, signature)  # type: ignore[attr-defined]  # same


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _missing(key: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), key)

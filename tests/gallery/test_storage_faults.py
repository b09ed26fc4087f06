"""What the storages do when the disk or the other side of the wire is in trouble."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gallery.storage import BucketPhotoStorage, DiskPhotoStorage, PhotoStorage, deadlines
from gallery.storage.bucket import Limits
from gallery.storage.deadlines import Allowance
from gallery.storage.port import CHUNK_BYTES
from hafiportrait.lib.errors import StorageDown
from tests.gallery.s3_server import (
    Exchange,
    bucket_at,
    cuts_bodies,
    drips_bodies,
    drips_headers,
    forgets_uploads,
    halves_uploads,
    is_busy,
    is_silent,
    serve_trouble,
)

KEY = "e/5f0c/91aa/original.jpg"
JPEG = "image/jpeg"
# For what must fail: one attempt and short times.
HASTY = Limits(
    connect_seconds=0.3, silence_seconds=0.3, call_seconds=0.6, attempts=1, part_bytes=5 << 20
)
# For what must succeed, on a busy machine too.
CALM = Limits()
# Far more than HASTY allows, far less than a server in trouble holds out.
ENOUGH_SECONDS = 10.0


def store_file(storage: PhotoStorage) -> None:
    path = storage.incoming() / "upload"
    path.write_bytes(b"original")
    storage.store_file(KEY, path, content_type=JPEG)


def store_large_file(storage: PhotoStorage) -> None:
    path = storage.incoming() / "upload"
    path.write_bytes(bytes(6_000_000))
    storage.store_file(KEY, path, content_type=JPEG)


def store_bytes(storage: PhotoStorage) -> None:
    storage.store_bytes(KEY, b"original", content_type=JPEG)


def open_file(storage: PhotoStorage) -> None:
    storage.open(KEY)


def read_to_the_end(storage: PhotoStorage) -> None:
    list(storage.read(KEY, 0, 1_000_000))


def ask_size(storage: PhotoStorage) -> None:
    storage.size(KEY)


def remove(storage: PhotoStorage) -> None:
    storage.remove([KEY])


def walk(storage: PhotoStorage) -> None:
    list(storage.walk())


def sweep(storage: PhotoStorage) -> None:
    storage.sweep_incoming(datetime.now(UTC))


Use = Callable[[PhotoStorage], None]
STORES: list[Use] = [store_file, store_large_file, store_bytes]
READS: list[Use] = [open_file, read_to_the_end]
LISTS: list[Use] = [walk, sweep]
USES: list[Use] = [*STORES, *READS, *LISTS, ask_size, remove]


def refuses_in_time(storage: PhotoStorage, use: Use) -> None:
    began_at = monotonic()
    with pytest.raises(StorageDown):
        use(storage)
    assert monotonic() - began_at < ENOUGH_SECONDS


@pytest.fixture(scope="module", params=[is_busy, is_silent, drips_headers, drips_bodies])
def troubled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BucketPhotoStorage]:
    """A storage in each kind of trouble, made once: a client of boto3 takes a while."""
    with serve_trouble(request.param) as server:
        yield bucket_at(server.address, tmp_path_factory.mktemp("spool"), HASTY)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for loopback that vouches for itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "loopback.pem"
    path.write_bytes(made.public_bytes(pem) + secret)
    return path


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same certificate, which clients made in this test believe."""
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    return certificate


class BucketOutageTests:
    @pytest.mark.parametrize("use", USES)
    def test_every_use_of_a_storage_in_trouble_ends_in_time(
        self, troubled: BucketPhotoStorage, use: Use
    ) -> None:
        refuses_in_time(troubled, use)

    def test_every_use_of_a_storage_that_is_gone_ends_in_time(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        storage = bucket_at(f"http://127.0.0.1:{port}", tmp_path, HASTY)

        for use in USES:
            refuses_in_time(storage, use)

    @pytest.mark.parametrize("use", [*READS, *LISTS])
    def test_a_body_that_is_cut_short_is_an_outage_and_not_a_short_file(
        self, tmp_path: Path, use: Use
    ) -> None:
        with serve_trouble(cuts_bodies) as server:
            refuses_in_time(bucket_at(server.address, tmp_path, HASTY), use)

    @pytest.mark.parametrize("use", [store_file, store_bytes])
    @pytest.mark.parametrize("trouble", [forgets_uploads, halves_uploads])
    def test_an_upload_that_was_accepted_and_is_not_there_is_an_outage(
        self, tmp_path: Path, trouble: Callable[[Exchange], None], use: Use
    ) -> None:
        with serve_trouble(trouble) as server:
            refuses_in_time(bucket_at(server.address, tmp_path, HASTY), use)

    @pytest.mark.parametrize("trouble", [is_busy, forgets_uploads])
    def test_a_spooled_file_that_could_not_be_stored_stays_where_it_is(
        self, tmp_path: Path, trouble: Callable[[Exchange], None]
    ) -> None:
        with serve_trouble(trouble) as server:
            storage = bucket_at(server.address, tmp_path, HASTY)
            refuses_in_time(storage, store_file)

        assert (storage.incoming() / "upload").read_bytes() == b"original"

    def test_a_file_that_could_not_be_opened_whole_leaves_nothing_in_the_spool(
        self, tmp_path: Path
    ) -> None:
        with serve_trouble(cuts_bodies) as server:
            storage = bucket_at(server.address, tmp_path, HASTY)
            refuses_in_time(storage, open_file)

        assert list(storage.incoming().iterdir()) == []

    def test_a_wrong_bucket_is_an_outage_and_not_a_lost_file(self, tmp_path: Path) -> None:
        def has_no_bucket(exchange: Exchange) -> None:
            exchange.reply(404, b"<Error><Code>NoSuchBucket</Code></Error>")

        with serve_trouble(has_no_bucket) as server:
            refuses_in_time(bucket_at(server.address, tmp_path, HASTY), open_file)

    @pytest.mark.parametrize("given", ["bytes 0-3/1000", "", "bytes 5-30/1000"])
    def test_another_range_than_was_asked_for_is_an_outage(
        self, tmp_path: Path, given: str
    ) -> None:
        def ignores_ranges(exchange: Exchange) -> None:
            exchange.reply(206, bytes(26), Content_Range=given)

        with serve_trouble(ignores_ranges) as server:
            storage = bucket_at(server.address, tmp_path, CALM)
            with pytest.raises(StorageDown, match="another stretch"):
                storage.read(KEY, 5, 4)

    def test_two_refusals_are_tried_again(self, tmp_path: Path) -> None:
        def is_busy_at_first(exchange: Exchange) -> None:
            if len(exchange.server.requests) < 3:
                is_busy(exchange)
            else:
                exchange.reply(200, length=8)

        with serve_trouble(is_busy_at_first) as server:
            size = bucket_at(server.address, tmp_path, CALM).size(KEY)

        assert size == 8
        assert server.requests == ["HEAD"] * 3

    def test_tries_are_bounded_in_number_and_in_time(self, tmp_path: Path) -> None:
        patient = Limits(silence_seconds=0.5, call_seconds=2, attempts=50)
        began_at = monotonic()

        with serve_trouble(is_silent) as server, pytest.raises(StorageDown, match="too slow"):
            bucket_at(server.address, tmp_path, patient).size(KEY)

        assert monotonic() - began_at < ENOUGH_SECONDS
        assert 1 <= len(server.requests) <= 4


class AllowanceTests:
    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        """The time in seconds, as the only element; it stands still unless a test sets it."""
        now = [1000.0]
        monkeypatch.setattr(deadlines, "monotonic", lambda: now[0])
        return now

    @pytest.fixture
    def allowance(self) -> Allowance:
        return Allowance(7, silence=4, bytes_per_second=100)

    def test_no_step_is_longer_than_the_silence_that_is_borne(
        self, clock: list[float], allowance: Allowance
    ) -> None:
        with allowance.running():
            assert allowance.patience() == 4

    def test_the_last_step_ends_with_the_allowance(
        self, clock: list[float], allowance: Allowance
    ) -> None:
        with allowance.running():
            clock[0] += 6
            assert (allowance.patience(), allowance.is_spent) == (1, False)

            clock[0] += 1
            assert allowance.is_spent
            with pytest.raises(TimeoutError):
                allowance.patience()

    def test_bytes_that_move_earn_time(self, clock: list[float], allowance: Allowance) -> None:
        with allowance.running():
            clock[0] += 6
            allowance.earn(150)

            assert allowance.patience() == 2.5

    def test_pauses_between_the_pieces_are_free(
        self, clock: list[float], allowance: Allowance
    ) -> None:
        with allowance.running():
            clock[0] += 4
        clock[0] += 3600

        with allowance.running():
            assert allowance.patience() == 3


class BucketPaceTests:
    def test_a_body_that_moves_may_take_longer_than_a_call(self, tmp_path: Path) -> None:
        def is_steady(exchange: Exchange) -> None:
            exchange.reply(206, length=400_000, Content_Range="bytes 0-399999/400000")
            for _ in range(40):
                exchange.server.over.wait(0.06)
                exchange.wfile.write(bytes(10_000))

        short = Limits(call_seconds=2, bytes_per_second=10_000)
        with serve_trouble(is_steady) as server:
            storage = bucket_at(server.address, tmp_path, short)
            began_at = monotonic()
            read = b"".join(storage.read(KEY, 0, 400_000))

        assert len(read) == 400_000
        assert monotonic() - began_at > short.call_seconds

    def test_a_slow_reader_does_not_use_up_the_time_of_the_storage(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        length = 2 * CHUNK_BYTES

        def is_quick(exchange: Exchange) -> None:
            exchange.reply(206, bytes(length), Content_Range=f"bytes 0-{length - 1}/{length}")

        with serve_trouble(is_quick) as server:
            pieces = bucket_at(server.address, tmp_path, CALM).read(KEY, 0, length)
            first = next(pieces)
            monkeypatch.setattr(deadlines, "monotonic", lambda: monotonic() + 3600)
            rest = b"".join(pieces)

        assert len(first + rest) == length

    def test_a_reading_that_nobody_finishes_hangs_up(self, tmp_path: Path) -> None:
        hung_up = threading.Event()

        def is_endless(exchange: Exchange) -> None:
            exchange.reply(206, length=10**9, Content_Range=f"bytes 0-{10**9 - 1}/{10**9}")
            try:
                while True:
                    exchange.wfile.write(bytes(CHUNK_BYTES))
            except OSError:
                hung_up.set()

        with serve_trouble(is_endless) as server:
            storage = bucket_at(server.address, tmp_path, CALM)
            next(storage.read(KEY, 0, 10**9))

            assert hung_up.wait(ENOUGH_SECONDS)

    def test_a_connection_serves_one_call_after_another(self, tmp_path: Path) -> None:
        peers = []

        def remembers_peers(exchange: Exchange) -> None:
            peers.append(exchange.client_address)
            exchange.reply(200, length=8)

        with serve_trouble(remembers_peers) as server:
            storage = bucket_at(server.address, tmp_path, CALM)
            sizes = [storage.size(KEY) for _ in range(3)]

        assert sizes == [8, 8, 8]
        assert len(set(peers)) == 1


class BucketListTests:
    def test_a_walk_goes_on_where_a_page_ends(self, tmp_path: Path) -> None:
        def entry(key: str) -> str:
            return (
                f"<Contents><Key>{key}</Key><Size>8</Size>"
                "<LastModified>2026-11-07T06:00:00.000Z</LastModified></Contents>"
            )

        def has_two_pages(exchange: Exchange) -> None:
            if "continuation-token=second" in exchange.path:
                page = entry("e/2.jpg")
            else:
                page = entry("e/1.jpg") + "<NextContinuationToken>second</NextContinuationToken>"
            exchange.reply(200, f"<ListBucketResult>{page}</ListBucketResult>".encode())

        with serve_trouble(has_two_pages) as server:
            found = list(bucket_at(server.address, tmp_path, CALM).walk())

        assert [file.key for file in found] == ["e/1.jpg", "e/2.jpg"]
        assert found[0].modified_at == datetime(2026, 11, 7, 6, tzinfo=UTC)


class TLSTests:
    def test_files_go_and_come_over_tls(self, tmp_path: Path, trusted: Path) -> None:
        kept: list[bytes] = []

        def keeps_one_file(exchange: Exchange) -> None:
            if exchange.command == "PUT":
                kept.append(exchange.body())
                exchange.reply(200, ETag='"0123"')
            elif exchange.command == "HEAD":
                exchange.reply(200, length=len(kept[0]))
            else:
                exchange.reply(200, kept[0])

        with serve_trouble(keeps_one_file, certificate=trusted) as server:
            storage = bucket_at(server.address, tmp_path, CALM)
            storage.store_bytes(KEY, bytes(range(256)) * 4_000, content_type=JPEG)
            with storage.open(KEY) as file:
                read = file.read()

        assert server.address.startswith("https://")
        assert read == bytes(range(256)) * 4_000

    @pytest.mark.parametrize("trouble", [is_silent, drips_headers, drips_bodies])
    def test_trouble_over_tls_ends_in_time_too(
        self, tmp_path: Path, trusted: Path, trouble: Callable[[Exchange], None]
    ) -> None:
        with serve_trouble(trouble, certificate=trusted) as server:
            storage = bucket_at(server.address, tmp_path, HASTY)
            for use in (store_file, store_bytes, *READS, ask_size):
                refuses_in_time(storage, use)

    def test_a_certificate_that_nobody_vouches_for_is_refused(
        self, tmp_path: Path, certificate: Path
    ) -> None:
        with serve_trouble(is_busy, certificate=certificate) as server:
            refuses_in_time(bucket_at(server.address, tmp_path, HASTY), ask_size)

        assert server.requests == []


class DiskFaultTests:
    @pytest.fixture
    def disk(self, tmp_path: Path) -> DiskPhotoStorage:
        return DiskPhotoStorage(tmp_path / "media")

    @pytest.fixture
    def fail(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
        """Return a function that makes a function of `os` fail with an error number."""

        def fail(name: str, number: int) -> None:
            def refuse(*args: Any, **options: Any) -> Any:
                raise OSError(number, os.strerror(number))

            monkeypatch.setattr(os, name, refuse)

        return fail

    @pytest.mark.parametrize("use", [store_bytes, store_file])
    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
    def test_a_full_disk_says_so_and_shows_no_file(
        self, disk: DiskPhotoStorage, fail: Callable[[str, int], None], use: Use, number: int
    ) -> None:
        fail("fsync", number)

        with pytest.raises(OSError, match=os.strerror(number)) as caught:
            use(disk)

        assert caught.value.errno == number
        assert list(disk.walk()) == []

    @pytest.mark.parametrize("use", [store_bytes, store_file])
    def test_a_disk_that_fills_up_before_the_move_shows_no_file(
        self, disk: DiskPhotoStorage, monkeypatch: pytest.MonkeyPatch, use: Use
    ) -> None:
        def refuse(path: Path, target: Path) -> Path:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(Path, "replace", refuse)

        with pytest.raises(OSError, match="No space left"):
            use(disk)

        assert list(disk.walk()) == []

    def test_bytes_that_found_no_room_leave_nothing_behind(
        self, disk: DiskPhotoStorage, fail: Callable[[str, int], None]
    ) -> None:
        fail("fsync", errno.ENOSPC)

        with pytest.raises(OSError, match="No space left"):
            store_bytes(disk)

        assert list(disk.incoming().iterdir()) == []

    def test_a_file_that_found_no_room_stays_in_the_spool(
        self, disk: DiskPhotoStorage, fail: Callable[[str, int], None]
    ) -> None:
        fail("fsync", errno.ENOSPC)

        with pytest.raises(OSError, match="No space left"):
            store_file(disk)

        assert (disk.incoming() / "upload").read_bytes() == b"original"

    def test_a_full_disk_leaves_the_earlier_version_whole(
        self, disk: DiskPhotoStorage, fail: Callable[[str, int], None]
    ) -> None:
        disk.store_bytes(KEY, b"earlier", content_type=JPEG)
        fail("fsync", errno.ENOSPC)

        with pytest.raises(OSError, match="No space left"):
            store_bytes(disk)

        assert disk.local_path(KEY).read_bytes() == b"earlier"

    @pytest.mark.parametrize("use", [store_bytes, store_file])
    def test_a_file_is_seen_only_when_its_bytes_are_safe(
        self, disk: DiskPhotoStorage, monkeypatch: pytest.MonkeyPatch, use: Use
    ) -> None:
        safe = os.fsync
        seen: list[tuple[str, list[str]]] = []

        def watch(descriptor: int) -> None:
            kind = "folder" if Path(f"/proc/self/fd/{descriptor}").is_dir() else "file"
            seen.append((kind, [file.key for file in disk.walk()]))
            safe(descriptor)

        monkeypatch.setattr(os, "fsync", watch)

        use(disk)

        # The file; then its folder, and those above up to the root, which may all be new.
        assert seen == [("file", [])] + [("folder", [KEY])] * 4

    @pytest.mark.parametrize("use", [store_bytes, store_file])
    def test_a_broken_disk_is_an_outage_for_who_writes(
        self, disk: DiskPhotoStorage, fail: Callable[[str, int], None], use: Use
    ) -> None:
        fail("fsync", errno.EIO)

        with pytest.raises(StorageDown, match="Input/output error"):
            use(disk)

        assert list(disk.walk()) == []

    def test_a_broken_disk_is_an_outage_for_who_reads(
        self, disk: DiskPhotoStorage, fail: Callable[[str, int], None]
    ) -> None:
        store_bytes(disk)
        pieces = disk.read(KEY, 0, 8)
        fail("pread", errno.EIO)

        with pytest.raises(StorageDown, match="Input/output error"):
            next(pieces)

    def test_a_folder_that_cannot_be_looked_into_stops_a_walk(
        self, disk: DiskPhotoStorage, fail: Callable[[str, int], None]
    ) -> None:
        store_bytes(disk)
        fail("scandir", errno.EACCES)

        with pytest.raises(StorageDown, match="Permission denied"):
            list(disk.walk())

    def test_a_folder_that_is_pruned_again_and_again_is_not_waited_for_without_end(
        self, disk: DiskPhotoStorage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def find_nothing(path: Path, target: Path) -> Path:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

        monkeypatch.setattr(Path, "replace", find_nothing)

        with pytest.raises(FileNotFoundError):
            store_bytes(disk)

        assert list(disk.incoming().iterdir()) == []

"""One behaviour for every storage, on the file system and on a real S3 API on loopback.

moto checks no signatures: green tests here prove no access rule of a bucket. What we sign is
compared with botocore's own signature instead.
"""

from __future__ import annotations

import os
import random
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import override_settings

from gallery.storage import BucketPhotoStorage, DiskPhotoStorage, PhotoStorage, photo_storage
from gallery.storage.bucket import LONGEST_LINK_SECONDS, Limits
from gallery.storage.port import CHUNK_BYTES
from tests.gallery.s3_server import bucket_storage, plain_client, serve_s3

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

KEY = "e/5f0c/91aa/original.jpg"
OTHER_KEY = "e/5f0c/91aa/1/w800.webp"
JPEG = "image/jpeg"
WINDOW_START = datetime(2026, 11, 7, 6, tzinfo=UTC)
WINDOW_SECONDS = 12 * 3600
SMALL_PARTS = Limits(part_bytes=5 * 1024 * 1024)


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    with serve_s3() as address:
        yield address


@pytest.fixture
def disk(tmp_path: Path) -> DiskPhotoStorage:
    return DiskPhotoStorage(tmp_path / "media")


@pytest.fixture
def bucket(s3_address: str, tmp_path: Path) -> BucketPhotoStorage:
    return bucket_storage(s3_address, tmp_path / "spool", SMALL_PARTS)


@pytest.fixture(params=["disk", "bucket"])
def storage(request: pytest.FixtureRequest) -> PhotoStorage:
    made: PhotoStorage = request.getfixturevalue(request.param)
    return made


def spool(storage: PhotoStorage, data: bytes, name: str = "upload") -> Path:
    path = storage.incoming() / name
    path.write_bytes(data)
    return path


def whole(storage: PhotoStorage, key: str) -> bytes:
    with storage.open(key) as file:
        return file.read()


def head(bucket: BucketPhotoStorage, key: str) -> HeadObjectOutputTypeDef:
    return plain_client(bucket).head_object(Bucket=bucket.bucket, Key=key)


def noise(count: int) -> bytes:
    return random.Random(7).randbytes(count)


class StoreTests:
    def test_a_spooled_file_is_taken_over_byte_for_byte(self, storage: PhotoStorage) -> None:
        path = spool(storage, noise(70_000))

        storage.store_file(KEY, path, content_type=JPEG)

        assert whole(storage, KEY) == noise(70_000)
        assert not path.exists()

    @pytest.mark.parametrize("count", [6_000_000, 9_000_000])
    def test_a_file_of_several_parts_is_taken_over_byte_for_byte(
        self, storage: PhotoStorage, count: int
    ) -> None:
        path = spool(storage, noise(count))

        storage.store_file(KEY, path, content_type=JPEG)

        assert storage.size(KEY) == count
        assert whole(storage, KEY) == noise(count)

    def test_an_empty_file_is_a_file(self, storage: PhotoStorage) -> None:
        storage.store_file(KEY, spool(storage, b""), content_type=JPEG)

        assert storage.size(KEY) == 0
        assert whole(storage, KEY) == b""
        assert list(storage.read(KEY, 0, 10)) == []

    def test_bytes_are_kept(self, storage: PhotoStorage) -> None:
        storage.store_bytes(KEY, b"a rendition", content_type="image/webp")

        assert whole(storage, KEY) == b"a rendition"

    def test_the_same_bytes_may_be_stored_again(self, storage: PhotoStorage) -> None:
        storage.store_bytes(KEY, b"a rendition", content_type="image/webp")

        storage.store_bytes(KEY, b"a rendition", content_type="image/webp")

        assert whole(storage, KEY) == b"a rendition"

    def test_a_shorter_file_replaces_a_longer_one_as_a_whole(self, storage: PhotoStorage) -> None:
        storage.store_bytes(KEY, noise(10_000), content_type=JPEG)

        storage.store_file(KEY, spool(storage, b"short"), content_type=JPEG)

        assert whole(storage, KEY) == b"short"

    def test_a_reader_of_the_replaced_file_reads_it_to_its_end(self, storage: PhotoStorage) -> None:
        storage.store_bytes(KEY, noise(3 * CHUNK_BYTES), content_type=JPEG)
        pieces = storage.read(KEY, 0, 3 * CHUNK_BYTES)

        storage.store_bytes(KEY, b"another", content_type=JPEG)

        assert b"".join(pieces) == noise(3 * CHUNK_BYTES)

    def test_a_spooled_file_that_is_not_there_is_missing(self, storage: PhotoStorage) -> None:
        with pytest.raises(FileNotFoundError):
            storage.store_file(KEY, storage.incoming() / "nowhere", content_type=JPEG)

        assert storage.size(KEY) is None

    def test_the_same_key_stored_by_eight_at_once_holds_one_of_them(
        self, storage: PhotoStorage
    ) -> None:
        versions = [bytes([letter]) * 200_000 for letter in b"abcdefgh"]

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda data: storage.store_bytes(KEY, data, content_type=JPEG), versions))

        assert whole(storage, KEY) in versions
        assert [file.key for file in storage.walk()] == [KEY]


class ReadTests:
    def test_every_range_gives_what_a_slice_gives(self, storage: PhotoStorage) -> None:
        data = noise(2 * CHUNK_BYTES + 1_000)
        storage.store_bytes(KEY, data, content_type=JPEG)
        dice = random.Random(11)
        edges = sorted(dice.randrange(len(data)) for _ in range(20))
        ranges = [(start, stop - start) for start, stop in pairwise(edges)]
        ranges += [(0, len(data)), (0, 1), (len(data) - 1, 1), (CHUNK_BYTES, CHUNK_BYTES), (5, 0)]

        read = [b"".join(storage.read(KEY, offset, length)) for offset, length in ranges]

        assert read == [data[offset : offset + length] for offset, length in ranges]

    def test_a_range_over_the_end_ends_with_the_file(self, storage: PhotoStorage) -> None:
        storage.store_bytes(KEY, b"0123456789", content_type=JPEG)

        assert b"".join(storage.read(KEY, 8, 100)) == b"89"
        assert list(storage.read(KEY, 10, 100)) == []
        assert list(storage.read(KEY, 99, 100)) == []

    @pytest.mark.parametrize(("offset", "length"), [(-1, 5), (0, -1)])
    def test_a_negative_range_is_refused(
        self, storage: PhotoStorage, offset: int, length: int
    ) -> None:
        storage.store_bytes(KEY, b"0123456789", content_type=JPEG)

        with pytest.raises(ValueError, match="not a stretch"):
            storage.read(KEY, offset, length)

    def test_an_opened_file_can_be_searched(self, storage: PhotoStorage) -> None:
        storage.store_bytes(KEY, b"0123456789", content_type=JPEG)

        with storage.open(KEY) as file:
            file.seek(-3, os.SEEK_END)
            end = file.read()
            file.seek(2)
            middle = file.read(2)

        assert (end, middle) == (b"789", b"23")

    def test_what_is_not_there_is_missing_at_once(self, storage: PhotoStorage) -> None:
        with pytest.raises(FileNotFoundError):
            storage.open(KEY)
        with pytest.raises(FileNotFoundError):
            storage.read(KEY, 0, 10)
        with pytest.raises(FileNotFoundError):
            storage.read(KEY, 0, 0)

        assert storage.size(KEY) is None

    def test_a_folder_is_not_a_file(self, storage: PhotoStorage) -> None:
        storage.store_bytes(KEY, b"0123456789", content_type=JPEG)

        with pytest.raises(FileNotFoundError):
            storage.open("e/5f0c")
        with pytest.raises(FileNotFoundError):
            storage.read("e/5f0c", 0, 10)
        with pytest.raises(FileNotFoundError):
            storage.open(f"{KEY}/below")

        assert storage.size("e/5f0c") is None
        assert storage.size(f"{KEY}/below") is None


class RemoveTests:
    def test_removed_files_are_gone_and_the_others_stay(self, storage: PhotoStorage) -> None:
        storage.store_bytes(KEY, b"original", content_type=JPEG)
        storage.store_bytes(OTHER_KEY, b"rendition", content_type="image/webp")
        storage.store_bytes("e/5f0c/22bb/original.jpg", b"another", content_type=JPEG)

        storage.remove([KEY, OTHER_KEY])

        assert [file.key for file in storage.walk()] == ["e/5f0c/22bb/original.jpg"]

    def test_removing_what_is_gone_is_fine(self, storage: PhotoStorage) -> None:
        storage.store_bytes(KEY, b"original", content_type=JPEG)

        storage.remove([KEY, OTHER_KEY, KEY, f"{KEY}/below"])
        storage.remove([])

        assert list(storage.walk()) == []


class WalkTests:
    def test_a_walk_tells_keys_sizes_and_times_but_not_what_is_incoming(
        self, storage: PhotoStorage
    ) -> None:
        began_at = datetime.now(UTC) - timedelta(seconds=2)
        storage.store_bytes(KEY, b"original", content_type=JPEG)
        storage.store_bytes(OTHER_KEY, b"rendition", content_type="image/webp")
        spool(storage, b"half an upload")

        found = {file.key: file for file in storage.walk()}

        assert {key: file.size for key, file in found.items()} == {KEY: 8, OTHER_KEY: 9}
        ended_at = datetime.now(UTC) + timedelta(seconds=2)
        assert all(began_at < file.modified_at < ended_at for file in found.values())

    def test_an_empty_storage_has_nothing_to_walk(self, storage: PhotoStorage) -> None:
        assert list(storage.walk()) == []


class SweepTests:
    def test_only_what_nobody_wrote_to_since_then_is_swept(self, storage: PhotoStorage) -> None:
        now = datetime.now(UTC)
        left = spool(storage, b"left behind by a crash", "left")
        os.utime(left, (now.timestamp() - 7200,) * 2)
        running = spool(storage, b"an upload that runs", "running")

        removed = storage.sweep_incoming(now - timedelta(hours=1))

        assert removed == 1
        assert list(storage.incoming().iterdir()) == [running]


class KeyTests:
    ODD_KEYS = (
        *("", "..", "/etc/passwd", "e/../../x", "e//x", "e/x/", "e/./x", ".incoming/upload"),
        *("e/.x", "e/\0x", "e/x\n", "e/a b", "e\\x", "e/ä.jpg", "-e/x", "e/x?y", "e/%2e%2e/x"),
    )
    METHODS: dict[str, Callable[[PhotoStorage, str], Any]] = {
        "store_bytes": lambda storage, key: storage.store_bytes(key, b"data", content_type=JPEG),
        "store_file": lambda storage, key: storage.store_file(
            key, storage.incoming() / "upload", content_type=JPEG
        ),
        "open": lambda storage, key: storage.open(key),
        "read": lambda storage, key: storage.read(key, 0, 1),
        "read nothing": lambda storage, key: storage.read(key, 0, 0),
        "size": lambda storage, key: storage.size(key),
        "remove": lambda storage, key: storage.remove([key]),
        "local_path": lambda storage, key: storage.local_path(key),
        "presigned_url": lambda storage, key: storage.presigned_url(
            key, starts_at=WINDOW_START, seconds=60
        ),
    }

    @pytest.mark.parametrize("method", METHODS)
    def test_a_key_that_could_lead_elsewhere_is_refused_by_every_method(
        self, storage: PhotoStorage, method: str
    ) -> None:
        path = spool(storage, b"data")

        refused = [key for key in self.ODD_KEYS if self.refuses(storage, method, key)]

        assert refused == list(self.ODD_KEYS)
        assert path.read_bytes() == b"data"

    def refuses(self, storage: PhotoStorage, method: str, key: str) -> bool:
        try:
            self.METHODS[method](storage, key)
        except ValueError as error:
            return "not a storage key" in str(error)
        return False


class SettingsTests:
    def test_the_disk_is_what_the_suite_uses(self, media_root: Path) -> None:
        storage = photo_storage()

        assert isinstance(storage, DiskPhotoStorage)
        assert storage.root == media_root
        assert photo_storage() is storage

    def test_settings_alone_choose_the_bucket(self, bucket: BucketPhotoStorage) -> None:
        options = {
            "bucket_name": bucket.bucket,
            "access_key": "an-access-key",
            "secret_key": "a-secret-key",
            "endpoint_url": bucket.endpoint_url,
            "region_name": "auto",
        }
        backend = {"BACKEND": "gallery.storage.BucketPhotoStorage", "OPTIONS": options}

        with override_settings(STORAGES={"photos": backend}):
            storage = photo_storage()
            storage.store_bytes(KEY, b"original", content_type=JPEG)

        assert isinstance(storage, BucketPhotoStorage)
        assert whole(bucket, KEY) == b"original"

    def test_the_package_names_nothing_else(self) -> None:
        import gallery.storage

        with pytest.raises(AttributeError, match="TapePhotoStorage"):
            _ = gallery.storage.TapePhotoStorage


class DiskTests:
    def test_the_path_of_a_file_is_its_key(self, disk: DiskPhotoStorage) -> None:
        disk.store_bytes(KEY, b"original", content_type=JPEG)

        assert disk.local_path(KEY).read_bytes() == b"original"
        assert disk.presigned_url(KEY, starts_at=WINDOW_START, seconds=60) is None

    def test_files_are_open_to_the_web_servers_group_and_nobody_else(
        self, disk: DiskPhotoStorage
    ) -> None:
        path = spool(disk, b"original")
        path.chmod(0o600)

        disk.store_file(KEY, path, content_type=JPEG)
        disk.store_bytes(OTHER_KEY, b"rendition", content_type="image/webp")

        modes = [stat.S_IMODE(disk.local_path(key).stat().st_mode) for key in (KEY, OTHER_KEY)]
        assert modes == [0o640, 0o640]
        assert stat.S_IMODE(disk.incoming().stat().st_mode) == 0o700

    def test_the_place_of_uploads_is_on_the_same_file_system(self, disk: DiskPhotoStorage) -> None:
        assert disk.incoming().parent == disk.root

    def test_removing_the_last_file_removes_the_folders_but_not_the_root(
        self, disk: DiskPhotoStorage
    ) -> None:
        disk.store_bytes(KEY, b"original", content_type=JPEG)
        disk.store_bytes("e/77aa/0b/original.jpg", b"another", content_type=JPEG)

        disk.remove([KEY])
        left = sorted(path.name for path in (disk.root / "e").iterdir())
        disk.remove(["e/77aa/0b/original.jpg"])

        assert left == ["77aa"]
        assert [path.name for path in disk.root.iterdir()] == [".incoming"]

    def test_photos_may_come_and_go_in_the_same_folder_at_once(
        self, disk: DiskPhotoStorage
    ) -> None:
        def come_and_go(number: int) -> None:
            for _ in range(15):
                disk.store_bytes(f"e/5f0c/{number}.jpg", b"original", content_type=JPEG)
                disk.remove([f"e/5f0c/{number}.jpg"])

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(come_and_go, range(4)))

        assert list(disk.walk()) == []
        assert list(disk.incoming().iterdir()) == []

    def test_a_walk_passes_over_what_others_keep_there(self, disk: DiskPhotoStorage) -> None:
        disk.store_bytes(KEY, b"original", content_type=JPEG)
        (disk.root / "lost+found").mkdir(mode=0)
        (disk.root / "e" / ".DS_Store").write_bytes(b"a desktop's own")

        assert [file.key for file in disk.walk()] == [KEY]

    def test_a_reading_that_nobody_finishes_leaves_nothing_open(
        self, disk: DiskPhotoStorage
    ) -> None:
        disk.store_bytes(KEY, noise(3 * CHUNK_BYTES), content_type=JPEG)
        before = sorted(Path("/proc/self/fd").iterdir())

        for _ in range(20):
            next(disk.read(KEY, 0, 3 * CHUNK_BYTES))
            disk.read(KEY, 0, 3 * CHUNK_BYTES)

        assert sorted(Path("/proc/self/fd").iterdir()) == before

    def test_a_sweep_leaves_folders_alone(self, disk: DiskPhotoStorage) -> None:
        folder = disk.incoming() / "folder"
        folder.mkdir()
        os.utime(folder, (0, 0))

        assert disk.sweep_incoming(datetime.now(UTC)) == 0
        assert folder.is_dir()


class BucketTests:
    def test_the_content_type_is_stored(self, bucket: BucketPhotoStorage) -> None:
        bucket.store_bytes(OTHER_KEY, b"rendition", content_type="image/webp")
        bucket.store_file(KEY, spool(bucket, noise(6_000_000)), content_type=JPEG)

        kinds = [head(bucket, key)["ContentType"] for key in (OTHER_KEY, KEY)]
        assert kinds == ["image/webp", JPEG]

    def test_large_files_go_up_in_parts_and_small_ones_at_once(
        self, bucket: BucketPhotoStorage
    ) -> None:
        bucket.store_file(KEY, spool(bucket, noise(5 * 1024 * 1024)), content_type=JPEG)
        bucket.store_file(OTHER_KEY, spool(bucket, noise(9_000_000)), content_type=JPEG)

        tags = [head(bucket, key)["ETag"] for key in (KEY, OTHER_KEY)]
        # S3 marks what came in parts with their number.
        assert [tag.strip('"').partition("-")[2] for tag in tags] == ["", "2"]

    def test_a_bucket_has_no_local_path(self, bucket: BucketPhotoStorage) -> None:
        bucket.store_bytes(KEY, b"original", content_type=JPEG)

        # mypy knows that this is always None; the port's callers do not.
        port: PhotoStorage = bucket
        assert port.local_path(KEY) is None

    def test_a_walk_passes_over_what_others_keep_there(self, bucket: BucketPhotoStorage) -> None:
        plain_client(bucket).put_object(Bucket=bucket.bucket, Key="somebody else's.txt", Body=b"x")

        assert list(bucket.walk()) == []

    def test_uploads_in_parts_that_nobody_finished_are_ended(
        self, bucket: BucketPhotoStorage
    ) -> None:
        client = plain_client(bucket)
        for key in (KEY, "somebody else's.txt"):
            client.create_multipart_upload(Bucket=bucket.bucket, Key=key)
        # moto says of every upload that it began in 2010.
        before = bucket.sweep_incoming(datetime(2009, 1, 1, tzinfo=UTC))

        removed = bucket.sweep_incoming(datetime.now(UTC) - timedelta(hours=1))

        left = client.list_multipart_uploads(Bucket=bucket.bucket)["Uploads"]
        assert (before, removed) == (0, 1)
        assert [upload["Key"] for upload in left] == ["somebody else's.txt"]

    def test_threads_share_a_client_but_a_forked_process_makes_its_own(
        self, bucket: BucketPhotoStorage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own = bucket._client()
        of_threads: list[object] = []
        thread = threading.Thread(target=lambda: of_threads.append(bucket._client()))
        thread.start()
        thread.join()

        monkeypatch.setattr(os, "getpid", lambda: 1)
        of_child = bucket._client()

        assert of_threads == [own]
        assert of_child is not own
        assert bucket._client() is of_child


class PresignedLinkTests:
    def test_a_link_gives_the_file(self, bucket: BucketPhotoStorage) -> None:
        bucket.store_bytes(OTHER_KEY, b"rendition", content_type="image/webp")

        link = bucket.presigned_url(OTHER_KEY, starts_at=WINDOW_START, seconds=WINDOW_SECONDS)

        with urlopen(link) as answer:  # noqa: S310  # our own loopback
            assert answer.read() == b"rendition"
            assert answer.headers["Content-Type"] == "image/webp"

    def test_a_link_may_name_the_file_and_its_type(self, bucket: BucketPhotoStorage) -> None:
        bucket.store_bytes(KEY, b"original", content_type="application/octet-stream")

        link = bucket.presigned_url(
            KEY,
            starts_at=WINDOW_START,
            seconds=WINDOW_SECONDS,
            filename='Ani "&" Bùdi.jpg',
            content_type=JPEG,
        )

        with urlopen(link) as answer:  # noqa: S310  # our own loopback
            assert answer.headers["Content-Type"] == JPEG
            assert answer.headers["Content-Disposition"] == (
                "attachment; filename*=utf-8''Ani%20%22%26%22%20B%C3%B9di.jpg"
            )

    def test_a_link_stays_the_same_within_its_window(self, bucket: BucketPhotoStorage) -> None:
        links = []

        for at in ("2026-11-07T06:00Z", "2026-11-07T11:59Z", "2026-11-09T00:00Z"):
            with time_machine.travel(at, tick=False):
                links.append(bucket.presigned_url(KEY, starts_at=WINDOW_START, seconds=60))

        assert links == [links[0]] * 3

    def test_another_window_key_or_name_is_another_link(self, bucket: BucketPhotoStorage) -> None:
        later = WINDOW_START + timedelta(hours=6)

        links = {
            bucket.presigned_url(KEY, starts_at=WINDOW_START, seconds=60),
            bucket.presigned_url(KEY, starts_at=later, seconds=60),
            bucket.presigned_url(KEY, starts_at=WINDOW_START, seconds=61),
            bucket.presigned_url(OTHER_KEY, starts_at=WINDOW_START, seconds=60),
            bucket.presigned_url(KEY, starts_at=WINDOW_START, seconds=60, filename="a.jpg"),
            bucket.presigned_url(KEY, starts_at=WINDOW_START, seconds=60, content_type=JPEG),
        }

        assert len(links) == 6

    def test_the_start_of_the_window_may_be_told_in_any_time_zone(
        self, bucket: BucketPhotoStorage
    ) -> None:
        local = WINDOW_START.astimezone(ZoneInfo("Asia/Makassar"))

        assert bucket.presigned_url(KEY, starts_at=local, seconds=60) == bucket.presigned_url(
            KEY, starts_at=WINDOW_START, seconds=60
        )

    def test_the_signature_is_what_botocore_makes_at_the_start_of_the_window(
        self, bucket: BucketPhotoStorage
    ) -> None:
        with time_machine.travel(WINDOW_START, tick=False):
            expected = plain_client(bucket).generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": bucket.bucket,
                    "Key": KEY,
                    "ResponseContentDisposition": 'attachment; filename="DSC_0001.JPG"',
                    "ResponseContentType": JPEG,
                },
                ExpiresIn=WINDOW_SECONDS,
            )

        link = bucket.presigned_url(
            KEY,
            starts_at=WINDOW_START,
            seconds=WINDOW_SECONDS,
            filename="DSC_0001.JPG",
            content_type=JPEG,
        )

        assert urlsplit(link)[:3] == urlsplit(expected)[:3]
        assert parse_qs(urlsplit(link).query) == parse_qs(urlsplit(expected).query)

    @pytest.mark.parametrize("seconds", [0, -1, LONGEST_LINK_SECONDS + 1])
    def test_a_link_that_no_storage_would_accept_is_refused(
        self, bucket: BucketPhotoStorage, seconds: int
    ) -> None:
        with pytest.raises(ValueError, match="cannot hold"):
            bucket.presigned_url(KEY, starts_at=WINDOW_START, seconds=seconds)

from __future__ import annotations

import errno
import hashlib
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.db import OperationalError, connection
from django.utils import timezone

from events.models import Event
from gallery import uploads
from gallery.models import Photo
from gallery.storage import DiskPhotoStorage, PhotoStorage, photo_storage
from gallery.uploads import (
    Claim,
    PhotoRefused,
    Received,
    Spool,
    bytes_of,
    find_chapter,
    inspect,
    known_claims,
    raw_name,
    receive_photo,
)
from hafiportrait.accounts.models import User
from hafiportrait.lib.errors import StorageDown
from tests import images
from tests.factories import ChapterFactory, EventFactory

MEGABYTE = 1 << 20


def receive(event: Event, data: bytes, name: str = "DSC_0001.JPG", **more: Any) -> Received:
    storage = more.setdefault("storage", photo_storage())
    with Spool(storage.incoming()) as spool:
        spool.write(data)
        spool.finish()
        facts: dict[str, Any] = {"spooled": spool.path, "sha256": spool.sha256, "size": spool.size}
        return receive_photo(event=event, name=name, **{"uploaded_by": None} | facts | more)


def refusal(event: Event, data: bytes, **more: Any) -> PhotoRefused:
    with pytest.raises(PhotoRefused) as caught:
        receive(event, data, **more)
    return caught.value


def stored_keys() -> list[str]:
    return [file.key for file in photo_storage().walk()]


def leftovers() -> list[str]:
    return [path.name for path in photo_storage().incoming().iterdir()]


def at_the_same_instant(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Call `work` with 0, 1, … in as many threads, all of which start together."""
    barrier = threading.Barrier(count)

    def run(number: int) -> Any:
        barrier.wait()
        try:
            return work(number)
        except PhotoRefused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


class FullDisk(DiskPhotoStorage):
    """A disk whose last bytes are taken while the file is put into its place."""

    def store_file(self, key: str, path: Path, *, content_type: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


class DeadStorage(DiskPhotoStorage):
    """A bucket that took the file and then does not answer any more."""

    def store_file(self, key: str, path: Path, *, content_type: str) -> None:
        super().store_file(key, path, content_type=content_type)
        raise StorageDown("no answer")


class BrokenStorage(DeadStorage):
    """A bucket that does not even take a file back."""

    def remove(self, keys: Iterable[str]) -> None:
        raise StorageDown("no answer")


def on_disk(kind: type[DiskPhotoStorage]) -> PhotoStorage:
    return kind(location=str(project.MEDIA_ROOT))


class ReceivePhotoTests:
    def test_the_original_is_kept_byte_for_byte(self, event: Event) -> None:
        data = images.jpeg(exif=images.exif_camera())

        photo = receive(event, data).photo

        with photo_storage().open(photo.storage_key) as kept:
            assert kept.read() == data
        assert photo.checksum == hashlib.sha256(data).hexdigest()
        assert photo.file_size == len(data)
        assert leftovers() == []

    def test_it_waits_for_its_renditions(self, event: Event, hafi: User) -> None:
        received = receive(event, images.jpeg(), uploaded_by=hafi)

        photo = Photo.objects.get()
        assert received == Received(photo, created=True)
        assert (photo.status, photo.generation, photo.wanted_generation) == ("PENDING", 0, 1)
        assert photo.due_at is not None
        assert photo.due_at <= timezone.now()
        assert photo.uploaded_by == hafi

    @pytest.mark.parametrize(
        ("data", "mime_type", "extension"),
        [
            (images.jpeg((128, 96)), "image/jpeg", ".jpg"),
            (images.mpo(size=(128, 96)), "image/jpeg", ".jpg"),
            (images.png((128, 96)), "image/png", ".png"),
            (images.webp((128, 96)), "image/webp", ".webp"),
            (images.animated_webp(size=(128, 96)), "image/webp", ".webp"),
            (images.heic((128, 96)), "image/heic", ".heic"),
        ],
        ids=["jpeg", "mpo", "png", "webp", "animated webp", "heic"],
    )
    def test_the_kind_comes_from_the_file(
        self, event: Event, data: bytes, mime_type: str, extension: str
    ) -> None:
        photo = receive(event, data, name="holiday.tiff").photo

        assert (photo.mime_type, photo.width, photo.height) == (mime_type, 128, 96)
        assert photo.storage_key == f"{photo.folder}/original{extension}"

    @pytest.mark.parametrize(
        "data",
        [
            images.jpeg(mode="CMYK", color=(0, 0, 0, 0)),
            images.jpeg(icc=images.broken_icc()),
            images.jpeg(exif=images.exif_taken(b"0000:00:00 00:00:00")),
            images.grey16_png(),
            images.progressive_bomb(scans=50, side=256),
        ],
        ids=["cmyk", "broken profile", "no date", "16 bit", "many scans"],
    )
    def test_what_only_decoding_shows_is_taken_in(self, event: Event, data: bytes) -> None:
        assert receive(event, data).created

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"", "empty"),
            (images.html(), "unsupported"),
            (images.svg(), "unsupported"),
            (images.gif(), "unsupported"),
            (images.truncated_jpeg(), "incomplete"),
            (images.cut(images.png()), "incomplete"),
            (images.cut(images.webp()), "incomplete"),
            (images.cut(images.heic()), "incomplete"),
            (images.png_bomb(), "too_many_pixels"),
        ],
        ids=["empty", "html", "svg", "gif", "jpeg cut", "png cut", "webp cut", "heic cut", "bomb"],
    )
    def test_what_is_no_whole_photo_is_refused(self, event: Event, data: bytes, code: str) -> None:
        refused = refusal(event, data)

        assert (refused.status, refused.code) == (415, code)
        assert not Photo.objects.exists()
        assert stored_keys() == leftovers() == []

    def test_megapixels_are_a_setting(self, event: Event, settings: Any) -> None:
        settings.MAX_MEGAPIXELS = 1

        refused = refusal(event, images.bilevel_png((1001, 1000)))

        assert refused.code == "too_many_pixels"
        assert receive(event, images.bilevel_png((1000, 1000))).created

    def test_a_file_over_the_limit_is_refused(self, event: Event, settings: Any) -> None:
        settings.MAX_UPLOAD_MB = 1

        refused = refusal(event, images.jpeg().ljust(MEGABYTE + 1, b"\0"))

        assert (refused.status, refused.code) == (413, "too_large")
        with pytest.raises(PhotoRefused):
            inspect(Path(), size=MEGABYTE + 1)
        assert receive(event, images.jpeg().ljust(MEGABYTE, b"\0")).created
        assert leftovers() == []

    def test_a_file_that_changed_on_its_way_is_refused(self, event: Event) -> None:
        refused = refusal(event, images.jpeg(), claimed_sha256="0" * 64)

        assert (refused.status, refused.code) == (400, "checksum")
        assert stored_keys() == leftovers() == []

    def test_the_true_checksum_may_be_claimed_in_any_case(self, event: Event) -> None:
        data = images.jpeg()

        received = receive(event, data, claimed_sha256=hashlib.sha256(data).hexdigest().upper())

        assert received.created

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("../../etc/passwd.jpg", "etc_passwd.jpg"),
            ("a\0b.jpg", "ab.jpg"),
            ("\u202egpj.exe", "gpj.exe"),
            ('say "cheese".jpg', "say _cheese_.jpg"),
            ("one\r\ntwo.jpg", "one two.jpg"),
            ("pesta 💍.jpg", "pesta 💍.jpg"),
            ("x" * 300 + ".jpg", "x" * 116 + ".jpg"),
            ("lone \udcff.jpg", "lone.jpg"),
            ("...", "photo"),
        ],
    )
    def test_names_of_every_sort_are_cleaned(self, event: Event, name: str, shown: str) -> None:
        receive(event, images.jpeg(), name=name)

        photo = Photo.objects.get()
        assert photo.filename == shown
        assert photo.original_filename == raw_name(name)
        assert stored_keys() == [f"{photo.folder}/original.jpg"]


class DuplicateTests:
    def test_the_same_content_is_one_photo(self, event: Event) -> None:
        first = receive(event, images.jpeg(), name="DSC_0001.JPG")

        second = receive(event, images.jpeg(), name="Copy of DSC_0001.JPG")

        assert second == Received(first.photo, created=False)
        assert second.photo.filename == "DSC_0001.JPG"
        assert stored_keys() == [first.photo.storage_key]
        assert leftovers() == []

    def test_another_event_has_a_photo_of_its_own(self, event: Event) -> None:
        first = receive(event, images.jpeg())

        second = receive(EventFactory.create(), images.jpeg())

        assert second.created
        assert sorted(stored_keys()) == sorted([first.photo.storage_key, second.photo.storage_key])

    def test_a_deleted_photo_may_come_again(self, event: Event) -> None:
        first = receive(event, images.jpeg()).photo
        Photo.objects.update(deleted_at=timezone.now())

        second = receive(event, images.jpeg())

        assert second.created
        assert second.photo.pk != first.pk

    @pytest.mark.django_db(transaction=True)
    def test_eight_at_the_same_instant_are_one_photo(self) -> None:
        event = EventFactory.create()

        answers = at_the_same_instant(8, lambda number: receive(event, images.jpeg()))

        photo = Photo.objects.get()
        assert {answer.photo for answer in answers} == {photo}
        assert sorted(answer.created for answer in answers) == [False] * 7 + [True]
        assert stored_keys() == [photo.storage_key]
        assert leftovers() == []


class QuotaTests:
    def test_a_photo_that_just_fits_is_taken_in(self, event: Event) -> None:
        data = images.jpeg()
        event.storage_quota = len(data)
        event.save()

        assert receive(event, data).created
        assert bytes_of(event) == len(data)

    def test_one_byte_too_many_is_refused(self, event: Event) -> None:
        data = images.jpeg()
        event.storage_quota = len(data) - 1
        event.save()

        refused = refusal(event, data)

        assert (refused.status, refused.code) == (413, "quota")
        assert stored_keys() == leftovers() == []

    def test_deleted_photos_and_other_events_do_not_count(self, event: Event) -> None:
        data = images.jpeg()
        receive(EventFactory.create(), images.jpeg(seed=1))
        receive(event, images.jpeg(seed=2))
        Photo.objects.filter(event=event).update(deleted_at=timezone.now())
        event.storage_quota = len(data)
        event.save()

        assert receive(event, data).created

    def test_what_is_there_already_needs_no_room(self, event: Event) -> None:
        receive(event, images.jpeg())
        event.storage_quota = 1
        event.save()

        assert not receive(event, images.jpeg()).created

    @pytest.mark.django_db(transaction=True)
    def test_it_is_exact_when_eight_come_at_once(self) -> None:
        photos = [images.jpeg(seed=number + 1).ljust(5000, b"\0") for number in range(8)]
        event = EventFactory.create(storage_quota=3 * 5000)

        answers = at_the_same_instant(8, lambda number: receive(event, photos[number]))

        refused = [answer.code for answer in answers if isinstance(answer, PhotoRefused)]
        assert refused == ["quota"] * 5
        assert bytes_of(event) == 15000
        assert len(stored_keys()) == 3
        assert leftovers() == []


class FailureTests:
    def test_a_full_disk_leaves_neither_row_nor_file(self, event: Event) -> None:
        with pytest.raises(OSError, match="No space left"):
            receive(event, images.jpeg(), storage=on_disk(FullDisk))

        assert not Photo.objects.exists()
        assert stored_keys() == leftovers() == []

    def test_a_storage_that_stops_answering_leaves_neither_row_nor_file(self, event: Event) -> None:
        with pytest.raises(StorageDown):
            receive(event, images.jpeg(), storage=on_disk(DeadStorage))

        assert not Photo.objects.exists()
        assert stored_keys() == leftovers() == []

    def test_what_cannot_be_taken_back_is_left_to_the_sweep(
        self, event: Event, caplog: pytest.LogCaptureFixture
    ) -> None:
        with pytest.raises(StorageDown):
            receive(event, images.jpeg(), storage=on_disk(BrokenStorage))

        (key,) = stored_keys()
        assert not Photo.objects.exists()
        assert caplog.messages == [f"{key} is left to the sweep"]

    def test_a_row_that_cannot_be_written_takes_its_file_along(
        self, event: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(photo: Photo, **options: Any) -> None:
            raise OperationalError("the server closed the connection")

        monkeypatch.setattr(Photo, "save", refuse)

        with pytest.raises(OperationalError):
            receive(event, images.jpeg())

        assert not Photo.objects.exists()
        assert stored_keys() == leftovers() == []

    def test_a_commit_whose_answer_was_lost_keeps_its_file(
        self, event: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        insert = uploads._insert

        def insert_and_lose_the_answer(photo: Photo) -> None:
            insert(photo)
            raise OperationalError("the server closed the connection")

        monkeypatch.setattr(uploads, "_insert", insert_and_lose_the_answer)

        with pytest.raises(OperationalError):
            receive(event, images.jpeg())

        assert stored_keys() == [Photo.objects.get().storage_key]
        assert leftovers() == []

    @pytest.mark.django_db(transaction=True)
    def test_an_event_that_was_deleted_meanwhile_takes_nothing_in(self) -> None:
        event = EventFactory.create()
        Event.objects.all().delete()

        refused = refusal(event, images.jpeg())

        assert (refused.status, refused.code) == (404, "not_found")
        assert stored_keys() == leftovers() == []


class KnownClaimsTests:
    def test_content_decides_where_it_is_claimed(self, event: Event) -> None:
        photo = receive(event, images.jpeg(), name="a.jpg").photo
        same = Claim("another name.jpg", 1, photo.checksum)
        changed = Claim("a.jpg", photo.file_size, "b" * 64)

        assert known_claims(event=event, claims=[same, changed]) == [(same, photo)]

    def test_name_and_size_decide_where_it_is_not(self, event: Event) -> None:
        photo = receive(event, images.jpeg(), name="a.jpg").photo
        same = Claim("a.jpg", photo.file_size, "")
        larger = Claim("a.jpg", photo.file_size + 1, "")

        assert known_claims(event=event, claims=[larger, same]) == [(same, photo)]

    def test_deleted_photos_and_other_events_are_not_there(self, event: Event) -> None:
        photo = receive(event, images.jpeg()).photo
        Photo.objects.update(deleted_at=timezone.now())
        receive(EventFactory.create(), images.jpeg())

        assert known_claims(event=event, claims=[Claim("a.jpg", 1, photo.checksum)]) == []


class FindChapterTests:
    def test_it_is_found_by_address_and_by_id(self, event: Event) -> None:
        chapter = ChapterFactory.create(event=event, slug="akad")

        assert find_chapter(event, "akad") == chapter
        assert find_chapter(event, str(chapter.pk)) == chapter
        assert find_chapter(event, "") is None

    def test_another_events_chapter_is_refused(self, event: Event) -> None:
        foreign = ChapterFactory.create()

        with pytest.raises(PhotoRefused) as caught:
            find_chapter(event, str(foreign.pk))

        assert (caught.value.status, caught.value.code) == (400, "chapter")

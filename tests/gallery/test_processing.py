"""The photo's job, through the real claim, sandbox, storage and database."""

from __future__ import annotations

import hashlib
import io
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from events.models import Event
from gallery import processing, services
from gallery.models import Photo, Rendition
from gallery.storage import photo_storage
from hafiportrait.lib import jobs
from hafiportrait.lib.errors import StorageDown
from tests import images
from tests.factories import PhotoFactory
from tests.installation import files_below

pytestmark = pytest.mark.django_db


def stored(event: Event, data: bytes, **fields: object) -> Photo:
    """Return a photo that waits, its original in the storage."""
    photo: Photo = PhotoFactory.create(
        event=event,
        file_size=len(data),
        checksum=hashlib.sha256(data).hexdigest(),
        **fields,
    )
    photo_storage().store_bytes(photo.storage_key, data, content_type="image/jpeg")
    return photo


def work(photo: Photo) -> Photo:
    """Do what is due, and return the photo as it is then."""
    jobs.run_until_idle(seconds=60)
    photo.refresh_from_db()
    return photo


def due_again(photo: Photo) -> None:
    Photo.objects.filter(pk=photo.pk).update(due_at=timezone.now())


class PublishingTests:
    def test_a_photo_becomes_ready_with_its_renditions(self, event: Event) -> None:
        photo = work(stored(event, images.jpeg((2000, 1000)), width=2000, height=1000))

        assert (photo.status, photo.generation, photo.sequence) == (Photo.Status.READY, 1, 1)
        sizes = {r.kind: (r.width, r.height) for r in photo.renditions.all()}
        assert sizes == {
            "w400": (400, 200),
            "w800": (800, 400),
            "w1600": (1600, 800),
            "w2400": (2000, 1000),
            "web": (2000, 1000),
        }
        assert photo.thumbnail_key == f"{photo.folder}/1/w400.webp"
        assert photo.placeholder.startswith("data:image/webp;base64,")

    def test_every_rendition_is_there_with_the_size_and_crc_of_its_row(self, event: Event) -> None:
        photo = work(stored(event, images.jpeg((900, 600))))

        for row in photo.renditions.all():
            data = b"".join(photo_storage().read(row.key, 0, row.bytes))
            assert (len(data), zlib.crc32(data)) == (row.bytes, row.crc32)
            assert Image.open(io.BytesIO(data)).size == (row.width, row.height)

    def test_width_and_height_are_those_of_the_upright_picture(self, event: Event) -> None:
        photo = stored(event, images.oriented_jpeg(6), width=64, height=48)

        work(photo)

        small = photo.renditions.get(kind="w400")
        assert (photo.width, photo.height) == (small.width, small.height)

    def test_publishing_raises_the_gallery_s_version_and_sequence(self, event: Event) -> None:
        first = work(stored(event, images.jpeg(color=(1, 2, 3))))
        second = work(stored(event, images.jpeg(color=(200, 2, 3))))

        event.refresh_from_db()
        assert (first.sequence, second.sequence) == (1, 2)
        assert (event.last_sequence, event.gallery_version) == (2, 3)

    def test_the_time_taken_orders_the_photo(self, event: Event) -> None:
        taken = images.jpeg(exif=images.exif_taken(b"2026:11:07 10:30:00"))

        photo = work(stored(event, taken))

        assert photo.taken_at == datetime(2026, 11, 7, 2, 30, tzinfo=UTC)  # Makassar is UTC+8
        assert photo.sort_at == photo.taken_at

    def test_without_a_time_the_upload_orders_it(self, event: Event) -> None:
        photo = work(stored(event, images.jpeg()))

        assert photo.taken_at is None
        assert photo.sort_at == photo.uploaded_at

    def test_a_photo_deleted_meanwhile_is_not_published(self, event: Event) -> None:
        photo = stored(event, images.jpeg())
        services.delete_photos(photos=Photo.objects.filter(pk=photo.pk))
        due_again(photo)

        assert work(photo).status == Photo.Status.PENDING
        assert Rendition.objects.count() == 0

    def test_a_worker_that_lost_its_claim_publishes_nothing(
        self, event: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        photo = stored(event, images.jpeg())
        store = processing._store

        def steal(photo: Photo, *rest: object) -> list[Rendition]:
            Photo.objects.filter(pk=photo.pk).update(claim_token=None, claimed_at=None, due_at=None)
            return store(photo, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(processing, "_store", steal)

        assert work(photo).status == Photo.Status.PROCESSING
        assert Rendition.objects.count() == 0
        event.refresh_from_db()
        assert event.gallery_version == 1


class DeliveryTests:
    def test_a_file_without_a_place_goes_out_as_it_is(self, event: Event) -> None:
        data = images.jpeg()

        photo = work(stored(event, data))

        assert photo.delivery_key == photo.storage_key
        assert (photo.delivery_size, photo.delivery_crc32) == (len(data), zlib.crc32(data))

    def test_a_file_with_a_place_goes_out_as_a_copy_without_it(self, event: Event) -> None:
        data = images.jpeg(exif=images.exif_gps())

        photo = work(stored(event, data))

        copy = b"".join(photo_storage().read(photo.delivery_key, 0, photo.delivery_size or 0))
        assert photo.delivery_key != photo.storage_key
        assert zlib.crc32(copy) == photo.delivery_crc32
        assert not Image.open(io.BytesIO(copy)).getexif().get_ifd(0x8825)
        original = b"".join(photo_storage().read(photo.storage_key, 0, photo.file_size))
        assert original == data

    def test_the_event_may_keep_the_place(self, event: Event) -> None:
        Event.objects.update(keep_location=True)

        photo = work(stored(event, images.jpeg(exif=images.exif_gps())))

        assert photo.delivery_key == photo.storage_key


class FailureTests:
    def test_a_damaged_file_fails_with_its_reason_at_once(self, event: Event) -> None:
        photo = work(stored(event, images.truncated_jpeg()))

        assert photo.status == Photo.Status.FAILED
        assert photo.error == "The file is damaged and cannot be read."
        assert photo.attempts == 1

    def test_a_failed_photo_may_be_retried(self, event: Event) -> None:
        photo = work(stored(event, images.truncated_jpeg()))
        good = images.jpeg()
        photo_storage().store_bytes(photo.storage_key, good, content_type="image/jpeg")
        Photo.objects.update(file_size=len(good))

        services.retry_photos(photos=Photo.objects.all())

        assert work(photo).status == Photo.Status.READY
        assert photo.error == ""

    def test_more_pixels_than_the_limit_fail_without_decoding(self, event: Event) -> None:
        photo = work(stored(event, images.png_bomb()))

        assert photo.status == Photo.Status.FAILED
        assert photo.error == "The picture has more pixels than the limit."

    def test_a_picture_that_takes_too_long_fails_after_three_attempts(
        self, event: Event, settings: Settings
    ) -> None:
        settings.PHOTO_SECONDS_LIMIT = 0.05
        photo = stored(event, images.progressive_bomb())

        for attempt in (1, 2):
            work(photo)
            assert (photo.attempts, photo.claim_token) == (attempt, None)
            due_again(photo)
        work(photo)

        assert photo.status == Photo.Status.FAILED
        assert photo.error == "The picture took too long to read."

    def test_a_lost_original_fails_and_is_flagged(self, event: Event) -> None:
        photo = stored(event, images.jpeg())
        photo_storage().remove([photo.storage_key])

        work(photo)

        assert photo.status == Photo.Status.FAILED
        assert photo.damaged_at is not None

    def test_a_cut_original_fails_and_is_flagged(self, event: Event) -> None:
        photo = stored(event, images.jpeg())
        Photo.objects.update(file_size=photo.file_size + 1)

        work(photo)

        assert photo.status == Photo.Status.FAILED
        assert photo.damaged_at is not None

    def test_a_storage_that_is_down_is_waited_for(
        self, event: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        photo = stored(event, images.jpeg())

        def down(*args: object, **kwargs: object) -> None:
            raise StorageDown

        monkeypatch.setattr(type(photo_storage()), "store_bytes", down)
        work(photo)

        assert photo.attempts == 0
        assert photo.claim_token is None
        assert photo.due_at is not None
        assert photo.due_at > timezone.now()


class RedrawTests:
    @pytest.fixture
    def photo(self, event: Event) -> Photo:
        return work(stored(event, images.jpeg((1200, 800), color=(40, 90, 160))))

    def test_a_watermark_makes_new_keys_and_removes_the_old_files(
        self, photo: Photo, django_capture_on_commit_callbacks: object
    ) -> None:
        old = {row.key for row in photo.renditions.all()}
        Event.objects.update(watermark_enabled=True)
        processing.redraw(event=Event.objects.get())

        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
            work(photo)

        new = {row.key for row in photo.renditions.all()}
        assert photo.generation == 2
        assert not old & new
        assert [photo_storage().size(key) for key in sorted(old)] == [None] * len(old)

    def test_a_watermark_changes_pictures_from_800_up_only(self, photo: Photo) -> None:
        def crcs() -> dict[str, int]:
            return dict(photo.renditions.values_list("kind", "crc32"))

        before = crcs()
        Event.objects.update(watermark_enabled=True)
        processing.redraw(event=Event.objects.get())

        work(photo)

        after = crcs()
        changed = {kind for kind in before if before[kind] != after[kind]}
        assert changed == {"w800", "w1600", "web"}

    def test_the_photo_is_shown_meanwhile_and_keeps_its_place(self, photo: Photo) -> None:
        processing.redraw(event=Event.objects.get())

        photo.refresh_from_db()
        assert photo.status == Photo.Status.READY
        assert work(photo).sequence == 1

    def test_a_switch_during_the_work_is_not_lost(
        self, photo: Photo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        processing.redraw(event=Event.objects.get())
        store = processing._store
        switched: list[bool] = []

        def switch(photo: Photo, *rest: object) -> list[Rendition]:
            if not switched:
                switched.append(True)
                Event.objects.update(watermark_enabled=True)
                processing.redraw(event=Event.objects.get())
            return store(photo, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(processing, "_store", switch)

        work(photo)

        assert (photo.generation, photo.wanted_generation) == (3, 3)


class SweepTests:
    def test_files_without_a_row_go_and_the_others_stay(self, event: Event) -> None:
        photo = work(stored(event, images.jpeg(exif=images.exif_gps())))
        kept = {photo.storage_key, photo.delivery_key}
        kept |= {row.key for row in photo.renditions.all()}
        photo_storage().store_bytes(f"{photo.folder}/9/w400.webp", b"x", content_type="image/webp")
        (photo_storage().incoming() / "upload-left").write_bytes(b"half")

        processing.sweep_files(timezone.now() + timedelta(hours=1))

        root = photo_storage().incoming().parent
        assert files_below(root) == sorted(kept)

    def test_what_is_young_may_still_be_on_its_way(self, event: Event) -> None:
        photo_storage().store_bytes("e/aa/bb/original.jpg", b"x", content_type="image/jpeg")

        processing.sweep_files(timezone.now())

        assert photo_storage().size("e/aa/bb/original.jpg") == 1

"""Archives: a ZIP that is a plan, and goes on where it broke off."""

from __future__ import annotations

import io
import random
import zipfile
import zlib
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from analytics.models import PhotoDownload
from events.models import Event
from gallery import services
from gallery.models import Archive, Photo
from gallery.storage import photo_storage
from hafiportrait.accounts.models import User
from tests.factories import NOBODY, ChapterFactory, EventFactory, ready_photo

pytestmark = pytest.mark.django_db

CREATE = "/e/budi-ani/download/"


def content(photo: Photo) -> bytes:
    return (photo.pk.bytes * 70)[:1000]


def with_files(photo: Photo) -> Photo:
    photo_storage().store_bytes(photo.storage_key, content(photo), content_type="image/jpeg")
    Photo.objects.filter(pk=photo.pk).update(delivery_crc32=zlib.crc32(content(photo)))
    for row in photo.renditions.all():
        web = b"W" * 500
        photo_storage().store_bytes(row.key, web, content_type="image/jpeg")
        photo.renditions.filter(pk=row.pk).update(crc32=zlib.crc32(web))
    return photo


@pytest.fixture
def photos(event: Event) -> list[Photo]:
    return [with_files(ready_photo(event, filename=f"DSC_{n}.JPG")) for n in range(3)]


def plan(client: Client, **data: object) -> str:
    response = client.post(CREATE, data)
    assert response.status_code == 303
    return response["Location"]


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


class ArchiveDoorTests:
    def test_a_stranger_s_form_is_forbidden(self, dimas: Client, photos: list[Photo]) -> None:
        assert dimas.post(CREATE, {"all": "1"}).status_code == 403

    def test_a_stranger_at_the_zip_is_asked_for_the_code(
        self, sari: Client, dimas: Client, photos: list[Photo]
    ) -> None:
        assert dimas.get(plan(sari, all="1")).status_code == 302

    def test_a_guest_of_another_event_cannot_take_it(
        self, sari: Client, enter: Callable[[Event], Client], photos: list[Photo]
    ) -> None:
        other = EventFactory.create(slug="other")
        address = plan(sari, all="1").replace("/e/budi-ani/", "/e/other/")

        assert enter(other).get(address).status_code == 404

    def test_downloads_that_are_off_are_forbidden_everywhere(
        self, sari: Client, photos: list[Photo]
    ) -> None:
        address = plan(sari, all="1")
        Event.objects.update(allow_downloads=False)

        assert sari.post(CREATE, {"all": "1"}).status_code == 403
        assert sari.get(address).status_code == 403

    def test_an_archive_of_the_couple_is_not_for_guests(
        self, sari: Client, log_in: Callable[[User], Client], budi: User, photos: list[Photo]
    ) -> None:
        address = plan(log_in(budi), all="1")

        assert sari.get(address).status_code == 404

    def test_reading_the_form_s_address_is_refused(self, sari: Client) -> None:
        assert sari.get(CREATE).status_code == 405

    def test_an_unknown_archive_is_not_found(self, sari: Client) -> None:
        assert sari.get(f"{CREATE}{uuid4()}/").status_code == 404

    @pytest.mark.parametrize("chosen", ["junk", NOBODY, "\x00"])
    def test_a_photo_that_is_not_there_is_not_found(
        self, sari: Client, photos: list[Photo], chosen: str
    ) -> None:
        response = sari.post(CREATE, {"photos": [str(photos[0].pk), chosen]})

        assert response.status_code == 404

    def test_a_photo_of_another_event_is_not_found(self, sari: Client, photos: list[Photo]) -> None:
        foreign = ready_photo(EventFactory.create())

        assert sari.post(CREATE, {"photos": [str(foreign.pk)]}).status_code == 404

    def test_a_client_only_photo_is_not_found(self, sari: Client, event: Event) -> None:
        hidden = ready_photo(event, visibility=Photo.Visibility.CLIENT)

        assert sari.post(CREATE, {"photos": [str(hidden.pk)]}).status_code == 404

    def test_an_unknown_chapter_is_not_found(self, sari: Client, photos: list[Photo]) -> None:
        assert sari.post(CREATE, {"chapter": "nobody"}).status_code == 404
        assert sari.post(CREATE, {"chapter": "\x00"}).status_code == 404

    def test_nothing_chosen_is_a_bad_request(self, sari: Client, photos: list[Photo]) -> None:
        assert sari.post(CREATE, {}).status_code == 400


class ArchiveTests:
    def test_everything_comes_whole_in_folders_per_chapter(
        self, sari: Client, event: Event, photos: list[Photo]
    ) -> None:
        photos[1].chapter = ChapterFactory.create(event=event, title="Akad: pagi/siang")
        photos[1].save(update_fields=["chapter"])

        files = unzipped(body(sari.get(plan(sari, all="1"))))

        names = ["DSC_0.JPG", "Akad_ pagi_siang/DSC_1.JPG", "DSC_2.JPG"]
        assert files == {name: content(p) for name, p in zip(names, photos, strict=True)}

    def test_a_chapter_comes_alone(self, sari: Client, event: Event, photos: list[Photo]) -> None:
        photos[1].chapter = ChapterFactory.create(event=event, title="Akad", slug="akad")
        photos[1].save(update_fields=["chapter"])

        files = unzipped(body(sari.get(plan(sari, chapter="akad"))))

        assert files == {"Akad/DSC_1.JPG": content(photos[1])}

    def test_a_selection_comes_in_the_gallery_s_order(
        self, sari: Client, photos: list[Photo]
    ) -> None:
        files = unzipped(body(sari.get(plan(sari, photos=[str(photos[2].pk), str(photos[0].pk)]))))

        assert list(files) == ["DSC_0.JPG", "DSC_2.JPG"]

    def test_a_selection_of_twelve_hundred_is_one_form(self, sari: Client, event: Event) -> None:
        photos = [ready_photo(event) for _ in range(1200)]

        address = plan(sari, photos=[str(photo.pk) for photo in photos])

        assert Archive.objects.get().member_count == 1200
        assert address == f"{CREATE}{Archive.objects.get().pk}/"

    def test_equal_names_are_told_apart(self, sari: Client, event: Event) -> None:
        for _ in range(2):
            with_files(ready_photo(event, filename="IMG_1.JPG"))

        files = unzipped(body(sari.get(plan(sari, all="1"))))

        assert list(files) == ["IMG_1.JPG", "IMG_1 (2).JPG"]

    def test_the_web_size_comes_on_wish(self, sari: Client, photos: list[Photo]) -> None:
        files = unzipped(body(sari.get(plan(sari, all="1", size="web"))))

        assert files == {f"DSC_{n}.jpg": b"W" * 500 for n in range(3)}

    def test_a_watermark_means_web_size_for_guests(self, sari: Client, photos: list[Photo]) -> None:
        Event.objects.update(watermark_enabled=True)

        plan(sari, all="1", size="original")

        assert Archive.objects.get().size == Archive.Size.WEB

    def test_equal_requests_share_one_row(
        self, sari: Client, enter: Callable[[Event], Client], event: Event, photos: list[Photo]
    ) -> None:
        assert plan(sari, all="1") == plan(enter(event), all="1")
        assert Archive.objects.count() == 1

    def test_the_length_is_said_and_true_and_the_bytes_are_the_same(
        self, sari: Client, photos: list[Photo]
    ) -> None:
        address = plan(sari, all="1")

        first, second = sari.get(address), sari.get(address)

        data = body(first)
        assert int(first["Content-Length"]) == len(data)
        assert data == body(second)
        assert first["ETag"] == second["ETag"]
        assert first["Accept-Ranges"] == "bytes"

    def test_a_head_says_the_length_without_a_body(self, sari: Client, photos: list[Photo]) -> None:
        address = plan(sari, all="1")

        response = sari.head(address)

        assert int(response["Content-Length"]) == len(body(sari.get(address)))
        assert response.content == b""

    def test_any_range_is_the_same_bytes(self, sari: Client, photos: list[Photo]) -> None:
        address = plan(sari, all="1")
        whole = body(sari.get(address))
        dice = random.Random(1)

        for _ in range(30):
            start = dice.randrange(len(whole))
            stop = dice.randrange(start, len(whole)) + 1
            part = sari.get(address, headers={"range": f"bytes={start}-{stop - 1}"})
            assert part.status_code == 206
            assert body(part) == whole[start:stop]

    def test_if_range_with_another_etag_starts_anew(
        self, sari: Client, photos: list[Photo]
    ) -> None:
        address = plan(sari, all="1")
        wanted = {"range": "bytes=100-", "if-range": '"another"'}

        assert sari.get(address, headers=wanted).status_code == 200

    def test_if_range_with_the_etag_goes_on(self, sari: Client, photos: list[Photo]) -> None:
        address = plan(sari, all="1")
        etag = sari.head(address)["ETag"]

        assert (
            sari.get(address, headers={"range": "bytes=100-", "if-range": etag}).status_code == 206
        )

    @pytest.mark.parametrize(
        ("header", "status"),
        [
            ("bytes=99999999-", 416),
            ("bytes=-0", 416),
            ("bytes=-5", 206),
            ("bytes=5-2", 200),
            ("bytes=0-1,5-6", 200),
            ("lines=1-2", 200),
            ("bytes=-", 200),
            ("bytes=" + "9" * 400 + "-", 200),
        ],
    )
    def test_ranges_of_every_sort(
        self, sari: Client, photos: list[Photo], header: str, status: int
    ) -> None:
        response = sari.get(plan(sari, all="1"), headers={"range": header})

        assert response.status_code == status

    def test_a_member_that_is_gone_voids_the_archive(
        self, sari: Client, photos: list[Photo]
    ) -> None:
        address = plan(sari, all="1")
        services.delete_photos(photos=Photo.objects.filter(pk=photos[0].pk))

        assert sari.get(address).status_code == 410

    def test_a_member_hidden_since_voids_it_for_guests(
        self, sari: Client, photos: list[Photo]
    ) -> None:
        address = plan(sari, all="1")
        services.set_visibility(
            photos=Photo.objects.filter(pk=photos[0].pk), visibility=Photo.Visibility.CLIENT
        )

        assert sari.get(address).status_code == 410

    def test_a_file_that_is_lost_is_flagged_and_the_answer_is_503(
        self, sari: Client, photos: list[Photo]
    ) -> None:
        address = plan(sari, all="1")
        photo_storage().remove([photos[1].storage_key])

        assert sari.get(address).status_code == 503
        assert list(Photo.objects.exclude(damaged_at=None)) == [photos[1]]
        assert len(unzipped(body(sari.get(plan(sari, all="1"))))) == 2

    def test_scripts_are_told_number_and_size(self, sari: Client, photos: list[Photo]) -> None:
        response = sari.post(CREATE, {"all": "1"}, headers={"accept": "application/json"})

        archive = Archive.objects.get()
        assert response.status_code == 201
        assert response.json() == {
            "id": str(archive.pk),
            "url": f"{CREATE}{archive.pk}/",
            "photos": 3,
            "bytes": archive.total_bytes,
        }


class ArchiveRecordTests:
    def test_a_download_in_pieces_is_recorded_once(
        self, sari: Client, event: Event, photos: list[Photo]
    ) -> None:
        address = plan(sari, all="1")
        sari.head(address)
        for start in ("0-99", "100-", "0-"):
            sari.get(address, headers={"range": f"bytes={start}"})

        row = PhotoDownload.objects.get()
        assert (row.download_type, row.photo, row.event) == ("BATCH_ALL", None, event)
        assert (row.size, row.bytes) == ("ORIGINAL", Archive.objects.get().total_bytes)

    def test_a_selection_is_recorded_as_such(self, sari: Client, photos: list[Photo]) -> None:
        sari.get(plan(sari, photos=[str(photos[0].pk)]))

        assert PhotoDownload.objects.get().download_type == "BATCH_ZIP"

"""Taking one photo home."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from analytics.models import PhotoDownload
from events.models import Event
from gallery.models import Photo
from gallery.storage import photo_storage
from hafiportrait.accounts.models import User
from tests.factories import EventFactory, ready_photo

pytestmark = pytest.mark.django_db

ORIGINAL = bytes(range(250)) * 4
WEB = b"the web size" + bytes(488)


def with_files(photo: Photo) -> Photo:
    storage = photo_storage()
    storage.store_bytes(photo.storage_key, ORIGINAL, content_type="image/jpeg")
    for row in photo.renditions.all():
        storage.store_bytes(row.key, WEB, content_type="image/jpeg")
    return photo


@pytest.fixture
def photo(event: Event) -> Photo:
    return with_files(ready_photo(event, filename="DSC_0042.JPG"))


def address(photo: Photo, size: str = "") -> str:
    query = f"?size={size}" if size else ""
    return f"/e/{photo.event.slug}/photos/{photo.pk}/download/{query}"


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


class PhotoDownloadDoorTests:
    def test_a_stranger_is_asked_for_the_code(self, dimas: Client, photo: Photo) -> None:
        assert dimas.get(address(photo)).status_code == 302

    def test_a_photo_of_another_event_is_not_found(self, sari: Client, event: Event) -> None:
        foreign = with_files(ready_photo(EventFactory.create()))

        assert sari.get(f"/e/budi-ani/photos/{foreign.pk}/download/").status_code == 404

    @pytest.mark.parametrize(
        "fields",
        [
            {"visibility": Photo.Visibility.CLIENT},
            {"deleted_at": timezone.now()},
        ],
    )
    def test_what_guests_may_not_see_is_not_found(
        self, sari: Client, event: Event, fields: dict[str, object]
    ) -> None:
        hidden = with_files(ready_photo(event, **fields))

        assert sari.get(address(hidden)).status_code == 404

    def test_unknown_and_malformed_ids_are_not_found(self, sari: Client) -> None:
        assert sari.get(f"/e/budi-ani/photos/{uuid4()}/download/").status_code == 404
        assert sari.get("/e/budi-ani/photos/junk/download/").status_code == 404

    def test_downloads_that_are_off_are_forbidden(self, sari: Client, photo: Photo) -> None:
        Event.objects.update(allow_downloads=False)

        assert sari.get(address(photo)).status_code == 403

    def test_the_couple_may_download_all_the_same(
        self, log_in: Callable[[User], Client], budi: User, photo: Photo
    ) -> None:
        Event.objects.update(allow_downloads=False)

        assert log_in(budi).get(address(photo)).status_code == 200

    def test_posting_is_refused(self, sari: Client, photo: Photo) -> None:
        assert sari.post(address(photo)).status_code == 405


class PhotoDownloadTests:
    def test_the_original_comes_byte_for_byte_under_its_name(
        self, sari: Client, photo: Photo
    ) -> None:
        response = sari.get(address(photo))

        assert body(response) == ORIGINAL
        assert response["Content-Length"] == "1000"
        assert response["Content-Disposition"] == (
            "attachment; filename=\"DSC_0042.JPG\"; filename*=UTF-8''DSC_0042.JPG"
        )

    def test_the_web_size_is_a_jpeg(self, sari: Client, photo: Photo) -> None:
        response = sari.get(address(photo, "web"))

        assert body(response) == WEB
        assert response["Content-Type"] == "image/jpeg"
        assert "DSC_0042.jpg" in response["Content-Disposition"]

    @pytest.mark.parametrize("fields", [{"download_size": "WEB"}, {"watermark_enabled": True}])
    def test_guests_get_the_web_size_where_the_event_says_so(
        self, sari: Client, photo: Photo, fields: dict[str, object]
    ) -> None:
        Event.objects.update(**fields)

        assert body(sari.get(address(photo, "original"))) == WEB

    def test_the_couple_always_gets_originals(
        self, log_in: Callable[[User], Client], budi: User, photo: Photo
    ) -> None:
        Event.objects.update(download_size="WEB", watermark_enabled=True)

        assert body(log_in(budi).get(address(photo))) == ORIGINAL

    def test_a_part_can_be_fetched(self, sari: Client, photo: Photo) -> None:
        response = sari.get(address(photo), headers={"range": "bytes=900-"})

        assert response.status_code == 206
        assert response["Content-Range"] == "bytes 900-999/1000"
        assert body(response) == ORIGINAL[900:]

    def test_a_head_has_the_length_and_no_body(self, sari: Client, photo: Photo) -> None:
        response = sari.head(address(photo))

        assert response["Content-Length"] == "1000"
        assert response.content == b""

    def test_names_of_every_sort_are_safe_in_the_header(self, sari: Client, event: Event) -> None:
        photo = with_files(ready_photo(event, filename='Fotó "♥"\r\nX: y.jpg'))

        header = sari.get(address(photo))["Content-Disposition"]

        assert "\r" not in header
        assert "\n" not in header
        assert "filename*=UTF-8''Fot%C3%B3" in header

    def test_a_cut_file_is_said_to_be_unavailable_and_flagged(
        self, sari: Client, photo: Photo
    ) -> None:
        photo_storage().store_bytes(photo.storage_key, b"cut", content_type="image/jpeg")

        assert sari.get(address(photo)).status_code == 503
        photo.refresh_from_db()
        assert photo.damaged_at is not None


class PhotoDownloadRecordTests:
    def test_a_download_is_recorded_once_with_its_size(
        self, sari: Client, photo: Photo, event: Event
    ) -> None:
        sari.get(address(photo), headers={"user-agent": "Chrome on Android"})

        row = PhotoDownload.objects.get()
        assert (row.photo, row.event, row.download_type) == (photo, event, "SINGLE")
        assert (row.size, row.bytes) == ("ORIGINAL", 1000)
        assert (row.ip_address, row.user_agent) == ("127.0.0.1", "Chrome on Android")
        assert len(row.session_id) == 64

    def test_looking_and_going_on_are_not_recorded(self, sari: Client, photo: Photo) -> None:
        sari.head(address(photo))
        sari.get(address(photo), headers={"range": "bytes=500-"})
        Event.objects.update(allow_downloads=False)
        sari.get(address(photo))

        assert PhotoDownload.objects.count() == 0

    def test_a_person_who_logged_in_is_named(
        self, log_in: Callable[[User], Client], budi: User, photo: Photo
    ) -> None:
        log_in(budi).get(address(photo))

        assert PhotoDownload.objects.get().user == budi

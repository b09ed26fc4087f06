"""Media links: capabilities that admitted pages hand out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from events.admission import Audience
from events.models import Event
from events.services import rotate_code
from gallery.links import MEMORY_SECONDS, WINDOW_SECONDS, LinkMaker, forget_states
from gallery.models import Photo
from gallery.storage import photo_storage
from hafiportrait.accounts.models import User
from tests.factories import ready_photo

pytestmark = pytest.mark.django_db

PICTURE = b"RIFF....WEBPVP8 a picture"


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    forget_states()
    yield
    forget_states()


@pytest.fixture
def photo(event: Event) -> Photo:
    made = ready_photo(event)
    for row in made.renditions.all():
        photo_storage().store_bytes(row.key, PICTURE, content_type="image/webp")
    return made


def link(photo: Photo, kind: str = "w400", audience: Audience = Audience.GUEST) -> str:
    photo.event.refresh_from_db()
    return LinkMaker(photo.event, audience).url(photo, kind)


def status(client: Client, address: str) -> int:
    response: Any = client.get(address)
    if response.streaming:
        b"".join(response.streaming_content)  # read to its end, the file is closed
    return int(response.status_code)


class MediaTests:
    def test_a_live_link_gives_the_picture_to_whoever_holds_it(
        self, dimas: Client, photo: Photo
    ) -> None:
        response: Any = dimas.get(link(photo))

        assert response.status_code == 200
        assert b"".join(response.streaming_content) == PICTURE
        assert response["Content-Type"] == "image/webp"
        assert response["X-Content-Type-Options"] == "nosniff"

    def test_it_may_be_kept_until_the_end_of_the_window(self, dimas: Client, photo: Photo) -> None:
        response: Any = dimas.get(link(photo))
        b"".join(response.streaming_content)
        policy = response["Cache-Control"]

        assert policy.startswith("private, max-age=")
        assert policy.endswith(", immutable")
        seconds = int(policy.split("=")[1].split(",")[0])
        assert WINDOW_SECONDS - 1 <= seconds <= 2 * WINDOW_SECONDS

    def test_one_signature_serves_every_size_of_its_photo_only(
        self, dimas: Client, photo: Photo, event: Event
    ) -> None:
        other = ready_photo(event)
        small = link(photo)

        assert status(dimas, small.replace("w400", "w1600")) == 200
        assert status(dimas, small.replace(photo.pk.hex, other.pk.hex)) == 404

    @pytest.mark.parametrize(
        "path",
        [
            "x",
            "a/b/c/d/e",
            "144a9.g1.AAAAAAAAAAAAAAAAAAAAAA/{event}/{photo}/1/w400.webp",
            "zz.g1.AAAA/{event}/{photo}/1/w400.webp",
            "../../db.sqlite3",
            "144a9.g1.AAAA/{event}/{photo}/1/../original.jpg",
        ],
    )
    def test_what_we_did_not_sign_is_not_found(self, sari: Client, photo: Photo, path: str) -> None:
        wanted = path.format(event=photo.event_id.hex, photo=photo.pk.hex)

        assert status(sari, f"/media/{wanted}") == 404

    def test_a_signed_link_does_not_reach_the_original(self, dimas: Client, photo: Photo) -> None:
        photo_storage().store_bytes(photo.storage_key, b"original", content_type="image/jpeg")

        for file in ("../original.jpg", "..%2Foriginal.jpg", "original.jpg"):
            assert status(dimas, link(photo).replace("w400.webp", file)) == 404

    def test_a_new_code_ends_guests_links_within_a_minute(
        self, dimas: Client, photo: Photo
    ) -> None:
        address = link(photo)
        rotate_code(event=photo.event)

        assert status(dimas, address) == 404

    def test_what_is_remembered_is_forgotten_after_a_minute(
        self, dimas: Client, photo: Photo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        address = link(photo)
        assert status(dimas, address) == 200
        Event.objects.update(status=Event.Status.ARCHIVED)
        assert status(dimas, address) == 200
        import time

        later = time.monotonic() + MEMORY_SECONDS + 1

        monkeypatch.setattr("gallery.links.time.monotonic", lambda: later)

        assert status(dimas, address) == 404

    def test_an_old_link_leads_an_admitted_guest_to_a_fresh_one(
        self, sari: Client, dimas: Client, photo: Photo
    ) -> None:
        with time_machine.travel(timezone.now() - timedelta(days=1), tick=False):
            old = link(photo)

        answer = sari.get(old)

        assert answer.status_code == 302
        assert status(sari, answer["Location"]) == 200
        assert status(dimas, old) == 404

    def test_a_link_to_a_redrawn_picture_leads_to_the_new_one(
        self, sari: Client, photo: Photo
    ) -> None:
        old = link(photo)
        photo_storage().remove([row.key for row in photo.renditions.all()])
        Photo.objects.update(generation=2)
        photo_storage().store_bytes(
            f"{photo.folder}/2/w400.webp", PICTURE, content_type="image/webp"
        )

        answer = sari.get(old)

        assert answer.status_code == 302
        assert status(sari, answer["Location"]) == 200

    def test_a_missing_file_is_not_found_and_does_not_go_in_circles(
        self, sari: Client, photo: Photo
    ) -> None:
        address = link(photo)
        photo_storage().remove([row.key for row in photo.renditions.all()])

        assert status(sari, address) == 404

    def test_the_couple_s_links_hold_for_a_closed_event(self, dimas: Client, photo: Photo) -> None:
        Event.objects.update(status=Event.Status.ARCHIVED)

        assert status(dimas, link(photo, audience=Audience.CLIENT)) == 200
        assert status(dimas, link(photo)) == 404

    def test_an_audience_cannot_be_changed(self, dimas: Client, photo: Photo) -> None:
        address = link(photo)

        assert status(dimas, address.replace(".g1.", ".c1.")) == 404

    def test_a_clock_that_is_wrong_by_days_is_no_error(self, dimas: Client, photo: Photo) -> None:
        address = link(photo)

        for days in (-400, 400):
            with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
                assert status(dimas, address) == 404

    def test_posting_is_refused(self, dimas: Client, photo: Photo) -> None:
        assert dimas.post(link(photo)).status_code == 405

    def test_nginx_sends_the_file_where_it_stands_in_front(
        self, dimas: Client, photo: Photo, settings: Settings
    ) -> None:
        settings.MEDIA_ACCEL_PREFIX = "/protected/"

        response = dimas.get(link(photo))

        assert response["X-Accel-Redirect"] == f"/protected/{photo.folder}/1/w400.webp"
        assert response.content == b""


class MediaCostTests:
    def test_a_second_image_costs_no_query(
        self, dimas: Client, photo: Photo, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        status(dimas, link(photo))
        address = link(photo, "w800")

        with django_assert_num_queries(0):
            assert status(dimas, address) == 200

    def test_an_image_costs_a_signed_in_client_no_query(
        self,
        log_in: Callable[[User], Client],
        budi: User,
        photo: Photo,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        browser = log_in(budi)
        address = link(photo, audience=Audience.CLIENT)

        with django_assert_num_queries(0):
            assert status(browser, address) == 200

    def test_links_of_one_window_are_the_same(self, photo: Photo) -> None:
        assert link(photo) == link(photo)
        assert Path(link(photo)).parent == Path(link(photo, "w800")).parent

"""The gallery's grid: who sees it, what it shows, and what it costs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from events.models import Event, GuestSession
from gallery import services
from gallery.models import Photo
from hafiportrait.accounts.models import User
from tests.factories import ChapterFactory, EventFactory, PhotoFactory, ready_photo

pytestmark = pytest.mark.django_db

GALLERY = "/e/budi-ani/"


def photo_ids(client: Client, address: str = GALLERY) -> list[str]:
    page = client.get(address)
    assert page.status_code == 200
    return re.findall(r'data-photo-id="([0-9a-f-]{36})"', page.content.decode())


class PhotoListDoorTests:
    def test_a_stranger_is_asked_for_the_code(self, dimas: Client, event: Event) -> None:
        response = dimas.get(GALLERY + "?chapter=akad")

        assert response.status_code == 302
        assert response["Location"] == "/e/budi-ani/enter/?next=%2Fe%2Fbudi-ani%2F%3Fchapter%3Dakad"

    def test_a_stranger_s_script_gets_403(self, dimas: Client, event: Event) -> None:
        response = dimas.get(GALLERY, headers={"accept": "application/json"})

        assert response.status_code == 403
        assert response.json()["error"]["code"] == "not_admitted"

    def test_a_stranger_s_fetch_of_a_page_gets_403(self, dimas: Client, event: Event) -> None:
        assert dimas.get(GALLERY, headers={"sec-fetch-dest": "empty"}).status_code == 403
        assert dimas.get(GALLERY, headers={"sec-fetch-dest": "document"}).status_code == 302

    def test_a_guest_of_another_event_is_asked_for_the_code(
        self, enter: Callable[[Event], Client], event: Event
    ) -> None:
        guest = enter(EventFactory.create())

        assert guest.get(GALLERY).status_code == 302

    def test_a_client_of_another_event_is_asked_for_the_code(
        self, log_in: Callable[[User], Client], ani: User
    ) -> None:
        EventFactory.create(slug="other")

        assert log_in(ani).get("/e/other/").status_code == 302

    def test_an_unknown_event_is_not_found(self, sari: Client) -> None:
        assert sari.get("/e/nobody/").status_code == 404

    def test_a_draft_is_not_found_even_with_an_admission(self, sari: Client, event: Event) -> None:
        Event.objects.update(status=Event.Status.DRAFT)

        assert sari.get(GALLERY).status_code == 404

    def test_staff_open_drafts(
        self, log_in: Callable[[User], Client], hafi: User, event: Event
    ) -> None:
        Event.objects.update(status=Event.Status.DRAFT)

        assert log_in(hafi).get(GALLERY).status_code == 200

    @pytest.mark.parametrize("who", ["dimas", "sari"])
    def test_an_archived_event_is_gone_for_strangers_and_guests(
        self, request: pytest.FixtureRequest, event: Event, who: str
    ) -> None:
        client: Client = request.getfixturevalue(who)
        Event.objects.update(status=Event.Status.ARCHIVED)

        assert client.get(GALLERY).status_code == 410

    def test_it_says_when_it_was_closed(self, sari: Client, event: Event) -> None:
        with time_machine.travel(datetime(2026, 10, 3, 3, tzinfo=UTC), tick=False):
            event.status = Event.Status.ARCHIVED
            event.save()

        page = sari.get(GALLERY, headers={"Accept-Language": "id"}).content.decode()

        assert "Galeri ini ditutup pada Sabtu, 3 Oktober 2026." in page

    def test_an_expired_event_is_gone_on_the_next_request(self, sari: Client, event: Event) -> None:
        assert sari.get(GALLERY).status_code == 200

        Event.objects.update(storage_expires_at=timezone.now() - timedelta(seconds=1))

        assert sari.get(GALLERY).status_code == 410

    @pytest.mark.parametrize("who", ["budi", "ani", "hafi"])
    def test_a_closed_event_stays_open_for_client_partner_and_staff(
        self,
        request: pytest.FixtureRequest,
        log_in: Callable[[User], Client],
        event: Event,
        who: str,
    ) -> None:
        person: User = request.getfixturevalue(who)
        Event.objects.update(status=Event.Status.ARCHIVED)

        assert log_in(person).get(GALLERY).status_code == 200

    def test_posting_is_refused(self, sari: Client) -> None:
        assert sari.post(GALLERY).status_code == 405

    def test_a_former_address_leads_to_the_present_one(self, sari: Client, event: Event) -> None:
        event.old_slugs.create(slug="old-name")

        response = sari.get("/e/old-name/?chapter=akad")

        assert response.status_code == 301
        assert response["Location"] == "/e/budi-ani/?chapter=akad"

    def test_the_former_address_of_a_draft_is_not_found(
        self, dimas: Client, sari: Client, budi: User, log_in: Callable[[User], Client]
    ) -> None:
        event = Event.objects.get()
        event.old_slugs.create(slug="old-name")
        Event.objects.update(status=Event.Status.DRAFT)

        found = [browser.get("/e/old-name/").status_code for browser in (dimas, sari, log_in(budi))]

        assert found == [404, 404, 404]

    def test_it_leads_staff_to_a_draft(
        self, hafi: User, event: Event, log_in: Callable[[User], Client]
    ) -> None:
        event.old_slugs.create(slug="old-name")
        Event.objects.update(status=Event.Status.DRAFT)

        response = log_in(hafi).get("/e/old-name/")

        assert (response.status_code, response["Location"]) == (301, GALLERY)


class PhotoListTests:
    def test_guests_see_ready_photos_for_everyone_only(self, sari: Client, event: Event) -> None:
        shown = ready_photo(event)
        ready_photo(event, visibility=Photo.Visibility.CLIENT)
        ready_photo(event, deleted_at=timezone.now())
        PhotoFactory.create(event=event)
        PhotoFactory.create(event=event, status=Photo.Status.FAILED)
        ready_photo(EventFactory.create())

        assert photo_ids(sari) == [str(shown.pk)]

    def test_the_couple_sees_its_own_photos_too(
        self, log_in: Callable[[User], Client], budi: User, event: Event
    ) -> None:
        first = ready_photo(event)
        second = ready_photo(event, visibility=Photo.Visibility.CLIENT)

        assert photo_ids(log_in(budi)) == [str(first.pk), str(second.pk)]

    def test_what_the_couple_saw_is_not_kept_for_guests(
        self, log_in: Callable[[User], Client], budi: User, sari: Client, event: Event
    ) -> None:
        ready_photo(event, visibility=Photo.Visibility.CLIENT)
        photo_ids(log_in(budi))

        assert photo_ids(sari) == []

    def test_photos_follow_the_photographer_then_the_time_taken(
        self, sari: Client, event: Event
    ) -> None:
        now = timezone.now()
        late = ready_photo(event, sort_at=now)
        early = ready_photo(event, sort_at=now - timedelta(hours=1))
        last = ready_photo(event, sort_at=now - timedelta(hours=2), display_order=1)

        assert photo_ids(sari) == [str(p.pk) for p in (early, late, last)]

    def test_sixty_to_a_page_and_the_rest_behind_the_next_link(
        self, sari: Client, event: Event
    ) -> None:
        photos = [str(ready_photo(event).pk) for _ in range(63)]
        page = sari.get(GALLERY).content.decode()
        following = re.search(r'href="([^"]*\?cursor=[^"]+)"[^>]*rel="next"', page) or re.search(
            r'rel="next"[^>]*href="([^"]*\?cursor=[^"]+)"', page
        )

        assert photo_ids(sari) == photos[:60]
        assert following is not None
        address = following.group(1)
        assert (
            photo_ids(sari, address if address.startswith("/") else GALLERY + address)
            == (photos[60:])
        )

    def test_equal_times_are_neither_lost_nor_repeated(self, sari: Client, event: Event) -> None:
        now = timezone.now()
        photos = {str(ready_photo(event, sort_at=now).pk) for _ in range(61)}
        page = sari.get(GALLERY).content.decode()
        cursor = re.findall(r"cursor=([A-Za-z0-9_-]+)", page)[0]

        seen = photo_ids(sari) + photo_ids(sari, f"{GALLERY}?cursor={cursor}")

        assert len(seen) == 61
        assert set(seen) == photos

    @pytest.mark.parametrize("cursor", ["x", "AAAA", "bnVsbA", "%00", "[]", "Ww" * 300])
    def test_a_bad_cursor_is_a_bad_request(self, sari: Client, cursor: str) -> None:
        assert sari.get(f"{GALLERY}?cursor={cursor}").status_code == 400

    def test_a_chapter_shows_its_own_photos(self, sari: Client, event: Event) -> None:
        akad = ChapterFactory.create(event=event, slug="akad")
        inside = ready_photo(event, chapter=akad)
        ready_photo(event)

        assert photo_ids(sari, GALLERY + "?chapter=akad") == [str(inside.pk)]

    def test_a_chapter_of_another_event_is_not_found(self, sari: Client, event: Event) -> None:
        ChapterFactory.create(slug="foreign")

        assert sari.get(GALLERY + "?chapter=foreign").status_code == 404

    @pytest.mark.parametrize(
        "name", ["%00", "akad%00", "akad%20", "a/b", "%F0%9F%92%9B", "%ED%A0%80"]
    )
    def test_what_is_no_name_of_a_chapter_is_not_found(
        self, sari: Client, event: Event, name: str
    ) -> None:
        ChapterFactory.create(event=event, slug="akad")

        assert sari.get(f"{GALLERY}?chapter={name}").status_code == 404

    def test_every_picture_has_its_size_and_the_first_are_not_lazy(
        self, sari: Client, event: Event
    ) -> None:
        for _ in range(6):
            ready_photo(event)

        pictures = re.findall(r'<img class="grid__photo"[^>]*>', sari.get(GALLERY).content.decode())

        assert all("width=" in p and "height=" in p and "alt=" in p for p in pictures)
        assert ['loading="lazy"' in p for p in pictures] == [False] * 2 + [True] * 4

    def test_without_a_cover_more_photos_stand_on_the_first_screen(
        self, sari: Client, event: Event
    ) -> None:
        akad = ChapterFactory.create(event=event, slug="akad")
        for _ in range(6):
            ready_photo(event, chapter=akad)

        page = sari.get(GALLERY + "?chapter=akad").content.decode()

        pictures = re.findall(r'<img class="grid__photo"[^>]*>', page)
        assert ['loading="lazy"' in p for p in pictures] == [False] * 4 + [True] * 2

    def test_no_original_and_no_code_stand_in_the_page(self, sari: Client, event: Event) -> None:
        photo = ready_photo(event)

        page = sari.get(GALLERY).content.decode()

        assert "original.jpg" not in page
        assert photo.checksum not in page
        assert "KEBAYA77" not in page

    def test_a_caption_cannot_break_out(self, sari: Client, event: Event) -> None:
        ready_photo(event, caption='"><script>alert(1)</script>')

        assert "<script>alert" not in sari.get(GALLERY).content.decode()

    def test_an_event_without_photos_says_that_they_are_coming(
        self, sari: Client, event: Event
    ) -> None:
        response = sari.get(GALLERY, headers={"accept-language": "en"})

        assert response.status_code == 200
        assert photo_ids(sari) == []
        assert "coming" in response.content.decode()

    def test_each_reader_has_a_token_of_their_own(
        self, enter: Callable[[Event], Client], event: Event
    ) -> None:
        ready_photo(event)
        guests = [enter(event), enter(event)]

        pages = [guest.get(GALLERY).content.decode() for guest in guests]

        found = [re.findall(r'name="csrfmiddlewaretoken" value="(\w{64})"', page) for page in pages]
        assert found[0]
        assert found[0][0] != found[1][0]

    def test_browsers_keep_it_privately_and_ask_again(self, sari: Client) -> None:
        response = sari.get(GALLERY)

        assert response["Cache-Control"] == "private, no-cache"
        assert {"Cookie", "Accept-Language"} <= {v.strip() for v in response["Vary"].split(",")}

    def test_hiding_a_photo_shows_on_the_next_page(self, sari: Client, event: Event) -> None:
        photo = ready_photo(event)
        assert photo_ids(sari) == [str(photo.pk)]

        services.set_visibility(photos=Photo.objects.all(), visibility=Photo.Visibility.CLIENT)

        assert photo_ids(sari) == []

    @pytest.mark.parametrize("language", ["id", "en"])
    def test_the_page_speaks_both_languages(
        self, sari: Client, event: Event, language: str
    ) -> None:
        ready_photo(event)

        page = sari.get(GALLERY, headers={"accept-language": language}).content.decode()

        assert f'<html lang="{language}"' in page


class PhotoListCostTests:
    @pytest.mark.parametrize("count", [1, 3])
    def test_a_cold_page_costs_the_same_for_one_and_three(
        self,
        sari: Client,
        event: Event,
        count: int,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for _ in range(count):
            ready_photo(event)
        sari.get(GALLERY)
        services.set_cover(photo=Photo.objects.all()[0])

        with django_assert_num_queries(5):  # event, numbers and cover, photos, likes, page view
            sari.get(GALLERY)

    def test_a_warm_page_costs_the_event_the_likes_and_the_view(
        self, sari: Client, event: Event, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        ready_photo(event)
        sari.get(GALLERY)

        with django_assert_num_queries(3):  # event, likes, page view (written at once in the suite)
            sari.get(GALLERY)

    def test_the_first_page_makes_the_guest_s_row_and_the_second_counts(
        self, sari: Client, event: Event
    ) -> None:
        sari.get(GALLERY)
        sari.get(GALLERY)

        guest = GuestSession.objects.get()
        assert (guest.event, guest.page_views) == (event, 2)
        assert guest.entered_by == GuestSession.EnteredBy.QR
        assert re.fullmatch(r"[0-9a-f]{64}", guest.session_id)

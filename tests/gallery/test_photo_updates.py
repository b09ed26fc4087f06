"""What is new in a gallery: who may ask, what is answered, and how little it costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from events.models import Event, GuestSession
from events.services import rotate_code
from gallery import live_views, services
from gallery.models import Photo
from hafiportrait.accounts.models import User
from tests.factories import EventFactory, PhotoFactory, ready_photo

pytestmark = pytest.mark.django_db

NEW = "/e/budi-ani/new/"


def news(client: Client, after: int | str = 0) -> dict[str, Any]:
    response = client.get(NEW, {"after": after})
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


def status_of_known(client: Client, after: int, etag: str) -> int:
    return client.get(NEW, {"after": after}, headers={"if-none-match": etag}).status_code


class PhotoUpdatesDoorTests:
    def test_a_stranger_s_script_gets_403(self, dimas: Client, event: Event) -> None:
        response = dimas.get(NEW, headers={"accept": "application/json"})

        assert response.status_code == 403
        assert response.json()["error"]["code"] == "not_admitted"

    def test_a_guest_of_another_event_gets_403(
        self, enter: Callable[[Event], Client], event: Event
    ) -> None:
        guest = enter(EventFactory.create())

        assert guest.get(NEW, headers={"accept": "application/json"}).status_code == 403

    def test_an_unknown_event_is_not_found(self, sari: Client) -> None:
        assert sari.get("/e/nobody/new/").status_code == 404

    def test_an_expired_event_is_gone_even_for_whoever_knows_the_answer(
        self, sari: Client, event: Event
    ) -> None:
        etag = sari.get(NEW)["ETag"]
        Event.objects.update(storage_expires_at=timezone.now() - timedelta(seconds=1))

        assert status_of_known(sari, 0, etag) == 410

    def test_posting_is_refused(self, sari: Client) -> None:
        assert sari.post(NEW).status_code == 405

    @pytest.mark.parametrize("after", ["", "-1", "1.5", "junk", "１２", "0x1", "\x00", "1 "])
    def test_what_is_no_number_is_refused(self, sari: Client, after: str) -> None:
        response = sari.get(NEW, {"after": after})

        assert response.status_code == 400
        assert response.json()["error"]["code"] == "bad_after"

    @pytest.mark.parametrize("after", [2**31, 2**63, 10**30, "9" * 4000])
    def test_a_huge_number_is_after_everything(
        self, sari: Client, event: Event, after: int | str
    ) -> None:
        ready_photo(event)

        assert news(sari, after) == {"count": 0, "latest": 1, "photos": []}


class PhotoUpdatesTests:
    def test_later_photos_are_named_the_newest_first(self, sari: Client, event: Event) -> None:
        _, second, third = [ready_photo(event) for _ in range(3)]

        assert news(sari, 1) == {"count": 2, "latest": 3, "photos": [str(third.pk), str(second.pk)]}

    def test_without_a_number_all_are_new(self, sari: Client, event: Event) -> None:
        photo = ready_photo(event)

        assert sari.get(NEW).json() == {"count": 1, "latest": 1, "photos": [str(photo.pk)]}

    def test_guests_hear_only_of_what_they_may_see(self, sari: Client, event: Event) -> None:
        shown = ready_photo(event)
        ready_photo(event, visibility=Photo.Visibility.CLIENT)
        ready_photo(event, deleted_at=timezone.now())
        PhotoFactory.create(event=event)
        ready_photo(EventFactory.create())

        assert news(sari) == {"count": 1, "latest": 3, "photos": [str(shown.pk)]}

    def test_the_couple_hears_of_its_own_photos_too(
        self, log_in: Callable[[User], Client], budi: User, event: Event
    ) -> None:
        own = ready_photo(event, visibility=Photo.Visibility.CLIENT)

        assert news(log_in(budi))["photos"] == [str(own.pk)]

    def test_a_hundred_are_named_and_all_are_counted(
        self, sari: Client, event: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live_views, "NEW_PHOTOS_LIMIT", 2)
        _, second, third = [ready_photo(event) for _ in range(3)]

        answer = news(sari)

        assert answer["count"] == 3
        assert answer["photos"] == [str(third.pk), str(second.pk)]

    def test_whoever_saw_a_number_has_seen_every_lower_one(
        self, sari: Client, event: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A photo that is published between both reads is left to the next answer."""
        ready_photo(event)
        between: list[Photo] = []
        updates = live_views._updates

        def publish_before(*args: Any) -> dict[str, object]:
            between.append(ready_photo(Event.objects.get(pk=event.pk)))
            return updates(*args)

        monkeypatch.setattr(live_views, "_updates", publish_before)
        first = news(sari)
        monkeypatch.undo()
        second = news(sari, first["latest"])

        assert (first["latest"], first["count"]) == (1, 1)
        assert second["photos"] == [str(between[0].pk)]

    def test_asking_is_no_page_view(self, sari: Client, event: Event) -> None:
        sari.get("/e/budi-ani/")

        news(sari)

        assert GuestSession.objects.get().page_views == 1


class KnownUpdatesTests:
    def test_whoever_knows_the_answer_is_told_so_at_the_price_of_the_door(
        self, sari: Client, event: Event, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        ready_photo(event)
        etag = sari.get(NEW, {"after": 1})["ETag"]

        with django_assert_num_queries(1):  # event
            response = sari.get(NEW, {"after": 1}, headers={"if-none-match": etag})

        assert (response.status_code, response.content) == (304, b"")
        assert response["ETag"] == etag

    @pytest.mark.parametrize(("photos", "queries"), [(1, 2), (3, 2), (101, 3)])
    def test_an_answer_costs_the_door_the_ids_and_for_many_their_count(
        self,
        sari: Client,
        event: Event,
        photos: int,
        queries: int,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for _ in range(photos):
            ready_photo(event)

        with django_assert_num_queries(queries):
            answer = news(sari)

        assert (answer["count"], len(answer["photos"])) == (photos, min(photos, 100))

    def test_a_new_photo_makes_it_old(self, sari: Client, event: Event) -> None:
        etag = sari.get(NEW, {"after": 0})["ETag"]
        ready_photo(event)

        assert status_of_known(sari, 0, etag) == 200

    def test_a_hidden_photo_makes_it_old(self, sari: Client, event: Event) -> None:
        ready_photo(event)
        etag = sari.get(NEW, {"after": 0})["ETag"]
        services.set_visibility(photos=Photo.objects.all(), visibility=Photo.Visibility.CLIENT)

        assert status_of_known(sari, 0, etag) == 200

    def test_a_new_code_makes_it_old_for_the_couple_and_ends_it_for_guests(
        self, sari: Client, log_in: Callable[[User], Client], budi: User, event: Event
    ) -> None:
        couple = log_in(budi)
        etag, theirs = sari.get(NEW)["ETag"], couple.get(NEW)["ETag"]
        rotate_code(event=event)

        assert status_of_known(couple, 0, theirs) == 200
        assert sari.get(NEW, headers={"accept": "application/json"}).status_code == 403
        assert etag != theirs

    def test_it_is_known_for_one_number_only(self, sari: Client, event: Event) -> None:
        ready_photo(event)
        etag = sari.get(NEW, {"after": 0})["ETag"]

        assert status_of_known(sari, 1, etag) == 200

    @pytest.mark.parametrize("is_known", [False, True])
    def test_browsers_keep_it_for_themselves_and_ask_each_time(
        self, sari: Client, event: Event, is_known: bool
    ) -> None:
        headers = {"if-none-match": sari.get(NEW)["ETag"]} if is_known else {}

        response = sari.get(NEW, headers=headers)

        assert response.status_code == (304 if is_known else 200)
        assert response["Cache-Control"] == "private, no-cache"
        assert {name.strip() for name in response["Vary"].split(",")} >= {"Cookie"}

"""Filters of the gallery: one's own likes, the most liked, what is new, chapters and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from engagement.models import PhotoLike
from events.admission import Actor, Audience, Visit
from events.models import Event, GuestSession
from gallery.listing import Query, chapter_at
from gallery.models import Photo
from hafiportrait.accounts.models import User
from tests.factories import ChapterFactory, ready_photo

pytestmark = pytest.mark.django_db

GALLERY = "/e/budi-ani/"


def photo_ids(client: Client, query: str = "") -> list[str]:
    page = client.get(GALLERY + query)
    assert page.status_code == 200
    return re.findall(r'data-photo-id="([0-9a-f-]{36})"', page.content.decode())


def hearts(client: Client, query: str = "") -> list[tuple[str, str, str]]:
    """Return (pressed, count, shown count) of every tile."""
    page = client.get(GALLERY + query).content.decode()
    return re.findall(
        r'aria-pressed="(\w+)" data-like-count="(\d+)">.*?data-count>(\d+)<', page, re.S
    )


def like(client: Client, photo: Photo) -> None:
    """Have the guest of this browser like a photo, rows only."""
    client.get(GALLERY)
    session = GuestSession.objects.latest("first_seen_at")
    PhotoLike.objects.create(photo=photo, session=session)
    photo.like_count += 1
    photo.save(update_fields=["like_count"])


class LikedTests:
    def test_a_guest_sees_the_own_likes_only(
        self, sari: Client, event: Event, enter: Callable[[Event], Client]
    ) -> None:
        mine, other, _ = (ready_photo(event) for _ in range(3))
        like(sari, mine)
        like(enter(event), other)

        assert photo_ids(sari, "?show=liked") == [str(mine.pk)]

    def test_a_liked_photo_that_was_hidden_is_not_listed(self, sari: Client, event: Event) -> None:
        like(sari, ready_photo(event, visibility=Photo.Visibility.CLIENT))

        assert photo_ids(sari, "?show=liked") == []

    def test_what_one_guest_sees_is_not_kept_for_another(
        self, sari: Client, event: Event, enter: Callable[[Event], Client]
    ) -> None:
        like(sari, ready_photo(event))
        photo_ids(sari, "?show=liked")

        assert photo_ids(enter(event), "?show=liked") == []


class PopularTests:
    def test_the_most_liked_come_first_and_those_without_likes_not(
        self, sari: Client, event: Event
    ) -> None:
        some, _, most = (ready_photo(event, like_count=count) for count in (2, 0, 7))

        assert photo_ids(sari, "?show=popular") == [str(most.pk), str(some.pk)]

    def test_a_new_like_shows_at_once(self, sari: Client, event: Event) -> None:
        first, second = (ready_photo(event, like_count=count) for count in (2, 1))
        photo_ids(sari, "?show=popular")

        Photo.objects.filter(pk=second.pk).update(like_count=3)

        assert photo_ids(sari, "?show=popular") == [str(second.pk), str(first.pk)]

    def test_pages_follow_each_other_without_gap(self, sari: Client, event: Event) -> None:
        photos = [ready_photo(event, like_count=1 + n // 40) for n in range(70)]

        first = sari.get(GALLERY + "?show=popular").content.decode()
        following = re.search(r'href="/e/budi-ani/(\?show=popular&amp;cursor=[^"]+)"', first)
        assert following is not None
        pages = photo_ids(sari, "?show=popular") + photo_ids(
            sari, following[1].replace("&amp;", "&")
        )

        assert pages == [str(photo.pk) for photo in reversed(photos)]

    def test_a_chapter_has_its_own_most_liked(self, sari: Client, event: Event) -> None:
        akad = ChapterFactory.create(event=event, slug="akad")
        inside = ready_photo(event, like_count=1, chapter=akad)
        ready_photo(event, like_count=2)

        assert photo_ids(sari, "?show=popular&chapter=akad") == [str(inside.pk)]


class NewTests:
    def test_photos_after_a_number_are_listed_in_the_gallery_s_order(
        self, sari: Client, event: Event
    ) -> None:
        _, second, third = (ready_photo(event) for _ in range(3))

        assert photo_ids(sari, "?show=new&after=1") == [str(second.pk), str(third.pk)]

    @pytest.mark.parametrize("after", ["", "x", "-1", "1" * 30, "٣", "%00"])
    def test_a_number_that_is_none_is_the_beginning(
        self, sari: Client, event: Event, after: str
    ) -> None:
        photo = ready_photo(event)

        assert photo_ids(sari, f"?show=new&after={after}") == [str(photo.pk)]


class HeartTests:
    def test_each_tile_says_how_many_like_it_and_whether_this_guest_does(
        self, sari: Client, event: Event, enter: Callable[[Event], Client]
    ) -> None:
        liked, others, _ = (ready_photo(event) for _ in range(3))
        like(sari, liked)
        like(enter(event), others)

        assert hearts(sari) == [("true", "1", "1"), ("false", "1", "1"), ("false", "0", "0")]

    def test_a_like_shows_in_a_page_that_is_kept(self, sari: Client, event: Event) -> None:
        photo = ready_photo(event)
        assert hearts(sari) == [("false", "0", "0")]

        like(sari, photo)

        assert hearts(sari) == [("true", "1", "1")]


class NumberTests:
    def test_chapters_say_how_many_photos_they_have_for_this_reader(
        self, sari: Client, event: Event, log_in: Callable[[User], Client], budi: User
    ) -> None:
        akad = ChapterFactory.create(event=event, slug="akad", title="Akad")
        ChapterFactory.create(event=event, slug="kosong", title="Kosong")
        ready_photo(event, chapter=akad)
        ready_photo(event, chapter=akad, visibility=Photo.Visibility.CLIENT)
        ready_photo(event)

        def said(client: Client) -> list[tuple[str, int]]:
            client.get(GALLERY)
            response = client.get(GALLERY)
            page = " ".join(response.content.decode().split())
            return [
                (slug, int(count))
                for slug, count in re.findall(
                    r'href="/e/budi-ani/(?:\?chapter=(?:\w+))?"[^>]*>\s*(\w+).*?(\d+)', page
                )
            ]

        assert ("Akad", 1) in said(sari)
        assert ("Akad", 2) in said(log_in(budi))
        assert "Kosong" not in sari.get(GALLERY).content.decode()

    def test_a_chapter_without_photos_is_a_page_all_the_same(
        self, sari: Client, event: Event
    ) -> None:
        ChapterFactory.create(event=event, slug="kosong")

        assert photo_ids(sari, "?chapter=kosong") == []

    @pytest.mark.parametrize("name", ["", "\x00", "akad\x00", "akad ", "akad\n", "ákad", "a/b"])
    def test_what_is_no_name_is_no_chapter_and_costs_no_query(
        self, event: Event, django_assert_num_queries: DjangoAssertNumQueries, name: str
    ) -> None:
        ChapterFactory.create(event=event, slug="akad")
        guest = Visit(event, Actor(Audience.GUEST, "s", "CODE"))

        with django_assert_num_queries(0):
            assert chapter_at(guest, name) is None

    def test_a_chapter_is_found_by_its_name_in_its_event(self, event: Event) -> None:
        akad = ChapterFactory.create(event=event, slug="akad_1-pagi")
        ChapterFactory.create(slug="foreign")
        guest = Visit(event, Actor(Audience.GUEST, "s", "CODE"))

        found = [chapter_at(guest, name) for name in ("akad_1-pagi", "foreign", "nobody")]

        assert found == [akad, None, None]


class QueryTests:
    @given(st.text(), st.text(), st.text())
    def test_whatever_is_asked_is_read(self, chapter: str, show: str, after: str) -> None:
        asked = QueryDict(mutable=True)
        asked.update({"chapter": chapter, "show": show, "after": after})

        query = Query.read(asked)

        assert query.show in ("", "liked", "popular", "new")
        assert 0 <= query.after < 10**18
        assert len(query.chapter) <= 80

    def test_an_address_says_only_what_differs(self) -> None:
        assert Query().text == ""
        assert Query(chapter="akad", show="new", after=3).text == "?chapter=akad&show=new&after=3"
        assert Query(show="liked", cursor="abc").at("").text == "?show=liked"


class CoverTests:
    def cover(self, client: Client) -> str:
        """Return the id of the photo behind the title, as hexadecimal digits."""
        page = client.get(GALLERY).content.decode()
        found = re.search(
            r'class="cover__picture"[^>]*?src="/media/[^/]+/\w+/(\w{32})/', page, re.S
        )
        return found[1] if found else ""

    def test_the_chosen_photo_is_the_cover(self, sari: Client, event: Event) -> None:
        ready_photo(event)
        chosen = ready_photo(event, is_cover=True)

        assert self.cover(sari) == chosen.pk.hex

    def test_without_a_choice_it_is_the_first_that_lies_on_its_long_side(
        self, sari: Client, event: Event
    ) -> None:
        ready_photo(event, width=4000, height=6000)
        lying = ready_photo(event)
        ready_photo(event)

        assert self.cover(sari) == lying.pk.hex

    @pytest.mark.parametrize(
        "withheld",
        [{"visibility": Photo.Visibility.CLIENT}, {"status": Photo.Status.PENDING}],
    )
    def test_a_cover_that_guests_may_not_see_is_not_shown_to_them(
        self, sari: Client, event: Event, withheld: dict[str, str]
    ) -> None:
        shown = ready_photo(event)
        Photo.objects.filter(pk=ready_photo(event, is_cover=True).pk).update(**withheld)

        assert self.cover(sari) == shown.pk.hex

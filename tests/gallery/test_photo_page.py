"""What a photo's page knows of its list: neighbours, and the way back."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from engagement.models import PhotoLike
from events.admission import Actor, Audience, Visit
from events.models import Event, GuestSession
from gallery.fragments import PAGE_PHOTOS
from gallery.listing import Query
from gallery.models import Photo
from gallery.photo_page import photo_context
from tests.factories import ChapterFactory, GuestSessionFactory, ready_photo

pytestmark = pytest.mark.django_db


def visit_of_sari(event: Event) -> Visit:
    actor = Actor(Audience.GUEST, "0" * 64, GuestSession.EnteredBy.QR.value)
    return Visit(event, actor)


class WayBackTests:
    def test_a_photo_of_the_first_page_leads_to_the_gallery(self, event: Event) -> None:
        photo = ready_photo(event)

        context = photo_context(visit_of_sari(event), photo)

        assert context["back_url"] == f"/e/budi-ani/#photo-{photo.pk}"

    def test_a_later_photo_leads_to_its_page_as_the_link_there_does(
        self, event: Event, sari: Client
    ) -> None:
        photos = [ready_photo(event) for _ in range(PAGE_PHOTOS + 2)]
        page = sari.get("/e/budi-ani/").content.decode()
        link = re.search(r'rel="next"\s+href="([^"]+)"', page)
        assert link is not None

        backs = [photo_context(visit_of_sari(event), p)["back_url"] for p in photos[-3:]]

        assert backs == [
            f"/e/budi-ani/#photo-{photos[-3].pk}",
            f"{link[1]}#photo-{photos[-2].pk}",
            f"{link[1]}#photo-{photos[-1].pk}",
        ]


class NeighbourTests:
    def around(self, event: Event, photo: Photo, query: Query) -> list[Photo | None]:
        context = photo_context(visit_of_sari(event), photo, query)
        return [context["previous"], context["following"]]  # type: ignore[list-item]

    def test_a_chapter_s_photos_follow_each_other(self, event: Event) -> None:
        akad = ChapterFactory.create(event=event, slug="akad")
        first, _, second = (ready_photo(event, chapter=chapter) for chapter in (akad, None, akad))

        assert self.around(event, first, Query(chapter="akad")) == [None, second]
        assert self.around(event, second, Query(chapter="akad")) == [first, None]

    def test_the_most_liked_lead_to_the_less_liked(self, event: Event) -> None:
        some, _, most = (ready_photo(event, like_count=count) for count in (2, 0, 5))

        assert self.around(event, most, Query(show="popular")) == [None, some]
        assert self.around(event, some, Query(show="popular")) == [most, None]

    def test_one_s_own_lead_to_one_s_own(self, event: Event) -> None:
        mine, _, mine_too = (ready_photo(event) for _ in range(3))
        session = GuestSessionFactory.create(event=event, session_id="0" * 64)
        for photo in (mine, mine_too):
            PhotoLike.objects.create(photo=photo, session=session)

        assert self.around(event, mine, Query(show="liked")) == [None, mine_too]

    def test_links_go_on_within_the_list(self, event: Event) -> None:
        akad = ChapterFactory.create(event=event, slug="akad")
        photo = ready_photo(event, chapter=akad)

        context = photo_context(visit_of_sari(event), photo, Query(chapter="akad"))

        assert context["query_string"] == "?chapter=akad"
        assert context["back_url"] == f"/e/budi-ani/?chapter=akad#photo-{photo.pk}"

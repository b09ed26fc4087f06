"""The shared pieces of a page: shapes, boxes, and the page on which a photo stands."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils.translation import override

from events.admission import Actor, Audience, Visit
from events.models import Event, GuestSession
from gallery.fragments import PAGE_PHOTOS, photo_context, ratio_class, tiles
from gallery.links import LinkMaker
from gallery.models import Photo
from scripts import ratio_classes
from tests.factories import ready_photo

pytestmark = pytest.mark.django_db


def visit_of_sari(event: Event) -> Visit:
    actor = Actor(Audience.GUEST, "0" * 64, GuestSession.EnteredBy.QR.value)
    return Visit(event, actor)


def drawn(event: Event, photos: list[Photo], *, may_choose: bool = True) -> str:
    links = LinkMaker(event, Audience.GUEST)
    return str(tiles(photos, links, is_first_page=True, may_choose=may_choose))


class RatioClassTests:
    def test_the_stylesheet_is_the_one_that_the_script_writes(self) -> None:
        written = ratio_classes.STYLESHEET.read_text(encoding="utf-8")

        assert written == ratio_classes.stylesheet()

    @pytest.mark.parametrize("size", [(6000, 4000), (4000, 6000), (1, 1), (1920, 1080), (3, 1)])
    def test_a_class_is_within_half_a_percent_of_the_photo(self, size: tuple[int, int]) -> None:
        ratio = size[0] / size[1]
        rule = rf"\.r{ratio_class(ratio)}\{{--r:([\d.]+)\}}"

        found = re.search(rule, ratio_classes.stylesheet())

        assert found is not None
        assert abs(float(found[1]) / ratio - 1) < 0.0051

    @pytest.mark.parametrize(("ratio", "expected"), [(50, "130"), (0.02, "n130")])
    def test_what_is_longer_takes_the_last_class(self, ratio: float, expected: str) -> None:
        assert ratio_class(ratio) == expected


class TileTests:
    def test_a_box_names_its_photo_and_belongs_to_the_form(self, event: Event) -> None:
        photo = ready_photo(event, caption="Ani & her “mother”")

        with override("en"):
            box = re.findall(r"<input[^>]*>", drawn(event, [photo]))

        assert box == [
            f'<input type="checkbox" name="photos" value="{photo.pk}" form="act" '
            'aria-label="Choose Ani &amp; her “mother”">'
        ]

    def test_where_nothing_may_be_taken_there_is_no_box(self, event: Event) -> None:
        photo = ready_photo(event)

        assert "<input" not in drawn(event, [photo], may_choose=False)

    def test_markup_in_a_caption_stays_text(self, event: Event) -> None:
        photo = ready_photo(event, caption='"><script>alert(1)</script>')

        assert "<script" not in drawn(event, [photo])

    def test_four_photos_are_loaded_at_once_and_the_rest_when_they_come_near(
        self, event: Event
    ) -> None:
        photos = [ready_photo(event) for _ in range(6)]

        page = drawn(event, photos)

        assert page.count('loading="lazy"') == 2
        assert page.count('fetchpriority="high"') == 2


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

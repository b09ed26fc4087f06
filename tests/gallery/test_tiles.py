"""The tiles of a grid: shapes, boxes, likes and what is loaded when."""

from __future__ import annotations

import re

import pytest
from django.utils.translation import override

from events.admission import Audience
from events.models import Event
from gallery.links import LinkMaker
from gallery.models import Photo
from gallery.tiles import (
    AT_THE_TOP,
    Manner,
    TileRow,
    draw_tiles,
    manner,
    ratio_class,
    tile_row,
)
from scripts import ratio_classes
from tests.factories import ready_photo

pytestmark = pytest.mark.django_db


LIKES = {"liked": b"true", "like_count": b"3"}


def drawn(event: Event, photos: list[Photo], *, may_choose: bool = True, query: str = "") -> str:
    links = LinkMaker(event, Audience.GUEST)
    how = manner(links, query=query, may_choose=may_choose)
    return filled(photos, links, how)


def filled(photos: list[Photo], links: LinkMaker, how: Manner) -> str:
    """Return the tiles with the same likes for every photo."""
    rows = [TileRow._make(tile_row(photo)) for photo in photos]
    page = b""
    for tile in draw_tiles(rows, links, how, haste=AT_THE_TOP):
        parts = tile.parts.copy()
        parts[1::2] = [LIKES[hole] for hole in tile.holes]
        page += b"".join(parts)
    return page.decode()


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

    def test_only_a_caption_is_marked_as_one(self, event: Event) -> None:
        captioned, plain = ready_photo(event, caption="Ijab kabul"), ready_photo(event)

        page = drawn(event, [captioned, plain])

        assert re.findall(r"<a [^>]*photos/([^/]+)/[^>]*data-captioned", page) == [
            str(captioned.pk)
        ]

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

    def test_the_first_screens_are_blurred_and_the_rest_by_a_script(self, event: Event) -> None:
        photos = [ready_photo(event, placeholder=f"data:,{number}") for number in range(18)]

        page = drawn(event, photos)

        blurred = re.findall(r'<img class="grid__placeholder" src="([^"]+)" alt="">', page)
        awaited = re.findall(r'data-placeholder="([^"]+)"', page)
        assert blurred == [f"data:,{number}" for number in range(16)]
        assert awaited == ["data:,16", "data:,17"]

    def test_a_heart_is_a_button_that_says_whether_it_is_pressed(self, event: Event) -> None:
        photo = ready_photo(event, caption="Ani & her “mother”")

        with override("en"):
            button = re.findall(r"<button.*?</button>", drawn(event, [photo]))

        assert button == [
            '<button type="submit" class="like" form="act" '
            f'formaction="/e/budi-ani/photos/{photo.pk}/like/" data-like aria-pressed="true" '
            'data-like-count="3"><span class="visually-hidden">Like: Ani &amp; her “mother”</span>'
            '<span class="like__count" data-count>3</span></button>'
        ]

    def test_a_tile_leads_to_its_photo_within_the_list_of_its_page(self, event: Event) -> None:
        photo = ready_photo(event)

        link = re.findall(
            r'<a [^>]*href="([^"]+)"', drawn(event, [photo], query="?chapter=a&show=b")
        )

        assert link == [f"/e/budi-ani/photos/{photo.pk}/?chapter=a&amp;show=b"]

    def test_comments_are_counted_where_there_are_any(self, event: Event) -> None:
        talked_about, quiet = ready_photo(event, comment_count=3), ready_photo(event)

        with override("en"):
            page = drawn(event, [talked_about, quiet])

        assert re.findall(r'hidden">([^<]*comments?)<', page) == ["3 comments"]

    def test_a_tile_says_what_its_files_weigh(self, event: Event) -> None:
        photo = ready_photo(event)

        assert 'data-bytes="1000 500"' in drawn(event, [photo])

    def test_a_tile_of_web_sizes_only_says_nothing_of_originals(self, event: Event) -> None:
        links = LinkMaker(event, Audience.GUEST)
        how = manner(links, may_choose=True, has_original=False)

        assert 'data-bytes="500"' in filled([ready_photo(event)], links, how)

    def test_every_value_of_the_template_is_filled(self, event: Event) -> None:
        assert "\x02" not in drawn(event, [ready_photo(event, comment_count=1)])

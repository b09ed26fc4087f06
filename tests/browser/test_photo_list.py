"""The grid in a real browser: order, layout, endless pages, the cover, the bar and the filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import (
    fill_all,
    layout_shift,
    named,
    screens,
    scroll_through,
    shown_names,
    tiles,
    violations,
    watch_layout,
)
from tests.browser.seed import AKAD_PHOTOS, LOOK_ONLY_PHOTOS, PHOTOS, WEDDING_CODE

pytestmark = pytest.mark.browser

GALLERY = "/e/budi-ani/"
PAGE_PHOTOS = 60
WIDTHS = (320, 390, 768, 1024, 1440, 2560)
SCREENS = ((360, 740), (390, 844), (768, 1024), (1440, 900))
ROWS = """all => {
  const rows = new Map();
  for (const item of all) {
    const box = item.getBoundingClientRect();
    const top = Math.round(box.top);
    rows.set(top, [...(rows.get(top) ?? []), box.height]);
  }
  return [...rows.values()];
}"""
# By how much the shape of each photo on the screen differs from its file's.
DISTORTIONS = """all => Object.fromEntries(all
  .filter((image) => {
    const box = image.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  })
  .map((image) => [image.alt, Math.abs(Math.log(
    (image.naturalWidth / image.naturalHeight) / (image.clientWidth / image.clientHeight)))]))"""
ALL_BLURRED = """() => [...document.querySelectorAll("[data-photo-id]")]
  .filter((tile) => {
    const box = tile.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  })
  .every((tile) => tile.querySelector(".grid__placeholder")?.naturalWidth > 0)"""
PRESENT_IS_IN_SIGHT = """() => {
    const row = document.querySelector(".bar [data-scroll-to-current]");
    const present = row.querySelector("[aria-current]").getBoundingClientRect();
    const tools = document.querySelector(".bar__tools").getBoundingClientRect();
    return present.left >= 0 && present.right <= tools.left;
}"""
TOO_SMALL = """all => all
  .filter((each) => each.checkVisibility({ contentVisibilityAuto: true }))
  .filter((each) => !each.matches(".skip-link"))
  .map((each) => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
  .filter(([, box]) => box.width < 44 || box.height < 44)
  .map(([html]) => html)"""


class LayoutTests:
    def test_the_photos_stand_in_the_order_in_which_they_were_taken(self, guest: Page) -> None:
        fill_all(guest)

        assert shown_names(guest)[:PAGE_PHOTOS] == named(*range(1, PAGE_PHOTOS + 1))

    @pytest.mark.parametrize("screen", SCREENS)
    def test_nothing_moves_while_the_photos_come(self, page: Page, screen: tuple[int, int]) -> None:
        page.set_viewport_size({"width": screen[0], "height": screen[1]})
        watch_layout(page)
        page.goto(f"/q/{WEDDING_CODE}/")

        scroll_through(page)

        expect(tiles(page)).to_have_count(PHOTOS)
        assert layout_shift(page) == 0

    @pytest.mark.parametrize("screen", SCREENS)
    def test_a_row_has_one_height_and_the_screen_is_not_exceeded(
        self, guest: Page, screen: tuple[int, int]
    ) -> None:
        guest.set_viewport_size({"width": screen[0], "height": screen[1]})

        rows: Sequence[Sequence[float]] = tiles(guest).evaluate_all(ROWS)

        assert max(max(row) - min(row) for row in rows) < 0.03
        assert guest.evaluate("document.documentElement.scrollWidth") == screen[0]

    def test_every_photo_is_shown_whole(self, guest: Page) -> None:
        distortions: dict[str, float] = {}
        for _ in screens(guest):
            distortions |= guest.locator(".grid__photo").evaluate_all(DISTORTIONS)

        assert len(distortions) == PHOTOS
        # Half a step of the classes, and whole pixels of the smallest file.
        assert max(distortions.values()) < 0.012

    def test_a_blurred_picture_is_there_before_the_photo(self, guest: Page) -> None:
        for _ in screens(guest):
            guest.wait_for_function(ALL_BLURRED)


class NextPageTests:
    def test_the_next_page_comes_by_itself(self, guest: Page) -> None:
        scroll_through(guest)

        expect(tiles(guest)).to_have_count(PHOTOS)
        expect(guest.locator("[data-status]")).to_have_text("More photos loaded: 5")
        expect(guest.get_by_role("link", name="More photos")).to_be_hidden()
        fill_all(guest)
        assert shown_names(guest) == named(*range(1, PHOTOS + 1))

    # The worker that keeps pages would fetch it past the test.
    @pytest.mark.browser_context_args(service_workers="block")
    def test_where_it_cannot_be_fetched_the_link_stays_and_leads_on(
        self, page: Page, complaints: list[str]
    ) -> None:
        page.route("**/*cursor=*", lambda route: route.abort())
        page.goto(f"/q/{WEDDING_CODE}/")
        with page.expect_event("requestfailed"):
            page.get_by_role("link", name="More photos").scroll_into_view_if_needed()
        page.unroute_all()
        complaints.clear()

        page.get_by_role("link", name="More photos").click()

        expect(page.get_by_role("link", name="To the first photos")).to_be_visible()
        assert shown_names(page) == named(*range(PAGE_PHOTOS + 1, PHOTOS + 1))
        complaints.clear()  # of the worker that is missing

    def test_an_admission_that_has_ended_leaves_the_link(self, page: Page) -> None:
        page.set_viewport_size({"width": 390, "height": 400})
        page.goto(f"/q/{WEDDING_CODE}/")
        page.context.clear_cookies()

        page.get_by_role("link", name="More photos").scroll_into_view_if_needed()
        page.wait_for_load_state("networkidle")
        page.get_by_role("link", name="More photos").click()

        expect(page.get_by_label("Access code")).to_be_visible()


class ChapterTests:
    def test_a_chapter_shows_its_photos_only(self, guest: Page) -> None:
        guest.get_by_role("link", name="Akad").click()

        expect(guest.get_by_role("link", name="Akad")).to_have_attribute("aria-current", "page")
        assert shown_names(guest) == named(*range(1, AKAD_PHOTOS + 1))

    def test_the_language_is_switched_where_one_stands(self, guest: Page) -> None:
        guest.get_by_role("link", name="Akad").click()

        guest.get_by_role("button", name="Bahasa Indonesia").click()

        expect(guest.locator("html")).to_have_attribute("lang", "id")
        expect(guest).to_have_url(f"{GALLERY}?chapter=akad")

    def test_a_chapter_says_how_many_photos_it_has(self, guest: Page) -> None:
        akad = guest.get_by_role("link", name="Akad")

        expect(akad).to_have_text(f"Akad {AKAD_PHOTOS}")
        expect(guest.get_by_role("link", name="All photos")).to_have_text(f"All photos {PHOTOS}")


class CoverTests:
    def test_the_gallery_opens_with_its_cover(self, guest: Page) -> None:
        cover = guest.locator(".cover__picture").last

        expect(guest.get_by_role("heading", level=1)).to_have_text("Pernikahan Budi & Ani")
        box = cover.bounding_box()
        assert box
        assert (box["x"], box["y"], box["width"]) == (0, 0, 390)
        assert cover.get_attribute("fetchpriority") == "high"

    def test_a_chapter_goes_straight_to_its_photos(self, guest: Page) -> None:
        guest.get_by_role("link", name="Akad").click()

        expect(guest.locator(".cover__picture")).to_have_count(0)
        expect(guest.get_by_role("heading", level=1)).to_have_text("Pernikahan Budi & Ani")


class BarTests:
    def test_it_stays_while_the_photos_are_scrolled(self, guest: Page) -> None:
        guest.evaluate("scrollTo({ top: 2000, behavior: 'instant' })")

        expect(guest.get_by_role("link", name="All photos")).to_be_in_viewport()
        assert guest.locator(".bar").bounding_box()["y"] == 0  # type: ignore[index]  # it is shown

    def test_the_present_choice_is_in_sight(self, guest: Page) -> None:
        guest.get_by_role("link", name="Most liked").click()

        present = guest.get_by_role("link", name="Most liked")
        expect(present).to_have_attribute("aria-current", "page")
        guest.wait_for_function(PRESENT_IS_IN_SIGHT)

    def test_the_order_of_the_keyboard_is_that_of_the_eye(self, guest: Page) -> None:
        guest.set_viewport_size({"width": 1440, "height": 900})

        places = guest.locator(".bar a").evaluate_all(
            "all => all.map((link) => link.getBoundingClientRect().left)"
        )

        assert places == sorted(places)
        assert len(places) == 8  # all, two chapters, two filters, guestbook, slideshow, share

    def test_what_is_shared_is_the_gallery_without_its_code(self, guest: Page) -> None:
        share = guest.locator(".bar [data-share]")

        expect(share).to_have_attribute("data-share", GALLERY)
        assert WEDDING_CODE not in guest.content()


class EmptyTests:
    def test_a_gallery_without_photos_says_that_they_are_coming(self, early_guest: Page) -> None:
        expect(early_guest.get_by_role("heading", level=2)).to_have_text("The photos are coming")
        expect(early_guest.get_by_role("link", name="Open the guestbook")).to_be_visible()
        expect(early_guest.get_by_text("Download photos")).to_have_count(0)

    @pytest.mark.parametrize(
        ("show", "words"), [("liked", "No favourites yet"), ("popular", "No hearts yet")]
    )
    def test_a_filter_that_finds_nothing_leads_back_to_all(
        self, guest_who_may_look: Page, show: str, words: str
    ) -> None:
        guest_who_may_look.goto(f"/e/hanya-lihat/?show={show}")

        expect(guest_who_may_look.get_by_role("heading", level=2)).to_have_text(words)
        guest_who_may_look.get_by_role("link", name="Show all photos").click()
        expect(tiles(guest_who_may_look)).to_have_count(LOOK_ONLY_PHOTOS)

    def test_new_photos_are_counted_and_lead_to_all(self, guest_who_may_look: Page) -> None:
        guest_who_may_look.goto("/e/hanya-lihat/?show=new&after=1")

        expect(guest_who_may_look.get_by_role("heading", level=2)).to_contain_text("ew photos")
        expect(guest_who_may_look.get_by_role("link", name="Show all photos")).to_be_visible()


class EveryScreenTests:
    @pytest.mark.parametrize("width", WIDTHS)
    def test_nothing_is_scrolled_sideways_and_all_can_be_hit(self, guest: Page, width: int) -> None:
        guest.set_viewport_size({"width": width, "height": 900})

        assert guest.evaluate("document.documentElement.scrollWidth") == width
        for _ in screens(guest):
            assert guest.locator("a, button, summary, label").evaluate_all(TOO_SMALL) == []

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("show", ["", "?show=liked", "?chapter=akad"])
    def test_axe_finds_nothing(
        self, guest: Page, scheme: Literal["light", "dark"], show: str
    ) -> None:
        guest.emulate_media(color_scheme=scheme)
        guest.goto(GALLERY + show)

        assert violations(guest) == []

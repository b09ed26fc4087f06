"""The grid in a real browser: order, layout, endless pages, chapters and the choice of photos."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import (
    layout_shift,
    named,
    scroll_through,
    shown_names,
    tile,
    tiles,
    watch_layout,
)
from tests.browser.seed import AKAD_PHOTOS, PHOTOS, WEDDING_CODE, photo_name

pytestmark = pytest.mark.browser

GALLERY = "/e/budi-ani/"
PAGE_PHOTOS = 60
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


class LayoutTests:
    def test_the_photos_stand_in_the_order_in_which_they_were_taken(self, guest: Page) -> None:
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
        scroll_through(guest)

        worst = guest.locator(".grid__photo").evaluate_all(
            """all => Math.max(...all.map(image => Math.abs(
              Math.log(image.naturalWidth / image.naturalHeight)
              - Math.log(image.clientWidth / image.clientHeight))))"""
        )

        assert worst < 0.012  # half a step of the classes, and whole pixels of the smallest file


class NextPageTests:
    def test_the_next_page_comes_by_itself(self, guest: Page) -> None:
        scroll_through(guest)

        expect(tiles(guest)).to_have_count(PHOTOS)
        expect(guest.get_by_role("status")).to_have_text("More photos loaded: 5")
        expect(guest.get_by_role("link", name="More photos")).to_be_hidden()
        assert shown_names(guest) == named(*range(1, PHOTOS + 1))

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

    def test_a_gallery_without_photos_says_that_they_are_coming(self, early_guest: Page) -> None:
        expect(early_guest.get_by_role("heading", level=2)).to_have_text("The photos are coming")
        expect(early_guest.get_by_text("Download photos")).to_have_count(0)


class ChoosingTests:
    def test_boxes_are_there_once_the_panel_is_open(self, guest: Page) -> None:
        box = guest.get_by_role("checkbox", name=f"Choose Photo {photo_name(1)}")
        expect(box).to_be_hidden()

        guest.get_by_text("Download photos").click()

        expect(box).to_be_visible()
        expect(guest.get_by_role("button", name="Chosen photos")).to_be_disabled()

    def test_after_the_first_tick_a_tap_on_a_photo_ticks_it_too(self, guest: Page) -> None:
        guest.get_by_text("Download photos").click()
        guest.get_by_role("checkbox", name=f"Choose Photo {photo_name(1)}").check()

        tile(guest, 2).click()

        expect(guest.get_by_text("chosen: 2")).to_be_visible()
        expect(guest).to_have_url(GALLERY)

    def test_chosen_photos_come_as_one_zip_in_the_wanted_size(self, guest: Page) -> None:
        guest.get_by_text("Download photos").click()
        guest.get_by_role("checkbox", name=f"Choose Photo {photo_name(1)}").check()
        guest.get_by_role("checkbox", name=f"Choose Photo {photo_name(3)}").check()
        guest.get_by_label("Web size").check()

        with guest.expect_download() as caught:
            guest.get_by_role("button", name="Chosen photos").click()

        with zipfile.ZipFile(caught.value.path()) as archive:
            assert archive.testzip() is None
            assert archive.namelist() == ["Akad/DSC_0001.jpg", "Akad/DSC_0003.jpg"]

    def test_clearing_the_choice_clears_all_of_it(self, guest: Page) -> None:
        guest.get_by_text("Download photos").click()
        guest.get_by_role("checkbox", name=f"Choose Photo {photo_name(1)}").check()

        guest.get_by_role("button", name="Clear the choice").click()

        expect(guest.locator("[name=photos]:checked")).to_have_count(0)
        expect(guest.get_by_role("button", name="Chosen photos")).to_be_disabled()

    def test_where_downloads_are_off_there_are_none(self, guest_who_may_look: Page) -> None:
        expect(tiles(guest_who_may_look)).to_have_count(3)
        expect(guest_who_may_look.get_by_text("Download")).to_have_count(0)
        expect(guest_who_may_look.locator("[name=photos]")).to_have_count(0)

"""One photo over the gallery: keys, swipes, zoom, the address, and the way back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import named, scroll_through, tile, tiles
from tests.browser.seed import PHOTOS, photo_name

pytestmark = pytest.mark.browser

GALLERY = "/e/budi-ani/"


def caption(page: Page) -> Locator:
    return page.locator(".lightbox__caption")


def open_photo(page: Page, number: int) -> None:
    """Tap a photo and wait until it has opened."""
    tile(page, number).click()
    expect(caption(page)).to_have_text(named(number)[0])
    # Its neighbours are hidden until it has opened; keys and fingers are not heard before.
    expect(page.locator(".pswp__item").first).to_have_css("display", "block")


def address_of(page: Page, number: int) -> str:
    found = tile(page, number).get_attribute("href")
    assert found
    return found


class OpeningTests:
    def test_a_tap_opens_the_photo_under_its_own_address(self, guest: Page) -> None:
        open_photo(guest, 3)

        expect(guest.get_by_role("dialog")).to_be_visible()
        expect(guest).to_have_url(address_of(guest, 3))

    def test_its_address_is_that_of_the_photo_s_own_page(self, guest: Page) -> None:
        open_photo(guest, 3)

        guest.reload()

        expect(guest.get_by_role("heading", level=1)).to_have_text(named(3)[0])
        guest.get_by_role("link", name="Back to the gallery").click()
        expect(guest).to_have_url(re.compile(rf"{GALLERY}#photo-[0-9a-f-]+$"))

    def test_where_it_cannot_be_loaded_the_tap_leads_to_the_photo_s_page(
        self, guest: Page, complaints: list[str]
    ) -> None:
        guest.route("**/vendor/photoswipe/**", lambda route: route.abort())

        tile(guest, 3).click()

        expect(guest.get_by_role("heading", level=1)).to_have_text(named(3)[0])
        complaints.clear()

    def test_a_tap_with_the_control_key_is_the_browser_s(self, guest: Page) -> None:
        with guest.context.expect_page() as caught:
            tile(guest, 3).click(modifiers=["Control"])

        expect(caught.value.get_by_role("heading", level=1)).to_have_text(named(3)[0])

    def test_renditions_are_shown_and_never_originals(self, guest: Page) -> None:
        asked: list[str] = []
        guest.on("request", lambda request: asked.append(request.url))

        open_photo(guest, 3)
        guest.keyboard.press("z")
        guest.wait_for_load_state("networkidle")

        pictures = [url for url in asked if "/media/" in url or "/download/" in url]
        assert {re.sub(r".*/", "", url) for url in pictures} <= {
            "w400.webp",
            "w800.webp",
            "w1600.webp",
        }
        assert len(pictures) > 0


class MovingTests:
    def test_arrow_keys_turn_the_photos(self, guest: Page) -> None:
        open_photo(guest, 3)

        guest.keyboard.press("ArrowRight")
        expect(caption(guest)).to_have_text(named(4)[0])
        guest.keyboard.press("ArrowLeft")
        guest.keyboard.press("ArrowLeft")

        expect(caption(guest)).to_have_text(named(2)[0])
        expect(guest).to_have_url(address_of(guest, 2))

    def test_a_swipe_turns_them_too(self, guest: Page) -> None:
        open_photo(guest, 3)

        guest.mouse.move(300, 420)
        guest.mouse.down()
        guest.mouse.move(60, 420, steps=8)
        guest.mouse.up()

        expect(caption(guest)).to_have_text(named(4)[0])

    def test_a_photo_is_zoomed(self, guest: Page) -> None:
        open_photo(guest, 3)

        guest.get_by_role("button", name="Zoom").click()

        expect(guest.get_by_role("dialog")).to_have_class(re.compile("pswp--zoomed-in"))

    def test_it_goes_on_into_the_next_page(self, guest: Page) -> None:
        scroll_through(guest)
        expect(tiles(guest)).to_have_count(PHOTOS)
        guest.reload()
        open_photo(guest, 59)

        for number in range(60, PHOTOS + 1):
            guest.keyboard.press("ArrowRight")
            expect(caption(guest)).to_have_text(named(number)[0])

        expect(guest.get_by_role("button", name="Next photo")).to_be_hidden()


class ClosingTests:
    def test_escape_closes_it_and_gives_the_gallery_s_address_back(self, guest: Page) -> None:
        open_photo(guest, 3)

        guest.keyboard.press("Escape")

        expect(guest.get_by_role("dialog")).to_have_count(0)
        expect(guest).to_have_url(GALLERY)
        expect(tile(guest, 3)).to_be_focused()

    def test_the_back_button_closes_it_and_forward_opens_it_again(self, guest: Page) -> None:
        open_photo(guest, 3)

        guest.go_back()
        expect(guest.get_by_role("dialog")).to_have_count(0)
        expect(guest).to_have_url(GALLERY)
        guest.go_forward()

        expect(caption(guest)).to_have_text(named(3)[0])

    def test_the_grid_stands_at_the_photo_that_was_seen_last(self, guest: Page) -> None:
        open_photo(guest, 3)
        for number in range(4, 24):
            guest.keyboard.press("ArrowRight")
            expect(caption(guest)).to_have_text(named(number)[0])

        guest.get_by_role("button", name="Close").click()

        expect(guest.get_by_role("dialog")).to_have_count(0)
        expect(tile(guest, 23)).to_be_in_viewport()


class DownloadTests:
    def test_its_button_gives_the_original_under_the_camera_s_name(self, guest: Page) -> None:
        open_photo(guest, 3)
        guest.keyboard.press("ArrowRight")
        expect(caption(guest)).to_have_text(named(4)[0])

        with guest.expect_download() as caught:
            guest.get_by_role("link", name="Download this photo").click()

        assert caught.value.suggested_filename == photo_name(4)
        expect(guest.get_by_role("dialog")).to_be_visible()

    def test_where_downloads_are_off_it_has_no_button(self, guest_who_may_look: Page) -> None:
        open_photo(guest_who_may_look, 1)

        expect(guest_who_may_look.get_by_role("link", name="Download this photo")).to_have_count(0)

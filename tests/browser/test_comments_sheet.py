"""Comments over the lightbox and on the photo's page: sent in the background, nothing is lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import tile, wait_until_open

pytestmark = pytest.mark.browser

COMMENTS = re.compile(r"/comments/$")
WORDS = "Selamat menempuh hidup baru! 💛"


def sheet(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Comments")


def open_sheet(page: Page, number: int) -> Locator:
    """Open a photo, then its comments, and wait for the form."""
    tile(page, number).click()
    wait_until_open(page)
    page.get_by_role("link", name="Comments").click()
    expect(sheet(page).get_by_role("textbox", name="Your comment")).to_be_visible()
    return sheet(page)


def write(place: Locator, words: str, *, name: str = "Sari") -> None:
    place.get_by_role("textbox", name="Your name").fill(name)
    place.get_by_role("textbox", name="Your comment").fill(words)
    place.get_by_role("button", name="Send").click()


class SheetTests:
    def test_its_author_sees_at_once_that_a_comment_waits(self, guest: Page) -> None:
        place = open_sheet(guest, 1)

        write(place, WORDS)

        said = place.locator("[data-comment-id]", has_text=WORDS)
        expect(said).to_contain_text("Waiting for approval")
        expect(said).to_be_focused()
        expect(place.get_by_role("textbox", name="Your comment")).to_have_value("")

    def test_a_wrong_field_is_named_and_nothing_typed_is_lost(self, guest: Page) -> None:
        place = open_sheet(guest, 2)

        write(place, WORDS, name=" ")

        expect(place.get_by_role("textbox", name="Your name")).to_be_focused()
        expect(place.locator("[aria-invalid=true]")).to_have_count(1)
        expect(place.get_by_role("textbox", name="Your comment")).to_have_value(WORDS)

    def test_without_a_network_the_words_stay_and_that_is_said(
        self, guest: Page, complaints: list[str]
    ) -> None:
        place = open_sheet(guest, 2)
        guest.route(COMMENTS, lambda route: route.abort())

        write(place, WORDS)

        expect(place.get_by_role("alert").filter(visible=True)).to_contain_text("Are you online?")
        expect(place.get_by_role("textbox", name="Your comment")).to_have_value(WORDS)
        guest.unroute(COMMENTS)
        place.get_by_role("button", name="Send").click()
        expect(place.locator("[data-comment-id]", has_text=WORDS)).to_be_visible()
        complaints.clear()

    def test_a_refusal_is_told_in_the_site_s_words(self, guest: Page) -> None:
        place = open_sheet(guest, 2)
        guest.context.clear_cookies()

        write(place, WORDS)

        said = place.get_by_role("alert").filter(visible=True)
        expect(said).to_have_text(re.compile(r"^\s*[A-Z][a-z]+ .+\."))
        expect(place.get_by_role("textbox", name="Your comment")).to_have_value(WORDS)

    def test_a_tap_beside_the_sheet_closes_it_and_what_was_typed_is_kept(self, guest: Page) -> None:
        place = open_sheet(guest, 2)
        place.get_by_role("textbox", name="Your comment").fill(WORDS)

        guest.mouse.click(195, 20)
        expect(sheet(guest)).to_have_count(0)
        guest.get_by_role("link", name="Comments").click()

        expect(place.get_by_role("textbox", name="Your comment")).to_have_value(WORDS)

    def test_a_mouse_that_marks_words_closes_nothing(self, guest: Page) -> None:
        field = open_sheet(guest, 2).get_by_role("textbox", name="Your comment")
        box = field.bounding_box()
        assert box

        guest.mouse.move(box["x"] + 20, box["y"] + 20)
        guest.mouse.down()
        guest.mouse.move(195, 20)
        guest.mouse.up()

        expect(sheet(guest)).to_be_visible()

    # A service worker may have kept the page, and would show it.
    @pytest.mark.browser_context_args(service_workers="block")
    def test_a_tap_between_its_parts_closes_nothing(
        self, guest: Page, complaints: list[str]
    ) -> None:
        guest.route(re.compile(r"/photos/[^/]+/$"), lambda route: route.abort())
        tile(guest, 2).click()
        wait_until_open(guest)
        guest.get_by_role("link", name="Comments").click()
        expect(sheet(guest).get_by_role("alert").filter(visible=True)).to_be_visible()

        guest.mouse.click(195, 800)

        expect(sheet(guest)).to_be_visible()
        complaints.clear()

    def test_a_comment_is_taken_back_by_its_author(self, guest: Page) -> None:
        place = open_sheet(guest, 3)
        write(place, "Salah foto")
        said = place.locator("[data-comment-id]", has_text="Salah foto")

        said.get_by_text("Delete", exact=True).click()
        said.get_by_role("button", name="Delete for good").click()

        expect(said).to_have_count(0)
        expect(sheet(guest)).to_be_visible()

    # A service worker may have kept the page, and would show it.
    @pytest.mark.browser_context_args(service_workers="block")
    def test_where_it_cannot_be_fetched_it_says_so(
        self, guest: Page, complaints: list[str]
    ) -> None:
        guest.locator("[data-lightbox]").nth(3).click()
        expect(guest.locator(".pswp__item").first).to_have_css("display", "block")
        guest.context.set_offline(True)

        guest.get_by_role("link", name="Comments").click()

        expect(sheet(guest).get_by_role("alert").filter(visible=True)).to_contain_text("online")
        complaints.clear()

    def test_keys_that_are_typed_do_not_turn_or_zoom_the_photo(self, guest: Page) -> None:
        place = open_sheet(guest, 4)
        address = guest.url
        field = place.get_by_role("textbox", name="Your comment")
        field.focus()

        guest.keyboard.type("zzz")
        guest.keyboard.press("ArrowLeft")
        guest.keyboard.type("a")

        expect(field).to_have_value("zzaz")
        expect(guest).to_have_url(address)
        expect(guest.locator(".pswp")).not_to_have_class(re.compile("zoomed-in"))

    def test_escape_closes_the_sheet_first_and_gives_the_focus_back(self, guest: Page) -> None:
        open_sheet(guest, 4)

        guest.keyboard.press("Escape")

        expect(sheet(guest)).to_have_count(0)
        expect(guest.get_by_role("link", name="Comments")).to_be_focused()
        guest.keyboard.press("Escape")
        expect(guest.locator(".pswp")).to_have_count(0)

    def test_another_photo_s_sheet_shows_its_own_comments(self, guest: Page) -> None:
        place = open_sheet(guest, 5)
        write(place, "Hanya di foto lima")
        expect(place.locator("[data-comment-id]")).to_have_count(1)
        place.get_by_role("button", name="Close the comments").click()

        guest.keyboard.press("ArrowRight")
        guest.get_by_role("link", name="Comments").click()

        expect(place.get_by_role("textbox", name="Your comment")).to_be_visible()
        expect(place.locator("[data-comment-id]")).to_have_count(0)


class PhotoPageTests:
    def test_a_comment_is_sent_without_leaving_the_page(self, guest: Page) -> None:
        guest.goto(guest.locator("[data-lightbox]").nth(6).get_attribute("href") or "")
        guest.evaluate("window.stayed = true")

        write(guest.get_by_role("main"), WORDS)

        expect(guest.locator("[data-comment-id]", has_text=WORDS)).to_be_focused()
        assert guest.evaluate("window.stayed")

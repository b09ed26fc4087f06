"""The guestbook in a browser: signed without scripts, easy to read for all, and good on paper."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import violations
from tests.browser.seed import WEDDING, WEDDING_CODE

pytestmark = pytest.mark.browser

BOOK = f"/e/{WEDDING}/guestbook/"


def sign(page: Page, words: str) -> None:
    """Sign the guestbook as Sari, who comes."""
    page.goto(BOOK)
    page.get_by_label("Your name", exact=True).fill("Sari")
    page.get_by_label("Your wishes", exact=True).fill(words)
    page.get_by_label("Attending", exact=True).check()
    page.get_by_role("button", name="Sign the guestbook").click()


class WithoutScriptsTests:
    def test_a_guest_signs_and_takes_it_back(self, plain_guest: Page) -> None:
        plain_guest.goto(f"/q/{WEDDING_CODE}/")

        sign(plain_guest, "Bahagia selalu!")

        wish = plain_guest.locator("[data-comment-id]").filter(has_text="Bahagia selalu!")
        expect(wish).to_contain_text("Waiting for approval")
        expect(wish).to_be_in_viewport()
        expect(plain_guest.get_by_label("Your name", exact=True)).to_have_value("Sari")
        wish.get_by_text("Delete", exact=True).click()
        wish.get_by_role("button", name="Delete for good").click()
        expect(wish).to_have_count(0)

    def test_a_mistake_costs_nothing_that_was_typed(self, plain_guest: Page) -> None:
        plain_guest.goto(f"/q/{WEDDING_CODE}/")

        sign(plain_guest, "x" * 1001)

        expect(plain_guest.get_by_text("At most 1000 characters; this has 1001.")).to_be_visible()
        expect(plain_guest.get_by_label("Your wishes", exact=True)).to_have_value("x" * 1001)
        expect(plain_guest.get_by_label("Attending", exact=True)).to_be_checked()


class ReadingTests:
    @pytest.mark.parametrize("width", [320, 1440])
    def test_nobody_is_shut_out(self, guest: Page, width: int) -> None:
        guest.set_viewport_size({"width": width, "height": 800})
        sign(guest, f"Selamat {width} {'panjang' * 60}")

        for address in (BOOK, f"{BOOK}keepsake/"):
            guest.goto(address)
            wide = guest.evaluate("document.documentElement.scrollWidth")
            assert (violations(guest), wide) == ([], width)

    def test_what_only_robots_see_is_out_of_everybody_s_way(self, guest: Page) -> None:
        guest.goto(BOOK)

        trap = guest.locator("[name=subject]")

        assert trap.evaluate("e => [e.tabIndex, !!e.closest('[aria-hidden=true]')]") == [-1, True]
        assert guest.get_by_role("textbox", name="Leave this empty").count() == 0


class KeepsakeTests:
    def test_on_paper_the_book_stands_alone(self, guest: Page) -> None:
        guest.goto(f"{BOOK}keepsake/")
        expect(guest.get_by_role("button", name="Print")).to_be_visible()

        guest.emulate_media(media="print")

        expect(guest.get_by_role("heading", level=1)).to_be_visible()
        expect(guest.locator(".page__header")).to_be_hidden()
        expect(guest.locator(".page__footer")).to_be_hidden()

"""Sharing: by the telephone's own means, else by copying, else in a message; never the code."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.seed import WEDDING_CODE

pytestmark = pytest.mark.browser

SHARED = """
window.shared = [];
navigator.share = (what) => {
  window.shared.push(what);
  return window.refuse ? Promise.reject(new DOMException("", window.refuse)) : Promise.resolve();
};
"""
NO_SHARE = "delete Navigator.prototype.share;"


def open_photo_page(page: Page) -> str:
    address = page.locator("[data-lightbox]").nth(1).get_attribute("href") or ""
    page.goto(address)
    return address


def share_link(page: Page) -> Locator:
    return page.get_by_role("main").locator("[data-share]")


def with_clipboard(context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])


class ShareTests:
    def test_a_telephone_s_own_sheet_gets_the_photo_s_address(
        self, guest: Page, base_url: str
    ) -> None:
        guest.add_init_script(SHARED)
        address = open_photo_page(guest)

        share_link(guest).click()

        assert [what["url"] for what in guest.evaluate("shared")] == [base_url + address]
        expect(guest).to_have_url(address)

    def test_who_thinks_better_of_it_is_told_nothing(self, guest: Page) -> None:
        guest.add_init_script(SHARED + "window.refuse = 'AbortError';")
        address = open_photo_page(guest)

        share_link(guest).click()
        guest.wait_for_function("shared.length === 1")

        expect(guest.locator("[data-toast]")).to_be_empty()
        expect(guest).to_have_url(address)

    def test_elsewhere_the_address_is_copied_and_that_is_said(
        self, guest: Page, base_url: str
    ) -> None:
        with_clipboard(guest.context)
        guest.add_init_script(NO_SHARE)
        address = open_photo_page(guest)

        share_link(guest).click()

        expect(guest.get_by_text("The link is copied.")).to_be_visible()
        assert guest.evaluate("navigator.clipboard.readText()") == base_url + address

    def test_a_sheet_that_fails_leaves_a_copy(self, guest: Page) -> None:
        with_clipboard(guest.context)
        guest.add_init_script(SHARED + "window.refuse = 'NotAllowedError';")
        open_photo_page(guest)

        share_link(guest).click()

        expect(guest.get_by_text("The link is copied.")).to_be_visible()

    def test_where_neither_works_a_message_holds_the_address(self, guest: Page) -> None:
        guest.add_init_script(
            NO_SHARE + "navigator.clipboard.writeText = () => Promise.reject(new Error());"
        )
        guest.route(re.compile(r"^https://wa\.me/"), lambda route: route.fulfill(body="message"))
        open_photo_page(guest)

        share_link(guest).click()

        expect(guest).to_have_url(re.compile(r"^https://wa\.me/\?text="))

    def test_without_scripts_the_link_is_that_message(
        self, plain_guest: Page, base_url: str
    ) -> None:
        plain_guest.goto(f"/q/{WEDDING_CODE}/")
        address = open_photo_page(plain_guest)

        href = unquote(share_link(plain_guest).get_attribute("href") or "")

        assert href.startswith("https://wa.me/?text=Photo DSC_0002.JPG ")
        assert href.endswith(f" {base_url}{address}")

    def test_the_lightbox_shares_the_photo_that_is_seen(self, guest: Page, base_url: str) -> None:
        guest.evaluate(f"() => {{{SHARED}}}")
        address = guest.locator("[data-lightbox]").nth(2).get_attribute("href") or ""
        guest.locator("[data-lightbox]").nth(1).click()
        expect(guest.locator(".pswp__item").first).to_have_css("display", "block")
        guest.keyboard.press("ArrowRight")
        expect(guest).to_have_url(address)

        guest.get_by_role("link", name="Share this photo").click()

        assert [what["url"] for what in guest.evaluate("shared")] == [base_url + address]

    def test_the_gallery_shares_its_address_and_not_the_code(
        self, guest: Page, base_url: str
    ) -> None:
        guest.evaluate(f"() => {{{SHARED}}}")

        guest.locator("[data-share]").first.click()

        shared = guest.evaluate("shared")
        assert [what["url"] for what in shared] == [f"{base_url}/e/budi-ani/"]
        assert WEDDING_CODE not in guest.content() + str(shared)

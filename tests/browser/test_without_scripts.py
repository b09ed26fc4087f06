"""What only a browser without scripts does: pages of photos, turned by links."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import named, shown_names, tile
from tests.browser.seed import WEDDING_CODE

pytestmark = pytest.mark.browser

PAGE_PHOTOS = 60


class WayBackTests:
    def test_the_way_back_leads_to_the_page_on_which_the_photo_stands(
        self, plain_guest: Page
    ) -> None:
        plain_guest.goto(f"/q/{WEDDING_CODE}/")
        plain_guest.get_by_role("link", name="More photos").click()
        second_page = plain_guest.url
        tile(plain_guest, 2).click()

        plain_guest.get_by_role("link", name="Back to the gallery").click()

        assert plain_guest.url.split("#")[0] == second_page
        expect(plain_guest.locator(":target .grid__photo")).to_have_attribute("alt", named(62)[0])

    def test_the_first_photos_lead_back_to_the_first_page(self, plain_guest: Page) -> None:
        plain_guest.goto(f"/q/{WEDDING_CODE}/")
        tile(plain_guest, PAGE_PHOTOS).click()

        plain_guest.get_by_role("link", name="Back to the gallery").click()

        assert shown_names(plain_guest) == named(*range(1, PAGE_PHOTOS + 1))


class PhotoPageTests:
    def test_photos_are_painted(self, plain_guest: Page) -> None:
        plain_guest.goto(f"/q/{WEDDING_CODE}/")
        tile(plain_guest, 1).click()
        plain_guest.wait_for_load_state("load")

        source, width = plain_guest.locator(".photo__picture").evaluate(
            "image => [image.currentSrc, image.naturalWidth]"
        )

        assert source.endswith("/w800.webp")  # the smallest that fills a screen of 390 px
        assert width > 0

"""A guest whose browser runs no scripts: everything works by links and forms."""

from __future__ import annotations

import hashlib
import zipfile

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import named, shown_names, tile, tiles
from tests.browser.seed import AKAD_PHOTOS, PHOTOS, WEDDING_CODE, photo_name

pytestmark = pytest.mark.browser

PAGE_PHOTOS = 60


class JourneyTests:
    def test_from_the_code_to_the_last_photo_by_links(self, plain_guest: Page) -> None:
        plain_guest.goto("/masuk/")
        plain_guest.get_by_label("Access code").fill(WEDDING_CODE)
        plain_guest.get_by_role("button", name="Open the gallery").click()
        expect(tiles(plain_guest)).to_have_count(PAGE_PHOTOS)

        plain_guest.get_by_role("link", name="More photos").click()
        assert shown_names(plain_guest) == named(*range(PAGE_PHOTOS + 1, PHOTOS + 1))
        tile(plain_guest, 1).click()
        expect(plain_guest.get_by_role("heading", level=1)).to_have_text(named(61)[0])
        for number in range(62, PHOTOS + 1):
            plain_guest.get_by_role("link", name="Next photo").click()
            expect(plain_guest.get_by_role("heading", level=1)).to_have_text(named(number)[0])

        expect(plain_guest.get_by_role("link", name="Next photo")).to_have_count(0)
        expect(plain_guest.get_by_role("link", name="Previous photo")).to_be_visible()

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

    def test_photos_are_painted(self, plain_guest: Page) -> None:
        plain_guest.goto(f"/q/{WEDDING_CODE}/")
        tile(plain_guest, 1).click()
        plain_guest.wait_for_load_state("load")

        source, width = plain_guest.locator(".photo__picture").evaluate(
            "image => [image.currentSrc, image.naturalWidth]"
        )

        assert source.endswith("/w800.webp")  # the smallest that fills a screen of 390 px
        assert width > 0


class TakingHomeTests:
    def test_one_photo_in_both_sizes(self, plain_guest: Page) -> None:
        plain_guest.goto(f"/q/{WEDDING_CODE}/")
        tile(plain_guest, 1).click()

        with plain_guest.expect_download() as original:
            plain_guest.get_by_role("link", name="Download the original").click()
        with plain_guest.expect_download() as web:
            plain_guest.get_by_role("link", name="Download in web size").click()

        assert original.value.suggested_filename == photo_name(1)
        assert web.value.suggested_filename == "DSC_0001.jpg"
        sums = {hashlib.sha256(d.value.path().read_bytes()).digest() for d in (original, web)}
        assert len(sums) == 2

    def test_a_choice_a_chapter_and_everything_as_a_zip(self, plain_guest: Page) -> None:
        plain_guest.goto(f"/q/{WEDDING_CODE}/")
        plain_guest.get_by_role("link", name="Akad").click()
        plain_guest.get_by_text("Download photos").click()
        plain_guest.get_by_role("checkbox", name=f"Choose Photo {photo_name(2)}").check()

        counts = {}
        for name in ("Chosen photos", "All of “Akad”", "The whole gallery"):
            with plain_guest.expect_download() as caught:
                plain_guest.get_by_role("button", name=name).click()
            with zipfile.ZipFile(caught.value.path()) as archive:
                counts[name] = len(archive.namelist())

        assert list(counts.values()) == [1, AKAD_PHOTOS, PHOTOS]

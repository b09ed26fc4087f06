"""The doors, as a guest's phone sees them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.seed import WEDDING_CODE

pytestmark = pytest.mark.browser

GATE = "/e/budi-ani/enter/?next=/e/budi-ani/"


def meta(page: Page, name: str) -> str | None:
    return page.locator(f'meta[property="{name}"], meta[name="{name}"]').get_attribute("content")


class QrCodeTests:
    def test_the_qr_code_leads_to_the_gallery_without_a_tap(self, page: Page) -> None:
        page.goto(f"/q/{WEDDING_CODE}/")

        expect(page).to_have_url("/e/budi-ani/")
        expect(page.get_by_role("heading", level=1)).to_have_text("Pernikahan Budi & Ani")

    def test_a_wrong_qr_code_leads_to_the_form(self, page: Page) -> None:
        page.goto("/q/WRONG234/")

        expect(page.get_by_role("alert")).to_have_text("That code does not open this gallery.")
        expect(page.get_by_label("Access code")).to_be_focused()


class CodeFormTests:
    def test_a_stranger_who_follows_a_link_is_asked_for_the_code(self, page: Page) -> None:
        page.goto("/e/budi-ani/?chapter=akad")

        page.get_by_label("Access code").fill("kebaya-77")
        page.get_by_role("button", name="Open the gallery").click()

        expect(page).to_have_url("/e/budi-ani/?chapter=akad")

    def test_the_code_of_any_gallery_opens_it(self, page: Page) -> None:
        page.goto("/masuk/")

        page.get_by_label("Access code").fill(WEDDING_CODE)
        page.keyboard.press("Enter")

        expect(page).to_have_url("/e/budi-ani/")

    def test_a_wrong_code_is_refused_beside_the_field(self, page: Page) -> None:
        page.goto(GATE)

        page.get_by_label("Access code").fill("NOT-THIS-ONE")
        page.get_by_role("button", name="Open the gallery").click()

        field = page.get_by_label("Access code")
        expect(field).to_have_accessible_description("That code does not open this gallery.")
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_value("")

    @pytest.mark.parametrize("address", [GATE, "/q/WRONG234/"])
    def test_after_a_wrong_code_the_right_one_opens(self, page: Page, address: str) -> None:
        page.goto(address)
        page.get_by_label("Access code").fill("NOT-THIS-ONE")
        page.get_by_role("button", name="Open the gallery").click()
        expect(page.get_by_role("alert")).to_be_visible()

        page.get_by_label("Access code").fill(WEDDING_CODE)
        page.get_by_role("button", name="Open the gallery").click()

        expect(page).to_have_url("/e/budi-ani/")

    def test_the_language_is_switched_on_the_spot(self, page: Page) -> None:
        page.goto(GATE)

        page.get_by_role("button", name="Bahasa Indonesia").click()

        expect(page.locator("html")).to_have_attribute("lang", "id")
        expect(page.locator("[name=language][aria-current]")).to_have_text("Bahasa Indonesia")
        expect(page.locator("form.gate__form [name=next]")).to_have_value("/e/budi-ani/")

    def test_a_link_preview_names_the_event_and_shows_the_card(
        self, page: Page, base_url: str
    ) -> None:
        page.goto(GATE)

        assert meta(page, "og:title") == "Pernikahan Budi & Ani"
        assert meta(page, "og:url") == f"{base_url}/e/budi-ani/"
        assert meta(page, "og:image") == f"{base_url}/e/budi-ani/enter/card.png"
        assert meta(page, "robots") == "noindex"

    def test_the_gate_shows_nothing_of_the_event_but_its_title(self, page: Page) -> None:
        page.goto(GATE)

        source = page.content()

        assert [
            word for word in ("Bandung", "Akad", WEDDING_CODE, "/media/") if word in source
        ] == []


class ProblemPageTests:
    def test_an_unknown_gallery_leads_to_the_code_form(self, page: Page) -> None:
        page.goto("/e/nobody/")

        page.get_by_role("link", name="Type an access code").click()

        expect(page).to_have_url("/masuk/")

"""axe-core finds nothing serious on any page of a guest."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import tile
from tests.browser.seed import WEDDING_CODE
from tests.installation import ROOT

pytestmark = pytest.mark.browser

AXE = Path(ROOT, "node_modules", "axe-core", "axe.min.js")
RUN_AXE = """async () => {
  const found = await axe.run();
  return found.violations
    .filter((rule) => ["serious", "critical"].includes(rule.impact))
    .map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(" ")}`);
}"""


def serious_violations(page: Page) -> list[str]:
    """Return what axe-core calls serious or critical; the page's policy does not stop it."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(RUN_AXE)
    return found


class AxeTests:
    @pytest.mark.parametrize("address", ["/masuk/", "/e/budi-ani/enter/", "/e/nobody/"])
    def test_a_gate_or_a_refusal(self, page: Page, address: str) -> None:
        page.goto(address)

        assert serious_violations(page) == []

    def test_the_form_after_a_wrong_code(self, page: Page) -> None:
        page.goto("/q/WRONG234/")

        assert serious_violations(page) == []

    @pytest.mark.parametrize("width", [390, 1440])
    def test_the_gallery_with_its_panel_shut_and_open(self, page: Page, width: int) -> None:
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"/q/{WEDDING_CODE}/")
        shut = serious_violations(page)

        page.get_by_text("Download photos").click()
        page.locator("[name=photos]").first.check()

        assert (shut, serious_violations(page)) == ([], [])

    def test_the_lightbox(self, guest: Page) -> None:
        tile(guest, 3).click()
        expect(guest.locator(".lightbox__caption")).to_be_visible()

        assert serious_violations(guest) == []

    def test_the_page_of_one_photo(self, guest: Page) -> None:
        guest.goto(tile(guest, 3).get_attribute("href") or "")

        assert serious_violations(guest) == []

    def test_the_keyboard_reaches_the_content_first(self, guest: Page) -> None:
        guest.keyboard.press("Tab")

        expect(guest.get_by_role("link", name="Skip to the content")).to_be_focused()
        guest.keyboard.press("Enter")
        expect(guest.get_by_role("main")).to_be_focused()

    def test_what_a_finger_hits_is_large_enough(self, guest: Page) -> None:
        guest.get_by_text("Download photos").click()

        small = guest.locator("a, button, summary, label").evaluate_all(
            """all => all
              .filter((e) => e.checkVisibility() && !e.matches(".skip-link"))
              .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
              .filter(([, box]) => box.width < 44 || box.height < 44)
              .map(([html]) => html)"""
        )

        assert small == []

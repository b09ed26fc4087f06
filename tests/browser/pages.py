"""What a test reads off a page, and waits for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.seed import photo_name
from tests.installation import ROOT

LANGUAGE_COOKIE = "django_language"
AXE = Path(ROOT, "node_modules", "axe-core", "axe.min.js")
# Sheets are not read a second time: no rule needs them, and those with an import confuse axe.
RUN_AXE = """async () => {
  const found = await axe.run({ preload: { assets: ["media"] } });
  return found.violations
    .map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(" ")}`);
}"""

LAYOUT_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    window.shifts.push(entry.value);
  }
}).observe({ type: "layout-shift", buffered: true });
"""

# The photos on the screen are there, and the next page unless it is far away.
HAS_COME = """() => {
  const isNear = (element, ahead) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.bottom > 0 && box.top < innerHeight + ahead;
  };
  const more = document.querySelector("[data-more]");
  return [...document.images].every((image) => image.complete || !isNear(image, 0))
    && !isNear(more, 1900);
}"""


def tiles(page: Page) -> Locator:
    """Return the photos of the grid."""
    return page.locator("[data-photo-id]")


def tile(page: Page, number: int) -> Locator:
    """Return the link of the photo with this number, counted from 1."""
    return tiles(page).nth(number - 1).locator("[data-lightbox]")


def wait_until_open(page: Page) -> None:
    """Wait until the lightbox has opened; keys and fingers are not heard before."""
    # The photo's neighbours are hidden until then.
    expect(page.locator(".pswp__item").first).to_have_css("display", "block")


def shown_names(page: Page) -> list[str]:
    """Return the alternative texts of the grid, in order, once all of the page has come."""
    page.wait_for_load_state("domcontentloaded")
    found: list[str] = page.locator(".grid__photo").evaluate_all("all => all.map(i => i.alt)")
    return found


def fill_all(page: Page) -> None:
    """Have the tiles filled that are empty because they are far from the screen."""
    tiles(page).evaluate_all(
        """all => all.forEach(
          (tile) => tile.dispatchEvent(new CustomEvent("tile:needed", { bubbles: true })))"""
    )


def named(*numbers: int) -> list[str]:
    """Return the alternative texts of photos by their numbers."""
    return [f"Photo {photo_name(number)}" for number in numbers]


def watch_layout(page: Page) -> None:
    """Have the page's next documents note every shift of their layout."""
    page.add_init_script(LAYOUT_SHIFTS)


def layout_shift(page: Page) -> float:
    """Return the sum of all shifts since the document was opened (CLS without session windows)."""
    return float(page.evaluate("window.shifts.reduce((sum, value) => sum + value, 0)"))


def screens(page: Page) -> Iterator[None]:
    """Scroll to the end, a screen at a time; each is there, its photos too, when it is yielded."""
    page.wait_for_function(HAS_COME)
    yield
    while page.evaluate("innerHeight + scrollY < document.body.scrollHeight - 1"):
        page.evaluate("scrollBy({ top: innerHeight, behavior: 'instant' })")
        page.wait_for_function(HAS_COME)
        yield


def scroll_through(page: Page) -> None:
    """Scroll to the end, as somebody does who looks at every photo."""
    for _ in screens(page):
        pass


def violations(page: Page) -> list[str]:
    """Return what axe-core finds wrong; the page's policy does not stop it."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(RUN_AXE)
    return found

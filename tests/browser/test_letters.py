"""The letters of ours: they come once, they are light, and nothing moves when they come."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route

pytestmark = pytest.mark.browser

FONT_BYTES_LIMIT = 60 * 1024
SHIFT_LIMIT = 0.001  # a tenth of what a page may; with faces of other widths it is 0.0013 to 0.006
FAMILIES = {"Cormorant Garamond", "Figtree"}
GATE = "/e/budi-ani/enter/"
# Shifts are told as they happen; the list is whole once the observer has been called.
LISTEN = """async () => {
  window.shift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  await new Promise((done) => {
    new PerformanceObserver(done).observe({ type: "paint", buffered: true });
  });
}"""
USED = """async () => {
  await document.fonts.ready;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const loaded = [...document.fonts].filter((face) => face.status === "loaded");
  return loaded.map((face) => face.family.replaceAll('"', ""));
}"""


class LetterTests:
    @pytest.mark.parametrize("width", [320, 390, 1440])
    def test_nothing_moves_when_they_come_late(self, page: Page, width: int) -> None:
        held: list[Route] = []
        page.set_viewport_size({"width": width, "height": 844})
        page.route("**/*.woff2", lambda route: held.append(route))
        page.goto(GATE, wait_until="domcontentloaded")
        page.evaluate(LISTEN)
        before = set(page.evaluate("[...document.fonts].map((f) => f.status)"))

        for route in held:
            route.continue_()
        families = set(page.evaluate(USED))

        assert before >= {"loading"}
        assert families >= FAMILIES
        assert page.evaluate("window.shift") <= SHIFT_LIMIT

    def test_each_is_fetched_once_and_all_are_light(self, page: Page) -> None:
        fetched: list[Request] = []
        page.on("requestfinished", lambda request: fetched.append(request))
        page.goto(GATE)
        page.evaluate(USED)

        fonts = [request for request in fetched if request.url.endswith(".woff2")]
        sizes: list[Any] = [request.sizes()["responseBodySize"] for request in fonts]
        assert len({request.url for request in fonts}) == len(fonts) == len(FAMILIES)
        assert 0 < sum(sizes) <= FONT_BYTES_LIMIT

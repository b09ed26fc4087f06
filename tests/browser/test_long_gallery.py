"""A gallery of five thousand photos: light to its end, and back at the place one has left."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, Route, ViewportSize, expect

from tests.browser.conftest import Site
from tests.browser.pages import layout_shift, tile, tiles, wait_until_open, watch_layout
from tests.browser.seed import LONG, LONG_CODE, LONG_PHOTOS, PLACEHOLDER

pytestmark = pytest.mark.browser

GALLERY = f"/e/{LONG}/"
PAGE_PHOTOS = 60
HEAP_BYTES = 150_000_000
NODES = 20_000
PICTURE = base64.b64decode(PLACEHOLDER.partition(",")[2])
DEEP = 3000
STANDING: ViewportSize = {"width": 390, "height": 844}
LYING: ViewportSize = {"width": 844, "height": 390}
RESTED_MILLISECONDS = 300  # after so long the page knows what its reader looks at

SCROLL_ON = """async (number) => {
  const grid = document.querySelector("[data-grid]");
  while (grid.children.length < number) {
    scrollTo({ top: document.body.scrollHeight, behavior: "instant" });
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}"""
# Of the photos on the screen: are their tiles filled?
ALL_FILLED = """() => {
  const seen = [...document.querySelectorAll("[data-photo-id]")].filter((tile) => {
    const box = tile.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  });
  return seen.length > 0 && seen.every((tile) => tile.querySelector("[data-lightbox] img[alt]"));
}"""
FIRST_SEEN = """() => {
  const tile = [...document.querySelectorAll("[data-photo-id]")].find(
    (each) => each.getBoundingClientRect().bottom > 0);
  return [tile.id, Math.round(tile.getBoundingClientRect().top)];
}"""


ORDER = """() => [...document.querySelectorAll("[data-photo-id]")].map((tile) => tile.id)"""
NUMBER_OF_FOCUS = """() => [...document.querySelectorAll("[data-photo-id]")].indexOf(
  document.activeElement.closest("[data-photo-id]"))"""
TICKED = """() => [...document.querySelectorAll(
  "[name=photos]:checked, [name=photos][type=hidden]")].map((field) => field.value).sort()"""
SCROLL_UP_AND_DOWN = """async () => {
  for (const step of [...Array(60).fill(200), ...Array(60).fill(-200)]) {
    scrollBy({ top: step, behavior: "instant" });
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}"""


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A browser without the worker that keeps pages, which would ask for the media itself."""
    return browser_context_args | {"service_workers": "block"}


def answer(route: Route) -> None:
    """Answer for a picture."""
    route.fulfill(content_type="image/webp", body=PICTURE)


def show_to(site: Site, photo_id: str, circle: str) -> None:
    """Change who sees a photo, as the photographer may."""
    site.installation.run_python(
        "from gallery.models import Photo; from events.models import Event; "
        f"Photo.objects.filter(pk='{photo_id}').update(visibility='{circle}'); "
        f"event = Event.objects.get(slug='{LONG}'); event.gallery_version += 1; "
        "event.save(update_fields=['gallery_version']); print('null')"
    )


@pytest.fixture
def guest(page: Page, complaints: list[str]) -> Iterator[Page]:
    """A guest of the long event, whose media come from the test."""
    page.route("**/media/**", answer)
    page.goto(f"/q/{LONG_CODE}/")
    yield page
    page.unroute_all(behavior="ignoreErrors")
    complaints[:] = [words for words in complaints if "Service Worker" not in words]


def load(page: Page, number: int) -> None:
    """Scroll to the end, again and again, until this many photos have come."""
    page.evaluate(SCROLL_ON, number)


def go_to(page: Page, number: int) -> None:
    """Scroll to a photo, and wait until it can be seen."""
    tiles(page).nth(number - 1).evaluate(
        "tile => tile.scrollIntoView({ block: 'center', behavior: 'instant' })"
    )
    page.wait_for_function(ALL_FILLED)


class LightnessTests:
    def test_five_thousand_photos_scrolled_to_the_end_stay_light(self, guest: Page) -> None:
        load(guest, LONG_PHOTOS)
        guest.wait_for_function(ALL_FILLED)

        session: CDPSession = guest.context.new_cdp_session(guest)
        session.send("HeapProfiler.enable")
        session.send("HeapProfiler.collectGarbage")
        nodes = session.send("Memory.getDOMCounters")["nodes"]
        heap = session.send("Runtime.getHeapUsage")["usedSize"]

        assert tiles(guest).count() == LONG_PHOTOS
        assert nodes <= NODES
        assert heap <= HEAP_BYTES


class ReturnTests:
    def test_back_leads_to_the_place_among_thousands(self, guest: Page) -> None:
        load(guest, DEEP)
        go_to(guest, DEEP - 200)
        place = guest.evaluate(FIRST_SEEN)

        guest.goto("/masuk/")
        guest.go_back()

        guest.wait_for_function(ALL_FILLED)
        assert guest.evaluate(FIRST_SEEN) == place

    def test_a_reload_stays_there_too(self, guest: Page) -> None:
        load(guest, 5 * PAGE_PHOTOS)
        go_to(guest, 200)
        place = guest.evaluate(FIRST_SEEN)

        guest.reload()

        guest.wait_for_function(ALL_FILLED)
        assert guest.evaluate(FIRST_SEEN) == place

    def test_every_photo_is_there_once_and_in_order_after_it(self, guest: Page) -> None:
        load(guest, 4 * PAGE_PHOTOS)
        go_to(guest, 150)
        order = guest.evaluate(ORDER)

        guest.reload()
        guest.wait_for_function(ALL_FILLED)
        load(guest, len(order) + 1)

        assert guest.evaluate(ORDER)[: len(order)] == order

    def test_a_photo_that_has_gone_meanwhile_leaves_no_hole(self, guest: Page, site: Site) -> None:
        load(guest, 4 * PAGE_PHOTOS)
        go_to(guest, 150)
        order = guest.evaluate(ORDER)
        gone = order[150].removeprefix("photo-")
        guest.goto("/masuk/")
        show_to(site, gone, "CLIENT")

        guest.go_back()
        guest.wait_for_function(ALL_FILLED)
        expect(guest.locator(f"#photo-{gone}")).to_have_count(0)
        show_to(site, gone, "EVERYONE")

        assert guest.evaluate(ORDER)[:150] == order[:150]

    def test_an_admission_that_has_ended_shows_the_door(self, guest: Page) -> None:
        load(guest, 4 * PAGE_PHOTOS)
        go_to(guest, 150)
        guest.route("**/*cursor=*", lambda route: route.fulfill(status=403))

        # The page that comes goes away by itself: nothing is asked of it in between.
        guest.evaluate("setTimeout(() => location.reload())")

        expect(tiles(guest)).to_have_count(PAGE_PHOTOS)

    @pytest.mark.parametrize("way", ["and on", "and back"])
    def test_who_turns_the_phone_stays_at_the_photo(self, guest: Page, way: str) -> None:
        load(guest, 5 * PAGE_PHOTOS)
        go_to(guest, 200)
        guest.wait_for_timeout(RESTED_MILLISECONDS)

        guest.set_viewport_size(LYING)
        expect(tiles(guest).nth(199)).to_be_in_viewport()
        if way == "and back":
            guest.wait_for_timeout(RESTED_MILLISECONDS)
            guest.set_viewport_size(STANDING)
        guest.wait_for_function(ALL_FILLED)

        expect(tiles(guest).nth(199)).to_be_in_viewport()

    def test_photos_of_one_shape_are_kept_too(self, guest: Page) -> None:
        load(guest, 5 * PAGE_PHOTOS)
        tiles(guest).evaluate_all("all => all.forEach((t) => { t.className = 'grid__item r41'; })")
        guest.set_viewport_size(LYING)
        go_to(guest, 200)
        guest.wait_for_timeout(RESTED_MILLISECONDS)

        guest.set_viewport_size(STANDING)

        expect(tiles(guest).nth(199)).to_be_in_viewport()

    def test_who_turns_it_over_a_photo_finds_that_one_below(self, guest: Page) -> None:
        load(guest, 5 * PAGE_PHOTOS)
        go_to(guest, 200)
        tile(guest, 200).click()
        wait_until_open(guest)
        guest.keyboard.press("ArrowRight")
        expect(guest).to_have_url(
            re.compile(tiles(guest).nth(200).get_attribute("data-photo-id") or "none")
        )
        guest.wait_for_timeout(RESTED_MILLISECONDS)

        guest.set_viewport_size(LYING)
        guest.keyboard.press("Escape")

        expect(guest.locator(".pswp")).to_have_count(0)
        expect(tiles(guest).nth(200)).to_be_in_viewport()

    @pytest.mark.parametrize("way", ["reload", "there and back"])
    def test_what_was_ticked_is_ticked_again_and_nothing_else(self, guest: Page, way: str) -> None:
        load(guest, 4 * PAGE_PHOTOS)
        for number in (150, 2):
            go_to(guest, number)
            tiles(guest).nth(number - 1).locator("[name=photos]").evaluate("box => box.click()")
        go_to(guest, 150)
        ticked = guest.evaluate(TICKED)

        if way == "reload":
            guest.reload()
        else:
            guest.goto("/masuk/")
            guest.go_back()

        guest.wait_for_function(ALL_FILLED)
        assert guest.evaluate(TICKED) == ticked
        assert len(ticked) == 2
        expect(tiles(guest).nth(149).locator("[name=photos]")).to_be_checked()


class LostNetworkTests:
    def test_the_next_page_comes_when_the_network_is_back(
        self, guest: Page, complaints: list[str]
    ) -> None:
        asked: list[Route] = []

        def lose_the_first(route: Route) -> None:
            asked.append(route)
            if len(asked) == 1:
                route.abort()
            else:
                route.continue_()

        guest.route("**/*cursor=*", lose_the_first)

        guest.evaluate("scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")

        expect(tiles(guest).nth(PAGE_PHOTOS)).to_be_attached()
        assert len(asked) >= 2
        complaints.clear()


class FarTileTests:
    def test_a_tile_far_from_the_screen_is_empty_and_keeps_its_box(self, guest: Page) -> None:
        first = tiles(guest).first
        before = first.bounding_box()
        assert before

        load(guest, 3 * PAGE_PHOTOS)

        expect(first).to_be_empty()
        after = first.bounding_box()
        assert after
        assert (after["width"], after["height"]) == (before["width"], before["height"])

    def test_it_is_filled_for_who_asks_at_once(self, guest: Page) -> None:
        load(guest, 3 * PAGE_PHOTOS)
        expect(tiles(guest).first).to_be_empty()

        found = tiles(guest).first.evaluate(
            """tile => {
              tile.dispatchEvent(new CustomEvent("tile:needed", { bubbles: true }));
              return tile.querySelectorAll("[data-lightbox], [data-like]").length;
            }"""
        )

        assert found == 2

    def test_what_is_liked_or_ticked_is_so_after_it_was_empty(self, guest: Page) -> None:
        first = tiles(guest).first
        first.locator("[data-like]").evaluate("like => like.setAttribute('aria-pressed', 'true')")
        first.locator("[name=photos]").evaluate("box => box.click()")

        load(guest, 3 * PAGE_PHOTOS)
        expect(guest.locator("[name=photos][type=hidden]")).to_have_count(1)
        go_to(guest, 1)

        expect(first.locator("[data-like]")).to_have_attribute("aria-pressed", "true")
        expect(first.locator("[name=photos]")).to_be_checked()
        expect(guest.locator("[name=photos][type=hidden]")).to_have_count(0)

    def test_its_heart_is_as_good_as_any_when_it_has_come_back(self, guest: Page) -> None:
        load(guest, 3 * PAGE_PHOTOS)
        expect(tiles(guest).nth(1)).to_be_empty()
        go_to(guest, 1)
        heart = tiles(guest).nth(1).locator("[data-like]")

        with guest.expect_response("**/like/") as answer:
            heart.click()
        assert answer.value.ok
        guest.reload()

        expect(heart).to_have_attribute("aria-pressed", "true")

    def test_without_the_script_of_likes_its_heart_is_a_form_s(
        self, guest: Page, complaints: list[str]
    ) -> None:
        guest.route("**/like.*.js", lambda route: route.abort())
        guest.reload()
        load(guest, 3 * PAGE_PHOTOS)
        expect(tiles(guest).nth(1)).to_be_empty()

        go_to(guest, 1)

        expect(tiles(guest).nth(1).locator("[data-like]")).to_have_attribute("form", "act")
        complaints.clear()

    def test_what_has_the_focus_is_never_emptied(self, guest: Page) -> None:
        tile(guest, 1).focus()

        load(guest, 3 * PAGE_PHOTOS)
        expect(tiles(guest).nth(20)).to_have_attribute("data-far", "")

        expect(tile(guest, 1)).to_be_focused()

    def test_the_keyboard_goes_from_photo_to_photo(self, guest: Page) -> None:
        load(guest, 3 * PAGE_PHOTOS)
        go_to(guest, 100)
        seen = []

        tiles(guest).nth(99).locator("[data-lightbox]").focus()
        for _ in range(60):
            seen.append(guest.evaluate(NUMBER_OF_FOCUS))
            guest.keyboard.press("Tab")

        # Two stops on each tile, in the order of the grid, over more than the screens kept filled.
        assert seen == [99 + step // 2 for step in range(60)]

    def test_nothing_moves_while_tiles_are_emptied_and_filled(self, guest: Page) -> None:
        watch_layout(guest)
        guest.reload()
        guest.wait_for_load_state("networkidle")
        guest.evaluate("window.shifts.length = 0")

        guest.evaluate(SCROLL_UP_AND_DOWN)

        assert layout_shift(guest) == 0

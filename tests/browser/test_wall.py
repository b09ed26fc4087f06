"""The projector wall: hours of photos, with a network and without."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from tests.browser.conftest import Site
from tests.browser.pages import named
from tests.browser.party import Party, settle, stop_clock, without_worker
from tests.browser.seed import (
    EMPTY,
    LOOK_ONLY,
    LOOK_ONLY_CODE,
    LOOK_ONLY_PHOTOS,
    WEDDING,
    WEDDING_CODE,
)

pytestmark = pytest.mark.browser

TURN = 8000  # milliseconds for which a photo is shown
TRIES, PAUSE_MILLISECONDS = 60, 250
A_WHILE = 46_000  # the longest time between two questions for news
HOURS = 3 * 3600 * 1000
PHOTOS = LOOK_ONLY_PHOTOS
# Pictures are kept as files; only those that have an address are decoded.
COUNT_ADDRESSES = """
window.addresses = new Set();
const { createObjectURL, revokeObjectURL } = URL;
URL.createObjectURL = (blob) => {
  const address = createObjectURL.call(URL, blob);
  window.addresses.add(address);
  return address;
};
URL.revokeObjectURL = (address) => {
  window.addresses.delete(address);
  revokeObjectURL.call(URL, address);
};
"""


@pytest.fixture(autouse=True)
def _no_worker(page: Page) -> None:
    without_worker(page)


@pytest.fixture
def party(site: Site, page: Page) -> Iterator[Party]:
    party = Party(site, "pesta-bayu", "BATIK3399")
    party.begin(photos=PHOTOS)
    page.goto(f"/q/{party.code}/")
    yield party
    party.end()


@pytest.fixture
def wall(page: Page) -> Page:
    """The wall of an event of three photos."""
    page.goto(f"/q/{LOOK_ONLY_CODE}/")
    return open_wall(page, f"/e/{LOOK_ONLY}/")


def open_wall(page: Page, gallery: str) -> Page:
    """Open a wall, wait for all its pictures, and stop its clock: a test moves it."""
    page.add_init_script(COUNT_ADDRESSES)
    stop_clock(page)
    media: set[str] = set()

    def note(response: Response) -> None:
        if "/media/" in response.url:
            media.add(response.url)

    page.on("response", note)
    page.goto(f"{gallery}slideshow/")
    expect_shown(page, listed(page)[0])
    while len(media) < PHOTOS:
        page.clock.run_for(300)
        settle(page)
    return page


def listed(page: Page) -> list[str]:
    """Return the names of the photos of the wall, the newest first."""
    page.wait_for_load_state("domcontentloaded")
    return page.locator("[data-wall-photos] > li").all_text_contents()


def shown(page: Page) -> Locator:
    return page.locator(".wall__slide[data-shown] .wall__photo")


def expect_shown(page: Page, name: str) -> None:
    expect(shown(page)).to_have_attribute("alt", name)


def next_is(page: Page, name: str) -> None:
    """Let the time of a photo pass, and wait for the one that follows it."""
    page.clock.run_for(TURN + 10)
    expect_shown(page, name)


class TurningTests:
    def test_the_newest_come_first_and_then_round_again(self, wall: Page) -> None:
        newest, second, oldest = listed(wall)

        for name in (second, oldest, newest, second):
            next_is(wall, name)

    def test_a_new_photo_comes_next_and_the_round_goes_on_behind(
        self, page: Page, party: Party
    ) -> None:
        wall = open_wall(page, party.gallery)
        newest, second, oldest = listed(wall)
        next_is(wall, second)
        wall.keyboard.press("Space")
        party.publish(1)

        fetched: list[str] = []
        wall.on("response", lambda answer: fetched.append(answer.url))
        for _ in range(TRIES):  # the wall's own clock stands still while an answer is on its way
            wall.clock.run_for(A_WHILE)
            wall.wait_for_timeout(PAUSE_MILLISECONDS)
            if any("/media/" in url for url in fetched):
                break
        settle(wall)
        wall.keyboard.press("Space")

        for name in (*named(PHOTOS + 1), oldest, *named(PHOTOS + 1), newest):
            next_is(wall, name)

    def test_a_hidden_photo_leaves_the_wall_at_once(self, page: Page, party: Party) -> None:
        wall = open_wall(page, party.gallery)
        newest, second, _ = listed(wall)
        wall.keyboard.press("Space")
        expect_shown(wall, newest)
        party.hide(newest.removeprefix("Photo "))

        with wall.expect_response("**/slideshow/"):
            wall.clock.run_for(A_WHILE)

        expect_shown(wall, second)

    def test_it_moves_softly_and_for_who_asked_for_it_not_at_all(self, wall: Page) -> None:
        slide = wall.locator(".wall__slide[data-shown]")
        expect(slide).to_have_css("transition-duration", "1.6s")

        wall.emulate_media(reduced_motion="reduce")

        expect(slide).to_have_css("transition-duration", "1e-05s")

    def test_a_portrait_is_shown_whole(self, wall: Page) -> None:
        expect(shown(wall)).to_have_css("object-fit", "contain")


class HoursTests:
    def test_hours_leave_two_pictures_decoded_and_nothing_behind(self, wall: Page) -> None:
        elements = wall.evaluate("document.querySelectorAll('*').length")
        newest, second, oldest = listed(wall)

        for name in (second, oldest, newest) * 10:
            next_is(wall, name)

        assert wall.evaluate("addresses.size") == 2
        assert wall.evaluate("document.querySelectorAll('*').length") == elements

    def test_its_links_are_renewed_before_they_end(self, wall: Page) -> None:
        with wall.expect_response("**/slideshow/") as renewed:
            wall.clock.fast_forward(HOURS)

        assert renewed.value.status == 200

    def test_a_lost_network_stops_nothing(
        self, page: Page, party: Party, complaints: list[str]
    ) -> None:
        wall = open_wall(page, party.gallery)
        newest, second, oldest = listed(wall)
        wall.context.set_offline(True)
        for name in (second, oldest, newest) * 3:
            next_is(wall, name)
        wall.keyboard.press("Space")
        for _ in range(4):
            wall.clock.fast_forward(HOURS)
        wall.keyboard.press("Space")
        for name in (second, oldest, newest):
            next_is(wall, name)
        wall.keyboard.press("Space")
        party.publish(1)

        wall.context.set_offline(False)

        with wall.expect_response(re.compile("/media/")):
            wall.clock.run_for(A_WHILE)
        settle(wall)
        wall.keyboard.press("Space")
        next_is(wall, named(PHOTOS + 1)[0])
        complaints.clear()

    def test_a_site_that_is_down_stops_nothing(self, wall: Page, complaints: list[str]) -> None:
        wall.route("**/e/**", lambda route: route.fulfill(status=503, headers={"Retry-After": "9"}))
        with wall.expect_response("**/slideshow/"):
            wall.clock.fast_forward(HOURS)

        wall.unroute("**/e/**")

        with wall.expect_response(
            lambda response: response.url.endswith("/slideshow/") and response.status == 200
        ):
            wall.clock.run_for(16_000)
        expect(shown(wall)).to_be_visible()
        expect(wall.get_by_role("link", name="Enter it again")).to_be_hidden()
        complaints.clear()

    @pytest.mark.parametrize("status", [403, 404, 410])
    def test_whoever_is_no_longer_let_in_reads_so_and_sees_no_photo(
        self, wall: Page, complaints: list[str], status: int
    ) -> None:
        wall.route("**/new/*", lambda route: route.fulfill(status=status))

        wall.clock.run_for(A_WHILE)

        expect(wall.get_by_role("link", name="Enter it again")).to_be_visible()
        expect(shown(wall)).to_have_count(0)
        expect(wall.get_by_alt_text("QR code of this gallery")).to_be_hidden()
        assert wall.evaluate("addresses.size") == 0
        complaints.clear()


class ControlsTests:
    def test_they_leave_and_come_back_with_the_pointer(self, wall: Page) -> None:
        controls = wall.get_by_role("group", name="Slideshow")
        wall.mouse.move(200, 300)
        wall.clock.run_for(4000)
        expect(controls).to_have_css("opacity", "0")
        expect(wall.locator("[data-wall]")).to_have_css("cursor", "none")

        wall.mouse.move(220, 320)

        expect(controls).to_have_css("opacity", "1")

    def test_keys_turn_and_hold_the_photos(self, wall: Page) -> None:
        newest, second, _ = listed(wall)
        wall.keyboard.press("ArrowRight")
        expect_shown(wall, second)
        wall.keyboard.press("ArrowLeft")
        expect_shown(wall, newest)

        wall.keyboard.press("Space")

        expect(wall.get_by_role("button", name="Pause")).to_have_attribute("aria-pressed", "true")
        wall.clock.run_for(5 * TURN)
        expect_shown(wall, newest)
        wall.keyboard.press("Space")
        next_is(wall, second)

    def test_the_whole_screen_is_taken_and_given_back(self, wall: Page) -> None:
        button = wall.get_by_role("button", name="Full screen")

        wall.keyboard.press("f")
        expect(button).to_have_attribute("aria-pressed", "true")

        wall.keyboard.press("f")
        expect(button).to_have_attribute("aria-pressed", "false")

    def test_escape_leads_back_to_the_gallery(self, wall: Page) -> None:
        wall.keyboard.press("Escape")

        expect(wall).to_have_url(re.compile(rf"/e/{LOOK_ONLY}/$"))


class WaitingTests:
    def test_an_empty_gallery_shows_its_title_and_code_and_waits(self, early_guest: Page) -> None:
        early_guest.goto(f"/e/{EMPTY}/slideshow/")

        expect(early_guest.get_by_role("heading", name="Siraman Dewi")).to_be_visible()
        expect(early_guest.get_by_text("The first photos appear here")).to_be_visible()
        code = early_guest.get_by_alt_text("QR code of this gallery")
        expect(code).to_be_visible()
        assert code.evaluate("image => image.decode().then(() => image.naturalWidth)") >= 500

    def test_without_scripts_it_says_so(self, plain_guest: Page) -> None:
        plain_guest.goto(f"/q/{WEDDING_CODE}/")

        plain_guest.goto(f"/e/{WEDDING}/slideshow/")

        expect(plain_guest.get_by_text("The slideshow needs JavaScript.")).to_be_visible()
        plain_guest.get_by_role("link", name="Back to the gallery").click()
        expect(plain_guest).to_have_url(re.compile(rf"/e/{WEDDING}/$"))

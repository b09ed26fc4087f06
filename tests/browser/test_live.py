"""The chip that says how many photos came while the gallery was open."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Site
from tests.browser.pages import tiles
from tests.browser.party import Party, settle, stop_clock, without_worker

pytestmark = pytest.mark.browser

NEWS = "**/new/?after=*"
SECOND = 1000
# The longest time between two questions, and a little more.
A_WHILE = 46 * SECOND
HIDDEN = """
window.isHidden = false;
Object.defineProperty(Document.prototype, "hidden", { get: () => window.isHidden });
window.hide = (isHidden) => {
  window.isHidden = isHidden;
  document.dispatchEvent(new Event("visibilitychange"));
};
"""


class Desk:
    """Answers the page's questions for news, and counts them."""

    def __init__(self, page: Page) -> None:
        self.asked = 0
        self.status = 200
        self.headers: dict[str, str] = {}
        self.count = 0
        page.route(NEWS, self.answer)
        self.page = page

    def answer(self, route: Route) -> None:
        self.asked += 1
        body = json.dumps({"count": self.count, "latest": 99, "photos": []})
        route.fulfill(status=self.status, headers=self.headers, body=body)

    def after(self, milliseconds: int) -> int:
        """Let time pass, and return how many questions there were in all."""
        self.page.clock.run_for(milliseconds)
        settle(self.page)
        return self.asked


@pytest.fixture(autouse=True)
def _no_worker(page: Page) -> None:
    without_worker(page)


@pytest.fixture
def desk(page: Page) -> Desk:
    page.add_init_script(HIDDEN)
    stop_clock(page)
    return Desk(page)


@pytest.fixture
def party(site: Site, page: Page) -> Iterator[Party]:
    party = Party(site, "pesta-sinta", "BATIK2288")
    party.begin(photos=1)
    page.goto(f"/q/{party.code}/")
    yield party
    party.end()


class ChipTests:
    def test_new_photos_are_announced_and_a_tap_shows_them(self, page: Page, party: Party) -> None:
        stop_clock(page)
        page.goto(party.gallery)
        chip = page.locator("[data-live-chip]")
        expect(chip).to_be_hidden()
        party.publish(2)

        with page.expect_response(NEWS) as first:
            page.clock.run_for(A_WHILE)

        assert first.value.status == 200
        expect(chip).to_have_text("2 new photos")
        expect(page.get_by_role("status").filter(has=chip)).to_be_visible()
        box = chip.bounding_box()
        assert box is not None
        assert round(box["height"], 2) >= 44
        assert tiles(page).count() == 1
        with page.expect_response(NEWS) as second:
            page.clock.run_for(A_WHILE)
        assert second.value.status == 304
        chip.click()
        expect(tiles(page)).to_have_count(2)

    def test_one_photo_is_one_photo(self, desk: Desk, guest: Page) -> None:
        desk.count = 1

        desk.after(A_WHILE)

        expect(guest.locator("[data-live-chip]")).to_have_text("1 new photo")

    def test_nothing_moves_when_it_comes(self, desk: Desk, guest: Page) -> None:
        guest.evaluate("scrollTo({ top: 700, behavior: 'instant' })")
        place = "document.querySelector('[data-photo-id]').getBoundingClientRect().top"
        before = guest.evaluate(place)
        desk.count = 12

        desk.after(A_WHILE)

        expect(guest.locator("[data-live-chip]")).to_be_in_viewport()
        assert guest.evaluate(place) == before


class AskingTests:
    def test_it_asks_after_half_a_minute_at_the_earliest(self, desk: Desk, guest: Page) -> None:
        assert desk.after(29 * SECOND) == 0
        assert desk.after(17 * SECOND) == 1

    def test_a_tab_that_nobody_sees_does_not_ask(self, desk: Desk, guest: Page) -> None:
        guest.evaluate("hide(true)")
        assert desk.after(10 * 60 * SECOND) == 0

        guest.evaluate("hide(false)")

        assert desk.after(10) == 1

    def test_a_look_elsewhere_brings_no_question_forward(self, desk: Desk, guest: Page) -> None:
        desk.after(5 * SECOND)

        guest.evaluate("hide(true); hide(false)")

        assert desk.after(20 * SECOND) == 0

    @pytest.mark.parametrize("status", [403, 404, 410])
    def test_whoever_is_no_longer_let_in_does_not_ask_again(
        self, desk: Desk, guest: Page, complaints: list[str], status: int
    ) -> None:
        desk.status = status

        assert desk.after(A_WHILE) == 1
        assert desk.after(60 * 60 * SECOND) == 1
        complaints.clear()

    @pytest.mark.parametrize("status", [429, 503])
    def test_a_site_that_asks_for_patience_gets_it(
        self, desk: Desk, guest: Page, complaints: list[str], status: int
    ) -> None:
        desk.status, desk.headers = status, {"Retry-After": "300"}

        assert desk.after(A_WHILE) == 1
        assert desk.after(250 * SECOND) == 1
        assert desk.after(60 * SECOND) == 2
        complaints.clear()

    def test_without_a_network_it_asks_less_and_less(
        self, desk: Desk, guest: Page, complaints: list[str]
    ) -> None:
        guest.unroute(NEWS)
        failed: list[str] = []
        guest.on("requestfailed", lambda request: failed.append(request.url))
        guest.context.set_offline(True)
        for _ in range(40):
            desk.after(A_WHILE)

        guest.context.set_offline(False)
        with guest.expect_response(NEWS):
            desk.after(16 * SECOND)

        # Half an hour: after 1, 2, 4, 8 and then every 10 minutes at the latest.
        assert 4 <= len(failed) <= 8
        complaints.clear()

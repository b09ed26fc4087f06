"""What a guest's pages may weigh, ask for and move, on a phone that has never been here.

The budgets count the bodies of answers as they are sent, compressed; 1 KB is 1000 bytes. Headers
come on top, and weigh according to the protocol of whatever stands in front of the site: the
number of requests is their budget.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from tests.browser.conftest import Site
from tests.browser.pages import (
    layout_shift,
    scroll_through,
    tile,
    tiles,
    wait_until_open,
    watch_layout,
)
from tests.browser.party import Party
from tests.browser.seed import PHOTOS, WEDDING, WEDDING_CODE

pytestmark = [pytest.mark.browser, pytest.mark.browser_context_args(device_scale_factor=1.75)]

GALLERY = f"/e/{WEDDING}/"
PAGE_PHOTOS = 60
CODE_BYTES = 60_000
SCRIPT_BYTES = 30_000
FONT_BYTES = 60_000
FIRST_IMAGE_BYTES = 250_000
WORKER_BYTES = 45_000
SHIFT = 0.01
# The way in by the QR code, and the gallery.
FIRST_REQUESTS = {"document": 2, "stylesheet": 6, "script": 12, "font": 2, "image": 13, "other": 1}
# What the worker keeps of the site besides what the page has loaded: the lightbox with its sheets,
# what a photo's page needs, an icon, and what is shown where nothing was kept.
WORKER_REQUESTS = 8
DETAILED_PHOTOS = 12
PATIENCE_SECONDS = 20
QUIET_SECONDS = 0.5
PAUSE_MILLISECONDS = 50
RENDITION = re.compile(r"/w(400|800|1600|2400)\.webp$")
WORKER_IS_READY = """async () => (await navigator.serviceWorker.ready).active.state === "activated"
"""
# The pictures that lie at least partly on the first screen, with what they weighed.
SEEN_FIRST = """() => Object.fromEntries([...document.images]
  .filter((image) => {
    const box = image.getBoundingClientRect();
    return box.top < innerHeight && box.width > 0 && image.currentSrc.startsWith("http");
  })
  .map((image) => [image.currentSrc, performance.getEntriesByName(image.currentSrc)[0]])
  .map(([name, entry]) => [name, entry?.encodedBodySize ?? 0]))"""


@dataclass
class Traffic:
    """What a browser has asked for, in all its pages and workers."""

    under_way: set[Request] = field(default_factory=set)
    finished: list[Request] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def finish(self, request: Request) -> None:
        """Note an answer that came whole."""
        self.under_way.discard(request)
        self.finished.append(request)

    def fail(self, request: Request) -> None:
        """Note a request that got no answer, or only a part of it."""
        self.under_way.discard(request)
        self.failed.append(request.url)

    def settle(self, page: Page) -> None:
        """Wait until nothing is under way for a while: what is when the page is left, fails."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        quiet_since = time.monotonic()
        while time.monotonic() < quiet_since + QUIET_SECONDS:
            page.wait_for_timeout(PAUSE_MILLISECONDS)
            if self.under_way:
                quiet_since = time.monotonic()
            assert quiet_since < deadline, [request.url for request in self.under_way]

    def by_page(self, *kinds: str) -> list[Request]:
        """Return what the pages themselves asked for, of these kinds or of all."""
        asked = [request for request in self.finished if not request.service_worker]
        return [request for request in asked if not kinds or request.resource_type in kinds]

    def by_worker(self) -> list[Request]:
        """Return what the worker fetched and the browser did not have."""
        asked = [request for request in self.finished if request.service_worker]
        return [request for request in asked if weight(request) > 0]

    def refused(self) -> list[str]:
        """Return what the site answered with an error, which the console of a test may hide."""
        answers = [request.response() for request in self.finished]
        return [answer.url for answer in answers if answer and answer.status >= 400]

    def worker_script(self) -> int:
        """Return what the worker itself weighs: no size is told of the answer to its request."""
        (script,) = [request for request in self.finished if request.url.endswith("/sw.js")]
        answer = script.response()
        assert answer
        return int(answer.headers["content-length"])


def weight(*requests: Request) -> int:
    """Return the bytes of the answers without their headers; 0 of what the browser had."""
    return sum(max(0, request.sizes()["responseBodySize"]) for request in requests)


@pytest.fixture
def traffic(context: BrowserContext) -> Traffic:
    """What the browser asks for from now on."""
    heard = Traffic()
    context.on("request", lambda request: heard.under_way.add(request))
    context.on("requestfinished", heard.finish)
    context.on("requestfailed", heard.fail)
    return heard


@pytest.fixture
def first_view(traffic: Traffic, page: Page) -> Traffic:
    """What it takes until the gallery is there and all is quiet, the worker's own work included."""
    page.goto(f"/q/{WEDDING_CODE}/", wait_until="networkidle")
    page.wait_for_function(WORKER_IS_READY)
    expect(tiles(page)).to_have_count(PAGE_PHOTOS)
    return traffic


@pytest.fixture(scope="module")
def detailed_party(site: Site) -> Iterator[Party]:
    """An event whose pictures weigh what photographs do."""
    party = Party(site, slug="foto-tajam", code="TAJAM234")
    party.begin(photos=0)
    event = f"Event.objects.get(slug='{party.slug}')"
    party.run(
        "from tests.browser.seed import draw_in_detail\n"
        f"for number in range(1, {DETAILED_PHOTOS + 1}):\n"
        f"    send({event}, number, None, draw=draw_in_detail)"
    )
    site.installation.manage("run_jobs", "--until-idle")
    yield party
    party.end()


class FirstViewTests:
    def test_pages_sheets_and_scripts_are_light(self, first_view: Traffic) -> None:
        code = first_view.by_page("document", "stylesheet", "script")

        assert weight(*code) + first_view.worker_script() <= CODE_BYTES

    def test_scripts_are_light_before_a_tap(self, first_view: Traffic) -> None:
        scripts = first_view.by_page("script")

        assert 0 < weight(*scripts) + first_view.worker_script() <= SCRIPT_BYTES

    def test_letters_are_light(self, first_view: Traffic) -> None:
        assert 0 < weight(*first_view.by_page("font")) <= FONT_BYTES

    def test_so_many_files_are_asked_for_and_no_more(self, first_view: Traffic) -> None:
        kinds = Counter(request.resource_type for request in first_view.by_page())

        assert kinds == FIRST_REQUESTS

    def test_what_is_kept_for_later_is_light_too(self, first_view: Traffic) -> None:
        kept = first_view.by_worker()

        assert len(kept) == WORKER_REQUESTS
        assert weight(*kept) <= WORKER_BYTES

    def test_all_text_comes_compressed(self, first_view: Traffic) -> None:
        texts = first_view.by_page("stylesheet", "script")
        answers = [request.response() for request in texts]

        assert {a.headers.get("content-encoding") for a in answers if a} == {"br"}

    def test_the_pictures_on_the_first_screen_are_light(
        self, page: Page, detailed_party: Party
    ) -> None:
        page.goto(f"/q/{detailed_party.code}/", wait_until="networkidle")

        seen: dict[str, int] = page.evaluate(SEEN_FIRST)

        assert len(seen) >= 3
        assert min(seen.values()) > 0
        assert sum(seen.values()) <= FIRST_IMAGE_BYTES


class WayThroughTests:
    def test_nothing_moves_on_the_pages_of_a_guest(self, page: Page) -> None:
        watch_layout(page)
        moved = {}

        page.goto(f"{GALLERY}enter/", wait_until="networkidle")
        moved["gate"] = layout_shift(page)
        enter(page)
        address = photo_address(page, 3)
        scroll_through(page)
        moved["gallery"] = layout_shift(page)
        page.goto(address, wait_until="networkidle")
        moved["photo"] = layout_shift(page)
        page.goto(f"{GALLERY}guestbook/", wait_until="networkidle")
        page.keyboard.press("End")
        page.wait_for_load_state("networkidle")
        moved["guestbook"] = layout_shift(page)

        assert {name: shift for name, shift in moved.items() if shift > SHIFT} == {}

    def test_nothing_fails_and_no_original_is_loaded(
        self, traffic: Traffic, page: Page, complaints: list[str]
    ) -> None:
        page.goto(f"{GALLERY}enter/", wait_until="networkidle")
        traffic.settle(page)
        enter(page)
        address = photo_address(page, 3)
        scroll_through(page)
        expect(tiles(page)).to_have_count(PHOTOS)
        tile(page, PHOTOS).click()
        wait_until_open(page)
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("z")
        traffic.settle(page)
        page.goto(address, wait_until="networkidle")
        traffic.settle(page)
        page.goto(f"{GALLERY}guestbook/", wait_until="networkidle")
        traffic.settle(page)

        pictures = [r.url for r in traffic.finished if re.search("/(media|download)/", r.url)]
        assert [url for url in pictures if not RENDITION.search(url)] == []
        assert len(pictures) >= PHOTOS
        assert (traffic.failed, traffic.refused(), complaints) == ([], [], [])


def enter(page: Page) -> None:
    """Type the code, as somebody does who has it on a card."""
    page.get_by_label("Access code").fill(WEDDING_CODE)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{GALLERY}")
    page.wait_for_load_state("networkidle")


def photo_address(page: Page, number: int) -> str:
    """Return the address of a photo's own page, by the photo's number."""
    return tile(page, number).get_attribute("href") or ""

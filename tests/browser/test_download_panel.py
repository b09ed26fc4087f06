"""Taking photos home: numbers and sizes before the tap, choosing, downloading, a phone's Photos."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import Site
from tests.browser.pages import scroll_through, tile, tiles
from tests.browser.seed import AKAD_PHOTOS, PHOTOS, WEDDING_CODE, photo_name

pytestmark = pytest.mark.browser

GALLERY = "/e/budi-ani/"
AKAD = f"{GALLERY}?chapter=akad"
ARCHIVES = "**/e/budi-ani/download/"
ONE_ARCHIVE = "**/e/budi-ani/download/*/"
ONE_PHOTO = "**/photos/*/download/*"
GIGABYTE = 2**30
# What the server says of both sizes, as its own templates say it.
SIZES = """
import json
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import override
from gallery.models import Photo
photos = Photo.objects.filter(event__slug="budi-ani").order_by("taken_at")
def said(rows):
    both = rows.aggregate(Sum("delivery_size"), Sum("web_size"))
    return [filesizeformat(both["delivery_size__sum"]), filesizeformat(both["web_size__sum"])]
with override("en"):
    sizes = {
        "chosen": said(photos.filter(pk__in=[photos[0].pk, photos[2].pk])),
        "chapter": said(photos.filter(chapter__slug="akad")),
        "all": said(photos),
    }
print(json.dumps(sizes))
"""
# A phone's share sheet, which tells what it was given; `refusals` are the names of its errors.
SHARE_SHEET = """
window.shared = [];
window.refusals = [];
navigator.canShare = ({ files }) => files.every((file) => file.type.startsWith("image/"));
navigator.share = async ({ files }) => {
  const name = window.refusals.shift();
  if (name) throw new DOMException("", name);
  for (const file of files) {
    const start = [...new Uint8Array(await file.slice(0, 3).arrayBuffer())];
    window.shared.push([file.name, file.type, start.join(), file.size > 1000]);
  }
};
"""
JPEG_START = "255,216,255"


@pytest.fixture
def sizes(site: Site) -> dict[str, list[str]]:
    """What a choice of the first and the third photo, the chapter and everything weigh."""
    found: dict[str, list[str]] = site.installation.run_python(SIZES)
    return found


def summary(page: Page) -> Locator:
    return page.locator("summary").filter(has_text="Download photos")


def take(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name)


def start_choosing(page: Page) -> Locator:
    """Begin to choose, and return the bar that says how many are chosen."""
    take(page, "Choose photos").click()
    return page.get_by_role("group", name="Choose photos")


def choose(page: Page, *numbers: int) -> None:
    start_choosing(page)
    for number in numbers:
        tile(page, number).click()


def open_lightbox(page: Page) -> None:
    """Open the first photo, and wait until the lightbox may be closed again."""
    tile(page, 1).click()
    # Its neighbours are hidden until it has opened; keys are not heard before.
    expect(page.locator(".pswp__item").first).to_have_css("display", "block")


def notice(page: Page) -> Locator:
    return page.get_by_role("group", name="Download", exact=True)


class PanelTests:
    def test_number_and_size_stand_there_before_the_tap(
        self, guest: Page, sizes: dict[str, list[str]]
    ) -> None:
        guest.goto(AKAD)
        summary(guest).click()

        for wanted, size in (("Original files", 0), ("Web size", 1)):
            guest.get_by_label(wanted).check()
            chapter, everything = take(guest, "All of “Akad”"), take(guest, "The whole gallery")
            expect(chapter).to_contain_text(f"{AKAD_PHOTOS} photos")
            expect(chapter.get_by_text(sizes["chapter"][size], exact=True)).to_be_visible()
            expect(chapter.get_by_text(sizes["chapter"][1 - size], exact=True)).to_be_hidden()
            expect(everything).to_contain_text(f"{PHOTOS} photos")
            expect(everything.get_by_text(sizes["all"][size], exact=True)).to_be_visible()

    def test_the_chosen_ones_are_counted_and_weighed(
        self, guest: Page, sizes: dict[str, list[str]]
    ) -> None:
        choose(guest, 1, 3)
        bar = guest.get_by_role("group", name="Choose photos")
        summary(guest).click()

        for wanted, size in (("Web size", 1), ("Original files", 0)):
            guest.get_by_label(wanted).check()
            expect(bar).to_contain_text("2 chosen")
            expect(bar.get_by_text(sizes["chosen"][size], exact=True)).to_be_visible()
            expect(bar.get_by_text(sizes["chosen"][1 - size], exact=True)).to_be_hidden()
            expect(take(guest, "Chosen photos")).to_contain_text(sizes["chosen"][size])

    def test_sizes_have_the_form_of_the_language(
        self, guest: Page, sizes: dict[str, list[str]]
    ) -> None:
        guest.get_by_role("button", name="Bahasa Indonesia").click()
        expect(guest.locator("html")).to_have_attribute("lang", "id")
        guest.locator("[data-choose-start]").click()
        tile(guest, 1).click()
        tile(guest, 3).click()
        guest.locator("[data-choose-panel] summary").click()

        texts = guest.locator(".bytes--original").all_inner_texts()

        indonesian = [sizes[name][0].replace(".", ",") for name in ("chosen", "chosen", "all")]
        assert [" ".join(text.split()) for text in texts] == [
            " ".join(text.split()) for text in indonesian
        ]

    def test_the_sheet_is_closed_by_its_button_by_escape_and_by_a_tap_beside_it(
        self, guest: Page
    ) -> None:
        everything = take(guest, "The whole gallery")

        for close in (
            lambda: summary(guest).click(),
            lambda: guest.keyboard.press("Escape"),
            lambda: tile(guest, 1).click(),
        ):
            summary(guest).click()
            expect(everything).to_be_visible()
            close()
            expect(everything).to_be_hidden()
        expect(guest).to_have_url(GALLERY)

    @pytest.mark.parametrize("screen", [(320, 568), (390, 844), (1440, 900)])
    def test_it_covers_neither_the_last_photos_nor_the_footer(
        self, page: Page, screen: tuple[int, int]
    ) -> None:
        page.set_viewport_size({"width": screen[0], "height": screen[1]})
        page.goto(f"/q/{WEDDING_CODE}/")
        page.goto(AKAD)
        start_choosing(page)

        page.evaluate("scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")

        lowest = page.locator("footer button").last.bounding_box()
        dock = page.get_by_role("group", name="Choose photos").bounding_box()
        assert lowest
        assert dock
        assert lowest["y"] + lowest["height"] <= dock["y"]
        assert page.evaluate("document.documentElement.scrollWidth") == screen[0]

    def test_where_downloads_are_off_there_are_none(self, guest_who_may_look: Page) -> None:
        expect(tiles(guest_who_may_look)).to_have_count(3)
        expect(guest_who_may_look.get_by_text("Download")).to_have_count(0)
        expect(guest_who_may_look.locator("[name=photos]")).to_have_count(0)


class ChoosingTests:
    def test_boxes_are_there_once_the_sheet_is_open(self, guest: Page) -> None:
        box = guest.get_by_role("checkbox", name=f"Choose Photo {photo_name(1)}")
        expect(box).to_be_hidden()

        summary(guest).click()

        expect(box).to_be_visible()
        expect(take(guest, "Chosen photos")).to_be_disabled()

    def test_one_tap_begins_and_then_a_tap_on_a_photo_ticks_it(self, guest: Page) -> None:
        bar = start_choosing(guest)
        expect(bar).to_be_focused()
        expect(bar).to_contain_text("Tap the photos that you want.")

        tile(guest, 1).click()
        tile(guest, 2).click()
        tile(guest, 1).click()

        expect(bar).to_contain_text("1 chosen")
        expect(guest.get_by_role("checkbox", name=f"Choose Photo {photo_name(2)}")).to_be_checked()
        expect(guest).to_have_url(GALLERY)

    def test_the_number_is_announced(self, guest: Page) -> None:
        choose(guest, 1)

        expect(guest.locator("[aria-live=polite]").filter(has_text="1 chosen")).to_be_visible()

    @pytest.mark.parametrize("way", ["button", "Escape"])
    def test_leaving_keeps_what_is_chosen_and_photos_open_again(
        self, guest: Page, way: str
    ) -> None:
        third = photo_id(guest, 3)
        choose(guest, 1, 2)

        if way == "button":
            take(guest, "Stop choosing").click()
        else:
            guest.keyboard.press("Escape")

        expect(take(guest, "Choose photos")).to_be_focused()
        expect(guest.get_by_role("checkbox")).to_have_count(0)
        expect(guest.locator("[name=photos]:checked")).to_have_count(2)
        tile(guest, 3).click()
        expect(guest).to_have_url(f"{GALLERY}photos/{third}/")

    def test_all_that_are_shown_and_none(self, guest: Page) -> None:
        guest.goto(AKAD)
        bar = start_choosing(guest)
        expect(take(guest, "Clear the choice")).to_be_disabled()

        take(guest, "Choose all shown").click()
        expect(bar).to_contain_text(f"{AKAD_PHOTOS} chosen")
        take(guest, "Clear the choice").click()

        expect(guest.locator("[name=photos]:checked")).to_have_count(0)
        expect(bar).to_contain_text("Tap the photos that you want.")

    def test_a_tile_that_is_far_away_is_chosen_all_the_same(self, guest: Page) -> None:
        guest.set_viewport_size({"width": 390, "height": 300})
        scroll_through(guest)
        expect(tiles(guest).first).to_have_attribute("data-away", "")
        bar = start_choosing(guest)
        take(guest, "Choose all shown").click()
        expect(bar).to_contain_text(f"{PHOTOS} chosen")

        guest.evaluate("scrollTo({ top: 0, behavior: 'instant' })")

        box = guest.get_by_role("checkbox", name=f"Choose Photo {photo_name(1)}", exact=True)
        expect(box).to_be_checked()
        expect(bar).to_contain_text(f"{PHOTOS} chosen")

    def test_chosen_photos_come_as_one_zip_in_the_wanted_size(self, guest: Page) -> None:
        choose(guest, 1, 3)
        summary(guest).click()
        guest.get_by_label("Web size").check()

        with guest.expect_download() as caught:
            take(guest, "Chosen photos").click()

        with zipfile.ZipFile(caught.value.path()) as archive:
            assert archive.testzip() is None
            assert archive.namelist() == ["Akad/DSC_0001.jpg", "Akad/DSC_0003.jpg"]

    def test_without_scripts_the_choice_is_cleared_by_the_form(self, plain_guest: Page) -> None:
        plain_guest.goto(f"/q/{WEDDING_CODE}/")
        plain_guest.get_by_text("Download photos").click()
        plain_guest.get_by_role("checkbox", name=f"Choose Photo {photo_name(1)}").check()

        plain_guest.get_by_role("button", name="Clear the choice").click()

        expect(plain_guest.locator("[name=photos]:checked")).to_have_count(0)
        expect(take(plain_guest, "The whole gallery")).to_contain_text(f"{PHOTOS} photos")


def photo_id(page: Page, number: int) -> str:
    return tiles(page).nth(number - 1).get_attribute("data-photo-id") or ""


def planned_as(**changes: object) -> Callable[[Route], None]:
    """Let the plan of an archive say something else than it is."""

    def answer(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json=response.json() | changes)

    return answer


class DownloadTests:
    def test_a_large_one_is_handed_over_to_the_browser(self, guest: Page) -> None:
        guest.route(ARCHIVES, planned_as(bytes=3 * GIGABYTE // 2))
        summary(guest).click()

        with guest.expect_download() as caught:
            take(guest, "The whole gallery").click()

        assert f"/e/budi-ani/download/{caught.value.url.split('/')[-2]}/" in caught.value.url
        expect(notice(guest)).to_contain_text(f"Pernikahan Budi & Ani.zip ({PHOTOS} photos, 1.5")
        expect(notice(guest)).to_contain_text("the browser downloads it")
        expect(guest).to_have_url(GALLERY)

    def test_a_refusal_is_said_in_the_reader_s_words(self, guest: Page) -> None:
        summary(guest).click()
        guest.context.clear_cookies()

        take(guest, "The whole gallery").click()

        expect(take(guest, "Close")).to_be_focused()
        expect(guest.get_by_role("progressbar")).to_be_hidden()
        expect(notice(guest).locator("p").first).not_to_have_text("")
        take(guest, "Close").click()
        expect(notice(guest)).to_be_hidden()
        expect(summary(guest)).to_be_focused()

    def test_a_changed_archive_says_so(self, guest: Page, complaints: list[str]) -> None:
        error = {"code": "archive_changed", "message": "Photos have changed."}
        guest.route(ONE_ARCHIVE, lambda route: route.fulfill(status=410, json={"error": error}))
        summary(guest).click()

        take(guest, "The whole gallery").click()

        expect(notice(guest)).to_contain_text("Photos have changed.")
        complaints.clear()  # of the 410

    def test_a_busy_site_is_waited_for(self, guest: Page, complaints: list[str]) -> None:
        error = {"code": "busy", "message": "Many people are downloading right now."}
        busy = {"status": 503, "headers": {"Retry-After": "1"}, "json": {"error": error}}
        guest.route(ONE_ARCHIVE, lambda route: route.fulfill(**busy), times=1)
        summary(guest).click()

        with guest.expect_download() as caught:
            take(guest, "The whole gallery").click()
            expect(notice(guest)).to_contain_text("Many people are downloading right now.")

        assert zipfile.ZipFile(caught.value.path()).testzip() is None
        complaints.clear()  # of the 503

    def test_a_plan_that_did_not_arrive_is_made_on_a_second_tap(
        self, guest: Page, complaints: list[str]
    ) -> None:
        guest.route(ARCHIVES, lambda route: route.abort(), times=1)
        summary(guest).click()
        take(guest, "The whole gallery").click()

        with guest.expect_download():
            take(guest, "Go on").click()

        complaints.clear()  # of the request that failed


@pytest.fixture
def phone(
    browser: Browser, browser_context_args: dict[str, Any], complaints: list[str]
) -> Iterator[Page]:
    """A guest's phone whose browser hands files to other apps."""
    context = browser.new_context(**browser_context_args, has_touch=True, is_mobile=True)
    context.add_init_script(SHARE_SHEET)
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"/q/{WEDDING_CODE}/")
    yield page
    context.close()
    assert complaints == []


def offer_link(page: Page) -> Locator:
    """Put a link to the first photo on the page, as the page of a photo has it."""
    page.evaluate(
        """(id) => {
          const link = document.createElement("a");
          link.href = `/e/budi-ani/photos/${id}/download/?size=web`;
          link.dataset.save = "";
          Object.assign(link.dataset, { bytes: 9000, filename: "a.jpg", type: "image/jpeg" });
          link.textContent = "This photo";
          document.querySelector("main").prepend(link);
        }""",
        photo_id(page, 1),
    )
    return page.get_by_role("link", name="This photo")


@pytest.fixture
def bucket() -> Iterator[str]:
    """A storage of another origin that no page may read, but everybody download from."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Disposition", 'attachment; filename="far.jpg"')
            self.end_headers()
            self.wfile.write(b"far away")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}/far.jpg"
    server.shutdown()
    server.server_close()


class SaveTests:
    def test_a_phone_is_offered_the_chosen_photos_one_by_one(self, phone: Page) -> None:
        choose(phone, 1, 3)
        summary(phone).click()
        phone.get_by_label("Web size").check()

        take(phone, "Save to Photos").click()

        phone.wait_for_function("() => shared.length === 2")
        assert phone.evaluate("shared") == [
            ["DSC_0001.jpg", "image/jpeg", JPEG_START, True],
            ["DSC_0003.jpg", "image/jpeg", JPEG_START, True],
        ]
        expect(notice(phone)).to_be_hidden()

    def test_more_than_a_share_sheet_takes_is_not_offered(self, phone: Page) -> None:
        choose(phone, *range(1, 11))
        summary(phone).click()
        expect(take(phone, "Save to Photos")).to_be_visible()

        phone.get_by_role("checkbox", name=f"Choose Photo {photo_name(11)}").check()

        expect(take(phone, "Save to Photos")).to_be_hidden()

    def test_a_computer_is_not_offered_it(self, page: Page) -> None:
        page.add_init_script(SHARE_SHEET)
        page.goto(f"/q/{WEDDING_CODE}/")
        choose(page, 1)
        summary(page).click()

        expect(take(page, "Save to Photos")).to_be_hidden()

    def test_one_photo_goes_to_the_share_sheet(self, phone: Page) -> None:
        offer_link(phone).click()

        phone.wait_for_function("() => shared.length === 1")
        assert phone.evaluate("shared")[0][:2] == ["DSC_0001.jpg", "image/jpeg"]

    def test_a_tap_too_long_ago_is_asked_for_again(self, phone: Page) -> None:
        phone.evaluate("refusals.push('NotAllowedError')")
        offer_link(phone).click()

        take(phone, "Save now").click()

        phone.wait_for_function("() => shared.length === 1")
        expect(notice(phone)).to_be_hidden()

    def test_what_waits_for_a_tap_outlives_the_lightbox(self, phone: Page) -> None:
        phone.evaluate("refusals.push('NotAllowedError')")
        open_lightbox(phone)
        phone.get_by_label("Download this photo").click()
        phone.get_by_role("link", name="Download in web size").click()
        expect(take(phone, "Save now")).to_be_focused()

        phone.keyboard.press("Escape")
        expect(phone.locator(".pswp")).to_have_count(0)
        take(phone, "Save now").click()

        phone.wait_for_function("() => shared.length === 1")

    def test_who_thinks_better_of_it_may_have_the_file(self, phone: Page) -> None:
        phone.evaluate("refusals.push('AbortError')")
        offer_link(phone).click()
        expect(notice(phone)).to_contain_text("Everything is here.")

        with phone.expect_download() as caught:
            take(phone, "Download instead").click()

        assert caught.value.suggested_filename == "DSC_0001.jpg"

    def test_a_sheet_that_refuses_twice_leaves_a_download(self, phone: Page) -> None:
        phone.evaluate("refusals.push('NotAllowedError', 'NotAllowedError')")
        offer_link(phone).click()

        with phone.expect_download() as caught:
            take(phone, "Save now").click()

        assert caught.value.suggested_filename == "DSC_0001.jpg"

    def test_without_a_share_sheet_the_page_of_a_photo_downloads_it(self, guest: Page) -> None:
        guest.goto(tile(guest, 1).get_attribute("href") or "")

        with guest.expect_download() as caught:
            guest.get_by_role("link", name="Download in web size").click()

        assert caught.value.suggested_filename == "DSC_0001.jpg"
        assert caught.value.path().read_bytes().startswith(b"\xff\xd8\xff")
        expect(notice(guest)).to_contain_text("DSC_0001.jpg is saved.")

    def test_in_the_lightbox_the_progress_can_be_used_and_outlives_it(self, guest: Page) -> None:
        waiting: list[Route] = []
        guest.route(ONE_PHOTO, lambda route: waiting.append(route))
        open_lightbox(guest)
        guest.get_by_label("Download this photo").click()
        guest.get_by_role("link", name="Download in web size").click()
        cancel = take(guest, "Cancel")
        expect(cancel).to_be_focused()

        guest.keyboard.press("Escape")
        expect(guest.locator(".pswp")).to_have_count(0)
        with guest.expect_download():
            waiting[0].continue_()

        expect(notice(guest)).to_contain_text("DSC_0001.jpg is saved.")

    def test_inside_of_another_app_downloads_are_its_own(
        self, browser: Browser, browser_context_args: dict[str, Any]
    ) -> None:
        context = browser.new_context(
            **browser_context_args, user_agent="Mozilla/5.0 (Linux; Android 15; wv) Chrome/140"
        )
        page = context.new_page()
        page.goto(f"/q/{WEDDING_CODE}/")
        choose(page, 1)
        expect(page.get_by_role("group", name="Choose photos")).to_contain_text("KB")
        summary(page).click()

        with page.expect_download() as caught:
            take(page, "The whole gallery").click()

        assert "/e/budi-ani/download/" in caught.value.url
        assert not caught.value.url.startswith("blob:")
        expect(notice(page)).to_be_hidden()
        context.close()

    def test_a_storage_that_no_page_may_read_is_left_to_the_browser(
        self, guest: Page, bucket: str, complaints: list[str]
    ) -> None:
        guest.route(
            ONE_PHOTO, lambda route: route.fulfill(status=302, headers={"Location": bucket})
        )
        link = offer_link(guest)

        with guest.expect_download() as caught:
            link.click()

        assert caught.value.suggested_filename == "far.jpg"
        expect(notice(guest)).to_be_hidden()
        complaints.clear()  # of the answer that it may not read

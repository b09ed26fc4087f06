"""One photo over the gallery: keys, swipes, zoom, the address, and the way back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import named, scroll_through, tile, tiles, wait_until_open
from tests.browser.seed import AKAD_PHOTOS, PHOTOS, photo_name

pytestmark = pytest.mark.browser

GALLERY = "/e/budi-ani/"
FOCUSED = """() => {
  const focused = document.activeElement;
  if (!focused.parentElement.closest(".pswp")) {
    return focused.matches("body, .pswp") ? "frame" : focused.outerHTML;
  }
  return focused.ariaLabel ?? focused.querySelector(".visually-hidden").textContent;
}"""
# But for the sign of waiting, which is there when something is waited for.
MOVING = """() => document.getAnimations()
  .map((animation) => animation.animationName ?? animation.transitionProperty)
  .filter((name) => name !== "pswp-clockwise")"""
# Controls that are small, off the screen, or lie on one another.
MISPLACED = """() => {
  const all = [...document.querySelectorAll(".lightbox__button")];
  const shown = all.filter((e) => e.checkVisibility({ visibilityProperty: true }));
  const boxes = shown.map((e) => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()]);
  return boxes.filter(([, a], place) => a.width < 44 || a.height < 44 || a.left < 0 || a.top < 0
    || a.right > innerWidth || a.bottom > innerHeight
    || boxes.some(([, b], other) => other !== place && a.left < b.right && b.left < a.right
      && a.top < b.bottom && b.top < a.bottom)).map(([html]) => html);
}"""
# Controls at whose middle something else would be tapped.
COVERED = """all => all
  .filter((e) => e.checkVisibility({ visibilityProperty: true }))
  .filter((e) => {
    const box = e.getBoundingClientRect();
    const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return !e.contains(hit);
  })
  .map((e) => e.outerHTML.slice(0, 90))"""


HIDDEN = re.compile(r"\bvisually-hidden\b")


def caption(page: Page) -> Locator:
    return page.locator(".lightbox__caption")


def open_photo(page: Page, number: int) -> None:
    """Tap a photo and wait until it has opened."""
    tiles(page).nth(number - 1).scroll_into_view_if_needed()
    tile(page, number).click()
    expect(caption(page)).to_have_text(named(number)[0])
    wait_until_open(page)


def address_of(page: Page, number: int) -> str:
    found = tile(page, number).get_attribute("href")
    assert found
    return found


class OpeningTests:
    def test_a_tap_opens_the_photo_under_its_own_address(self, guest: Page) -> None:
        open_photo(guest, 3)

        expect(guest.get_by_role("dialog")).to_be_visible()
        expect(guest).to_have_url(address_of(guest, 3))

    def test_its_address_is_that_of_the_photo_s_own_page(self, guest: Page) -> None:
        open_photo(guest, 3)

        guest.reload()

        expect(guest.get_by_role("heading", level=1)).to_have_text(named(3)[0])
        guest.get_by_role("link", name="Back to the gallery").click()
        expect(guest).to_have_url(re.compile(rf"{GALLERY}#photo-[0-9a-f-]+$"))

    # The service worker has it by then, and its requests pass by the route of a test.
    @pytest.mark.browser_context_args(service_workers="block")
    def test_where_it_cannot_be_loaded_the_tap_leads_to_the_photo_s_page(
        self, guest: Page, complaints: list[str]
    ) -> None:
        guest.route("**/vendor/photoswipe/**", lambda route: route.abort())

        tile(guest, 3).click()

        expect(guest.get_by_role("heading", level=1)).to_have_text(named(3)[0])
        complaints.clear()

    def test_a_tap_with_the_control_key_is_the_browser_s(self, guest: Page) -> None:
        with guest.context.expect_page() as caught:
            tile(guest, 3).click(modifiers=["Control"])

        expect(caught.value.get_by_role("heading", level=1)).to_have_text(named(3)[0])

    def test_renditions_are_shown_and_never_originals(self, guest: Page) -> None:
        asked: list[str] = []
        guest.on("request", lambda request: asked.append(request.url))

        open_photo(guest, 3)
        guest.keyboard.press("z")
        guest.wait_for_load_state("networkidle")

        pictures = [url for url in asked if "/media/" in url or "/download/" in url]
        assert {re.sub(r".*/", "", url) for url in pictures} <= {
            "w400.webp",
            "w800.webp",
            "w1600.webp",
        }
        assert len(pictures) > 0


class CaptionTests:
    def test_what_the_photographer_wrote_is_shown(self, guest: Page) -> None:
        tile(guest, 3).evaluate("link => { link.dataset.captioned = ''; }")

        open_photo(guest, 3)

        expect(caption(guest)).not_to_have_class(HIDDEN)

    def test_the_name_of_a_file_is_said_and_not_shown(self, guest: Page) -> None:
        tile(guest, 3).evaluate("link => { link.dataset.captioned = ''; }")
        open_photo(guest, 3)

        guest.keyboard.press("ArrowRight")

        expect(caption(guest)).to_have_text(named(4)[0])
        expect(caption(guest)).to_have_class(HIDDEN)


class MovingTests:
    def test_arrow_keys_turn_the_photos(self, guest: Page) -> None:
        open_photo(guest, 3)

        guest.keyboard.press("ArrowRight")
        expect(caption(guest)).to_have_text(named(4)[0])
        guest.keyboard.press("ArrowLeft")
        guest.keyboard.press("ArrowLeft")

        expect(caption(guest)).to_have_text(named(2)[0])
        expect(guest).to_have_url(address_of(guest, 2))

    def test_a_swipe_turns_them_too(self, guest: Page) -> None:
        open_photo(guest, 3)

        guest.mouse.move(300, 420)
        guest.mouse.down()
        guest.mouse.move(60, 420, steps=8)
        guest.mouse.up()

        expect(caption(guest)).to_have_text(named(4)[0])

    def test_a_photo_is_zoomed(self, guest: Page) -> None:
        open_photo(guest, 3)

        guest.get_by_role("button", name="Zoom").click()

        expect(guest.get_by_role("dialog")).to_have_class(re.compile("pswp--zoomed-in"))

    def test_it_goes_on_into_the_next_page(self, guest: Page) -> None:
        scroll_through(guest)
        expect(tiles(guest)).to_have_count(PHOTOS)
        guest.reload()
        open_photo(guest, 59)

        for number in range(60, PHOTOS + 1):
            guest.keyboard.press("ArrowRight")
            expect(caption(guest)).to_have_text(named(number)[0])

        expect(guest.get_by_role("button", name="Next photo")).to_be_hidden()


class ClosingTests:
    def test_escape_closes_it_and_gives_the_gallery_s_address_back(self, guest: Page) -> None:
        open_photo(guest, 3)

        guest.keyboard.press("Escape")

        expect(guest.get_by_role("dialog")).to_have_count(0)
        expect(guest).to_have_url(GALLERY)
        expect(tile(guest, 3)).to_be_focused()

    def test_the_back_button_closes_it_and_forward_opens_it_again(self, guest: Page) -> None:
        open_photo(guest, 3)

        guest.go_back()
        expect(guest.get_by_role("dialog")).to_have_count(0)
        expect(guest).to_have_url(GALLERY)
        guest.go_forward()

        expect(caption(guest)).to_have_text(named(3)[0])

    def test_the_grid_stands_at_the_photo_that_was_seen_last(self, guest: Page) -> None:
        open_photo(guest, 3)
        for number in range(4, 24):
            guest.keyboard.press("ArrowRight")
            expect(caption(guest)).to_have_text(named(number)[0])

        guest.get_by_role("button", name="Close").click()

        expect(guest.get_by_role("dialog")).to_have_count(0)
        expect(tile(guest, 23)).to_be_in_viewport()


class DownloadTests:
    def test_its_button_gives_the_original_under_the_camera_s_name(self, guest: Page) -> None:
        open_photo(guest, 3)
        guest.keyboard.press("ArrowRight")
        expect(caption(guest)).to_have_text(named(4)[0])

        guest.get_by_label("Download this photo").click()
        with guest.expect_download() as caught:
            guest.get_by_role("link", name="Download the original").click()

        assert caught.value.suggested_filename == photo_name(4)
        expect(guest.locator(".pswp")).to_be_visible()

    def test_what_it_says_of_the_download_covers_no_control(self, guest: Page) -> None:
        open_photo(guest, 3)
        guest.get_by_label("Download this photo").click()

        with guest.expect_download():
            guest.get_by_role("link", name="Download the original").click()

        notice = guest.get_by_role("group", name="Download", exact=True)
        expect(notice).to_contain_text("is saved")
        assert guest.locator(".lightbox__button").evaluate_all(COVERED) == []

    def test_the_sizes_are_said_before_the_tap(self, guest: Page) -> None:
        open_photo(guest, 3)

        guest.get_by_label("Download this photo").click()

        for name in ("Download the original", "Download in web size"):
            expect(guest.get_by_role("link", name=name)).to_have_text(
                re.compile(rf"{name}\s+\d+\.\d KB")
            )

    def test_escape_and_the_next_photo_close_the_choice_of_sizes(self, guest: Page) -> None:
        open_photo(guest, 3)
        link = guest.get_by_role("link", name="Download in web size")

        guest.get_by_label("Download this photo").click()
        expect(link).to_be_visible()
        link.focus()
        guest.keyboard.press("Escape")
        expect(link).to_be_hidden()
        expect(guest.get_by_label("Download this photo")).to_be_focused()
        guest.get_by_label("Download this photo").click()
        guest.keyboard.press("ArrowRight")

        expect(caption(guest)).to_have_text(named(4)[0])
        expect(link).to_be_hidden()

    def test_where_downloads_are_off_it_has_no_button(self, guest_who_may_look: Page) -> None:
        open_photo(guest_who_may_look, 1)

        expect(guest_who_may_look.get_by_label("Download this photo")).to_have_count(0)


class FrameTests:
    def test_it_says_no_word_of_its_own(self, guest: Page) -> None:
        open_photo(guest, 3)

        expect(guest.locator("[aria-roledescription]")).to_have_count(0)

    def test_the_focus_stays_inside_and_every_control_is_reached(self, guest: Page) -> None:
        open_photo(guest, 3)

        reached = set()
        for _ in range(12):
            guest.keyboard.press("Tab")
            reached.add(guest.evaluate(FOCUSED))

        assert reached - {"frame"} == {
            *("Zoom", "Close", "Previous photo", "Next photo", "Like this photo", "Comments"),
            *("Share this photo", "Download this photo"),
        }

    @pytest.mark.parametrize("size", [(320, 568), (390, 844), (740, 340), (1440, 900)])
    def test_controls_are_on_the_screen_apart_and_large_enough(
        self, guest: Page, size: tuple[int, int]
    ) -> None:
        guest.set_viewport_size({"width": size[0], "height": size[1]})

        open_photo(guest, 3)

        assert guest.evaluate(MISPLACED) == []

    def test_it_says_how_many_comments_there_are_only_if_there_are(self, guest: Page) -> None:
        guest.evaluate(
            """() => document.querySelectorAll("[data-photo-id]")[2].insertAdjacentHTML(
              "beforeend", '<span class="grid__comments"><span>3</span></span>')"""
        )

        open_photo(guest, 3)

        link = guest.get_by_role("link", name="Comments")
        expect(link).to_have_text(re.compile(r"Comments\s+3"))
        expect(link).to_have_attribute("href", re.compile(r"#comments$"))
        guest.keyboard.press("ArrowRight")
        expect(link.locator("[data-count]")).to_be_hidden()

    def test_with_reduced_motion_it_is_there_at_once(self, guest: Page) -> None:
        guest.emulate_media(reduced_motion="reduce")

        open_photo(guest, 3)

        assert guest.evaluate("getComputedStyle(document.querySelector('.pswp')).opacity") == "1"
        assert guest.evaluate(MOVING) == []


class TileTests:
    def test_neighbours_are_fetched_before_they_are_asked_for(self, guest: Page) -> None:
        guest.set_viewport_size({"width": 1440, "height": 900})
        names = tiles(guest).evaluate_all("all => all.map((e) => e.dataset.photoId)")
        second_next = names[6].replace("-", "")
        guest.wait_for_load_state("networkidle")

        with guest.expect_request(re.compile(rf"{second_next}.*\.webp")) as caught:
            open_photo(guest, 5)

        expect(caption(guest)).to_have_text(named(5)[0])
        assert caught.value.resource_type == "image"

    def test_a_tile_that_was_emptied_far_away_opens_again(self, guest: Page) -> None:
        open_photo(guest, 2)
        guest.go_back()
        expect(guest.locator(".pswp")).to_have_count(0)
        tile(guest, 2).blur()  # what has the focus is not emptied
        scroll_through(guest)
        expect(tiles(guest).nth(1)).to_have_attribute("data-away", "")

        guest.go_forward()

        expect(caption(guest)).to_have_text(named(2)[0])
        expect(guest.locator(".pswp__img").first).to_be_visible()


class PhotoPageTests:
    def test_arrow_keys_turn_the_photos_but_not_under_what_is_typed(self, guest: Page) -> None:
        guest.goto(address_of(guest, 3))
        heading = guest.get_by_role("heading", level=1)

        guest.keyboard.press("ArrowRight")
        expect(heading).to_have_text(named(4)[0])
        guest.get_by_role("textbox", name="Your comment").focus()
        guest.keyboard.press("ArrowRight")
        guest.get_by_role("textbox", name="Your comment").blur()
        guest.keyboard.press("ArrowLeft")

        expect(heading).to_have_text(named(3)[0])

    def test_neighbours_and_the_way_back_stay_inside_the_chapter(self, guest: Page) -> None:
        guest.goto(f"{GALLERY}?chapter=akad")
        guest.goto(address_of(guest, AKAD_PHOTOS))

        expect(guest.get_by_role("link", name="Next photo")).to_have_count(0)
        guest.get_by_role("link", name="Previous photo").click()
        expect(guest).to_have_url(re.compile(r"\?chapter=akad$"))
        guest.get_by_role("link", name="Back to the gallery").click()

        expect(guest).to_have_url(re.compile(rf"{GALLERY}\?chapter=akad#photo-[0-9a-f-]+$"))

    def test_the_picture_is_whole_and_nothing_scrolls_sideways(self, guest: Page) -> None:
        guest.goto(address_of(guest, 5))

        for width in (320, 390, 768, 1440, 2560):
            guest.set_viewport_size({"width": width, "height": 800})
            assert guest.evaluate("document.documentElement.scrollWidth") == width
            box = guest.locator(".photo__picture").bounding_box()
            assert box
            assert abs(box["width"] / box["height"] - 1400 / 500) < 0.02

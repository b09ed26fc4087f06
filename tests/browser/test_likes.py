"""Likes: the heart answers at once, the site has the last word, and one heart is every heart."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.pages import tile, wait_until_open

pytestmark = pytest.mark.browser

LIKE = re.compile(r"/like/$")


class Held:
    """Requests for likes that wait until the test answers them."""

    def __init__(self, page: Page) -> None:
        self.routes: list[Route] = []
        page.route(LIKE, lambda route: self.routes.append(route))

    def wishes(self) -> list[str]:
        """Return what was asked for, in order."""
        found = [re.search(r'name="liked"\s+(\d)', body(route)) for route in self.routes]
        return [match.group(1) for match in found if match]

    def answer(self, page: Page, place: int, **values: Any) -> None:
        """Wait for the request at this place, and answer it."""
        wait_for(page, lambda: len(self.routes) > place)
        self.routes[place].fulfill(**values)


def body(route: Route) -> str:
    return (route.request.post_data_buffer or b"").decode()


def wait_for(page: Page, is_so: Callable[[], bool]) -> None:
    for _ in range(200):
        if is_so():
            return
        page.wait_for_timeout(50)  # lets the browser's events in; a condition ends it
    raise AssertionError("It did not come about.")


def liked(count: int, *, yes: bool = True) -> dict[str, Any]:
    return {"status": 200, "json": {"liked": yes, "count": count}}


def heart(page: Page, number: int) -> Locator:
    """Return the like button on the tile of the photo with this number, counted from 1."""
    return page.locator("[data-photo-id]").nth(number - 1).locator("[data-like]")


def expect_like(button: Locator, *, pressed: bool, count: int) -> None:
    expect(button).to_have_attribute("aria-pressed", "true" if pressed else "false")
    expect(button).to_have_attribute("data-like-count", str(count))
    expect(button.locator("[data-count]")).to_have_text(str(count))


def count_of(button: Locator) -> int:
    return int(button.get_attribute("data-like-count") or "")


class TileTests:
    def test_a_like_is_there_after_a_reload_and_can_be_taken_back(self, guest: Page) -> None:
        before = count_of(heart(guest, 1))

        with guest.expect_response(LIKE):
            heart(guest, 1).click()
        expect_like(heart(guest, 1), pressed=True, count=before + 1)
        guest.reload()
        expect_like(heart(guest, 1), pressed=True, count=before + 1)
        with guest.expect_response(LIKE):
            heart(guest, 1).click()
        guest.reload()

        expect_like(heart(guest, 1), pressed=False, count=before)

    def test_it_is_shown_before_the_site_has_answered_which_then_says_the_count(
        self, guest: Page
    ) -> None:
        before, held = count_of(heart(guest, 2)), Held(guest)

        heart(guest, 2).click()
        expect_like(heart(guest, 2), pressed=True, count=before + 1)
        held.answer(guest, 0, **liked(count=41))

        expect_like(heart(guest, 2), pressed=True, count=41)

    def test_of_quick_taps_the_last_wish_counts(self, guest: Page) -> None:
        held = Held(guest)

        for _ in range(3):
            heart(guest, 2).click()
        heart(guest, 2).click()
        held.answer(guest, 0, **liked(count=8))
        held.answer(guest, 1, **liked(count=7, yes=False))

        expect_like(heart(guest, 2), pressed=False, count=7)
        assert held.wishes() == ["1", "0"]

    def test_taps_that_come_back_to_what_is_so_ask_for_nothing_more(self, guest: Page) -> None:
        held = Held(guest)

        for _ in range(3):
            heart(guest, 2).click()
        held.answer(guest, 0, **liked(count=5))

        expect_like(heart(guest, 2), pressed=True, count=5)
        assert held.wishes() == ["1"]

    def test_without_a_network_it_goes_back_and_says_so(
        self, guest: Page, complaints: list[str]
    ) -> None:
        before = count_of(heart(guest, 3))
        guest.context.set_offline(True)

        heart(guest, 3).click()

        expect(guest.locator("[data-toast]")).to_have_text(
            "The like could not be saved. Are you online?"
        )
        expect_like(heart(guest, 3), pressed=False, count=before)
        complaints.clear()

    def test_a_refusal_is_told_in_the_site_s_own_words(
        self, guest: Page, complaints: list[str]
    ) -> None:
        before, held = count_of(heart(guest, 3)), Held(guest)

        heart(guest, 3).click()
        error = {"code": "too_fast", "message": "Try again in 9 seconds."}
        held.answer(guest, 0, status=429, body=json.dumps({"error": error}))

        expect(guest.get_by_text("Try again in 9 seconds.")).to_be_visible()
        expect_like(heart(guest, 3), pressed=False, count=before)
        complaints.clear()

    def test_whoever_is_no_longer_admitted_is_not_told_that_it_was_saved(self, guest: Page) -> None:
        before = count_of(heart(guest, 3))
        guest.context.clear_cookies()

        heart(guest, 3).click()

        expect(guest.locator("[data-toast]")).not_to_be_empty()
        expect_like(heart(guest, 3), pressed=False, count=before)

    def test_it_works_by_keyboard(self, guest: Page) -> None:
        heart(guest, 4).focus()
        before = count_of(heart(guest, 4))

        with guest.expect_response(LIKE):
            guest.keyboard.press("Enter")

        expect_like(heart(guest, 4), pressed=True, count=before + 1)
        expect(heart(guest, 4)).to_be_focused()


class OtherHeartTests:
    def test_the_heart_of_the_lightbox_is_that_of_the_tile(self, guest: Page) -> None:
        before = count_of(heart(guest, 5))
        tile(guest, 5).click()
        wait_until_open(guest)
        proxy = guest.locator("[data-like-proxy]")
        expect(proxy).to_be_visible()

        with guest.expect_response(LIKE):
            proxy.click()

        expect_like(proxy, pressed=True, count=before + 1)
        expect_like(heart(guest, 5), pressed=True, count=before + 1)
        guest.keyboard.press("ArrowRight")
        expect(proxy).to_have_attribute("aria-pressed", "false")

    def test_the_page_of_one_photo_likes_without_leaving(self, guest: Page) -> None:
        guest.goto(guest.locator("[data-lightbox]").nth(5).get_attribute("href") or "")
        button = guest.get_by_role("button", name="Like this photo")
        before = count_of(button)

        with guest.expect_response(LIKE):
            button.click()

        expect_like(button, pressed=True, count=before + 1)
        guest.reload()
        expect_like(button, pressed=True, count=before + 1)

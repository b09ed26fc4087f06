"""The queue of comments by keyboard and by finger, and what happens when the site refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import Site
from tests.browser.pages import violations

pytestmark = pytest.mark.browser

QUEUE = "/admin/engagement/comment/queue/"
STAFF, PASSWORD = "hafi-moderates@example.com", "a-long-password-of-ours"
NAMES = ["Sari", "Dewi", "Bimo"]
SETUP = """
import json
from django.utils import timezone
from engagement.models import Comment
from events.models import Event
from hafiportrait.accounts.models import User
"""
CLEAR = 'Comment.objects.filter(event__slug="antrean").delete()'
WRITE = """
event, _ = Event.objects.get_or_create(
    slug="antrean",
    defaults={"title": "Siraman", "access_code": "ANTREAN77", "event_date": timezone.now()},
)
for name in NAMES:
    Comment.objects.create(
        event=event, author_name=name, content=f"Selamat dari {name}", session_id="a"
    )
print(json.dumps(str(event.pk)))
"""
STAND = """
print(json.dumps(dict(
    Comment.objects.filter(event__slug="antrean").values_list("author_name", "status")
)))
"""
PENDING, APPROVED, REJECTED = "PENDING", "APPROVED", "REJECTED"


def run(site: Site, code: str) -> Any:
    return site.installation.run_python(f"{SETUP}NAMES = {json.dumps(NAMES)}\n{code}")


@pytest.fixture(scope="module")
def logged_in(site: Site, browser: Browser, browser_context_args: dict[str, Any]) -> Any:
    """What the browser of the photographer keeps once she has logged in."""
    make = f"User.objects.create_superuser({STAFF!r}, {PASSWORD!r}, full_name='Hafi')"
    run(site, f"{make}\nprint(json.dumps(None))")
    context = browser.new_context(**browser_context_args)
    page = context.new_page()
    page.goto(f"/accounts/login/?next={QUEUE}")
    page.locator("[name=login]").fill(STAFF)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(f"**{QUEUE}")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def queue(site: Site, page: Page, logged_in: Any) -> Page:
    """The queue of an event in which three wishes wait."""
    event = run(site, CLEAR + WRITE)
    page.context.add_cookies(logged_in["cookies"])
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{QUEUE}?event={event}")
    return page


@pytest.fixture
def plain_queue(
    site: Site, browser: Browser, browser_context_args: dict[str, Any], logged_in: Any
) -> Iterator[Page]:
    """The same in a browser that runs no scripts."""
    event = run(site, CLEAR + WRITE)
    context = browser.new_context(
        **browser_context_args, java_script_enabled=False, storage_state=logged_in
    )
    plain = context.new_page()
    plain.goto(f"{QUEUE}?event={event}")
    yield plain
    context.close()


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("article").filter(has=page.get_by_role("heading", name=name))


def said(page: Page) -> Locator:
    return page.locator("[data-moderation-said]")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


class KeysTests:
    def test_letters_move_and_decide_and_the_focus_goes_on(self, site: Site, queue: Page) -> None:
        press(queue, "j", "j", "k", "a")

        expect(row(queue, "Sari")).to_be_hidden()
        expect(row(queue, "Dewi")).to_be_focused()
        expect(said(queue)).to_have_text("One comment is approved.")
        press(queue, "r")
        expect(said(queue)).to_have_text("One comment is rejected.")
        expect(row(queue, "Bimo")).to_be_focused()
        expect(queue.locator(".moderation__filter[aria-current]")).to_contain_text("1")
        assert run(site, STAND) == {"Sari": APPROVED, "Dewi": REJECTED, "Bimo": PENDING}

    def test_arrows_move_from_one_to_the_next(self, queue: Page) -> None:
        row(queue, "Sari").focus()

        press(queue, "ArrowDown", "ArrowDown", "ArrowUp")

        expect(row(queue, "Dewi")).to_be_focused()

    def test_what_is_selected_is_decided_together(self, site: Site, queue: Page) -> None:
        press(queue, "j", "x", "j", "j", "x", "r")

        expect(said(queue)).to_have_text("2 comments are rejected.")
        expect(row(queue, "Dewi")).to_be_focused()
        assert run(site, STAND) == {"Sari": REJECTED, "Dewi": PENDING, "Bimo": REJECTED}

    def test_decisions_are_taken_back_the_last_one_first(self, site: Site, queue: Page) -> None:
        press(queue, "j", "a", "r")
        expect(said(queue)).to_have_text("One comment is rejected.")

        press(queue, "u")
        expect(row(queue, "Dewi")).to_be_focused()
        expect(queue.locator("[data-moderation-done]")).to_have_text("One comment is approved.")
        press(queue, "u")

        expect(row(queue, "Sari")).to_be_focused()
        expect(queue.locator("[data-moderation-last]")).to_be_hidden()
        assert run(site, STAND) == dict.fromkeys(NAMES, PENDING)

    def test_they_are_explained_and_can_be_turned_off(self, queue: Page) -> None:
        press(queue, "?")
        queue.get_by_label("Single letters work as keys").uncheck()
        queue.get_by_role("button", name="Close").click()
        queue.reload()

        press(queue, "j", "a")

        expect(row(queue, "Sari")).to_be_visible()
        expect(row(queue, "Sari")).not_to_be_focused()


class FingerTests:
    def test_all_that_is_shown_is_approved_at_once(self, site: Site, queue: Page) -> None:
        queue.get_by_text("Select all shown").click()
        queue.get_by_role("button", name="Approve selected").click()

        expect(queue.get_by_role("heading", name="Nothing is waiting")).to_be_visible()
        assert run(site, STAND) == dict.fromkeys(NAMES, APPROVED)

    def test_a_page_that_is_done_makes_room_for_what_came_since(
        self, site: Site, queue: Page
    ) -> None:
        run(site, WRITE.replace("NAMES", "['Om Darto']"))

        queue.get_by_text("Select all shown").click()
        queue.get_by_role("button", name="Approve selected").click()

        expect(row(queue, "Om Darto")).to_be_visible()

    def test_a_decision_of_an_earlier_page_is_taken_back(self, site: Site, queue: Page) -> None:
        row(queue, "Dewi").get_by_role("button", name="Reject").click()
        expect(said(queue)).to_have_text("One comment is rejected.")
        queue.reload()

        queue.get_by_role("button", name="Undo").click()

        expect(row(queue, "Dewi")).to_be_visible()
        assert run(site, STAND) == dict.fromkeys(NAMES, PENDING)

    def test_where_the_site_cannot_be_reached_the_words_come_back(
        self, queue: Page, complaints: list[str]
    ) -> None:
        queue.route("**/approve/", lambda route: route.abort())

        row(queue, "Sari").get_by_role("button", name="Approve").click()

        expect(queue.get_by_role("alert")).to_have_text("This was not saved. Are you online?")
        expect(row(queue, "Sari")).to_be_visible()
        complaints.clear()

    def test_an_error_of_the_site_is_said_in_its_words(
        self, queue: Page, complaints: list[str]
    ) -> None:
        def refuse(route: Route) -> None:
            route.fulfill(status=503, json={"error": {"message": "Back in a moment."}})

        queue.route("**/reject/", refuse)

        row(queue, "Sari").get_by_role("button", name="Reject").click()

        expect(queue.get_by_role("alert")).to_have_text("Back in a moment.")
        expect(row(queue, "Sari")).to_be_visible()
        complaints.clear()

    def test_what_another_moderator_decided_is_said(self, site: Site, queue: Page) -> None:
        run(
            site,
            "Comment.objects.filter(author_name='Sari', event__slug='antrean')"
            ".update(status='REJECTED')\nprint(json.dumps(None))",
        )

        row(queue, "Sari").get_by_role("button", name="Approve").click()

        expect(said(queue)).to_contain_text("Somebody else was faster")
        assert run(site, STAND)["Sari"] == REJECTED

    def test_what_its_author_took_back_is_said(self, site: Site, queue: Page) -> None:
        run(
            site,
            "Comment.objects.filter(author_name='Sari', event__slug='antrean').delete()\n"
            "print(json.dumps(None))",
        )

        row(queue, "Sari").get_by_role("button", name="Approve").click()

        expect(said(queue)).to_have_text("The guest took these words back meanwhile.")
        expect(row(queue, "Dewi")).to_be_focused()


class PlainTests:
    def test_without_scripts_one_is_approved_and_taken_back(
        self, site: Site, plain_queue: Page
    ) -> None:
        row(plain_queue, "Dewi").get_by_role("button", name="Approve").click()
        expect(row(plain_queue, "Dewi")).to_have_count(0)
        assert run(site, STAND)["Dewi"] == APPROVED

        plain_queue.get_by_role("button", name="Undo").click()

        expect(row(plain_queue, "Dewi")).to_be_visible()

    def test_without_scripts_all_are_selected_and_rejected(
        self, site: Site, plain_queue: Page
    ) -> None:
        plain_queue.get_by_text("Select all shown").click()
        plain_queue.get_by_role("button", name="Reject selected").click()

        expect(plain_queue.get_by_role("heading", name="Nothing is waiting")).to_be_visible()
        assert run(site, STAND) == dict.fromkeys(NAMES, REJECTED)

    def test_enter_on_a_box_decides_nothing(self, site: Site, plain_queue: Page) -> None:
        box = row(plain_queue, "Sari").get_by_role("checkbox")
        box.check()

        box.press("Enter")

        expect(box).to_be_checked()
        assert run(site, STAND) == dict.fromkeys(NAMES, PENDING)


class LooksTests:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [360, 1280])
    def test_axe_finds_nothing_and_nothing_is_too_wide(
        self, queue: Page, scheme: Any, width: int
    ) -> None:
        queue.set_viewport_size({"width": width, "height": 800})
        # Without motion, or the colours would be read on their way from one scheme to the other.
        queue.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        queue.reload()

        assert violations(queue) == []
        assert queue.evaluate("document.documentElement.scrollWidth") == width

    def test_what_a_finger_hits_is_large_enough(self, queue: Page) -> None:
        queue.set_viewport_size({"width": 360, "height": 800})

        small = queue.locator(".moderation :is(a, button, label)").evaluate_all(
            """all => all
              .filter((e) => e.checkVisibility())
              .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
              .filter(([, box]) => box.width < 44 || box.height < 44)
              .map(([html]) => html)"""
        )

        assert small == []

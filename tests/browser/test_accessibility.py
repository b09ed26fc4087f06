"""Everybody can use every page of ours: axe-core, screens of all widths, fingers and keyboards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Site
from tests.browser.pages import LANGUAGE_COOKIE, tile, violations
from tests.browser.seed import (
    EMPTY,
    EMPTY_CODE,
    LOOK_ONLY,
    LOOK_ONLY_CODE,
    WEDDING,
    WEDDING_CODE,
)

pytestmark = pytest.mark.browser

WIDTHS = (320, 360, 390, 768, 1024, 1440, 1920, 2560)
# What can be hit: what takes a tap by itself or by its label. Links inside a sentence may be as
# high as their line (WCAG 2.5.8), and the skip link is there for keyboards only. What frames our
# pages in the admin is Django's.
TOO_SMALL = """() => {
  const isSmall = (element) => {
    const { width, height } = element.getBoundingClientRect();
    return Math.round(width) < 44 || Math.round(height) < 44;
  };
  // A tile that is far from the screen has no boxes in it yet.
  const isSeen = (element) => element.checkVisibility(
    { visibilityProperty: true, contentVisibilityAuto: true });
  const isInSentence = (element) => getComputedStyle(element).display === "inline"
    && element.parentElement.textContent.trim() !== element.textContent.trim();
  const taps = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  const ours = document.querySelector("#content-start #content") ?? document;
  return [...ours.querySelectorAll(taps)]
    .filter((element) => !element.matches(".skip-link") && !element.closest("[aria-hidden=true]"))
    .map((element) => [element, [element, ...(element.labels ?? [])].filter(isSeen)])
    .filter(([element, ways]) => ways.length && ways.every(isSmall) && !isInSentence(element))
    .map(([element]) => element.outerHTML.replace(/\\s+/g, " ").slice(0, 100));
}"""
STAFF, PASSWORD = "hafi-looks@example.com", "a-long-password-of-ours"
CLOSED, FULL = "sudah-tutup", "terlalu-ramai"
WRONG_CODES_A_MINUTE = 20
SETUP = f"""
import json

from django.utils import timezone
from engagement.models import Comment
from events.models import Event
from gallery.models import Photo
from hafiportrait.accounts import notifications
from hafiportrait.accounts.models import User

now = timezone.now()
words = {{"event_date": now, "location": "Gedung Sate"}}
Event.objects.create(
    title="Sangjit Maya", slug={CLOSED!r}, access_code="SANGJIT7", status="ARCHIVED", **words
)
Event.objects.create(title="Midodareni", slug={FULL!r}, access_code="RAMAI7788", **words)
hafi = User.objects.create_superuser({STAFF!r}, {PASSWORD!r}, full_name="Hafi")
leaving = notifications.unsubscribe_url(hafi, "gallery-closes").split("/")[-2]
wedding = Event.objects.get(slug={WEDDING!r})
photo = Photo.objects.filter(event=wedding).order_by("taken_at")[2]
for name, status, on, attendance in (
    ("Sari", "APPROVED", photo, ""), ("Dewi", "PENDING", photo, ""),
    ("Bimo", "APPROVED", None, "YES"), ("Rina", "PENDING", None, "NO"),
):
    Comment.objects.create(
        event=wedding, photo=on, author_name=name, content=f"Selamat dari {{name}}",
        session_id="somebody", status=status, attendance=attendance,
    )
untouchable = Photo.objects.filter(event__slug={LOOK_ONLY!r}).first()
print(json.dumps({{
    "event": str(wedding.pk), "photo": str(photo.pk), "untouchable": str(untouchable.pk),
    "leaving": leaving,
}}))
"""

STRANGER_PAGES = {
    "the gate": "/masuk/",
    "the gate of a gallery": f"/e/{WEDDING}/enter/",
    "a wrong code": "/q/WRONG234/",
    "404": "/e/nobody/",
    "410": f"/e/{CLOSED}/",
    "the log-in": "/accounts/login/",
    "a forgotten password": "/accounts/password/reset/",
    "a letter on its way": "/accounts/password/reset/done/",
    "a stale link to a new password": "/accounts/password/reset/key/1-abc/",
    "no sign-up": "/accounts/signup/",
    "the end of letters": "/accounts/unsubscribe/{leaving}/",
    "no network": "/offline/{language}/",
}
GUEST_PAGES = {
    "the gallery": f"/e/{WEDDING}/",
    "a chapter": f"/e/{WEDDING}/?chapter=akad",
    "no favourites yet": f"/e/{WEDDING}/?show=liked",
    "the most liked": f"/e/{WEDDING}/?show=popular",
    "new photos": f"/e/{WEDDING}/?show=new&after=1",
    "a gallery to look at": f"/e/{LOOK_ONLY}/",
    "a gallery without photos": f"/e/{EMPTY}/",
    "a photo": f"/e/{WEDDING}/photos/{{photo}}/",
    "a photo to look at": f"/e/{LOOK_ONLY}/photos/{{untouchable}}/",
    "403": f"/e/{LOOK_ONLY}/photos/{{untouchable}}/download/",
    "the guestbook": f"/e/{WEDDING}/guestbook/",
    "the keepsake": f"/e/{WEDDING}/guestbook/keepsake/",
    "the wall": f"/e/{WEDDING}/slideshow/",
}
STAFF_PAGES = {
    "the components": "/admin/components/",
    "the queue of comments": "/admin/engagement/comment/queue/",
    "the upload": "/admin/gallery/photo/upload/{event}/",
    "the log-out": "/accounts/logout/",
    "a new password": "/accounts/password/change/",
    "the choice of letters": "/accounts/letters/",
    "the second factor": "/accounts/2fa/",
    "a new second factor": "/accounts/2fa/totp/activate/",
}
PAGES = STRANGER_PAGES | GUEST_PAGES | STAFF_PAGES
MAIN_PAGES = ("the gate", "the gallery", "a photo", "the guestbook", "the keepsake")
TITLED_PAGES = (
    *("the gate of a gallery", "the gallery", "a chapter", "a gallery without photos"),
    *("the guestbook", "the keepsake"),
)
LONG_WORD = "Prawirodiningratkusumohadiningrat"
Cookies = dict[str, list[Any]]


@pytest.fixture(scope="module")
def ids(site: Site) -> dict[str, str]:
    """What the addresses name; with them come the events, comments and people of these tests."""
    made: dict[str, str] = site.installation.run_python(SETUP)
    return made


@pytest.fixture(scope="module")
def cookies(
    ids: dict[str, str], browser: Browser, browser_context_args: dict[str, Any]
) -> Iterator[Cookies]:
    """What the browsers of a guest of three events and of the photographer keep."""
    guest = browser.new_context(**browser_context_args)
    for code in (WEDDING_CODE, LOOK_ONLY_CODE, EMPTY_CODE):
        guest.request.get(f"/q/{code}/", max_redirects=0)
    staff = browser.new_context(**browser_context_args)
    log_in(staff.new_page())
    yield {"guest": guest.cookies(), "staff": staff.cookies()}
    guest.close()
    staff.close()


def log_in(page: Page) -> None:
    page.goto("/accounts/login/?next=/accounts/2fa/")
    page.locator("[name=login]").fill(STAFF)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url("**/accounts/2fa/")


@pytest.fixture
def visit(page: Page, base_url: str, ids: dict[str, str], cookies: Cookies) -> Any:
    """Opens a page by its name, in a language, as who may see it."""

    def open_page(name: str, *, language: str = "id") -> Page:
        chosen: Any = {"name": LANGUAGE_COOKIE, "value": language, "url": base_url}
        page.context.add_cookies([chosen])
        page.emulate_media(reduced_motion="reduce")
        if name in GUEST_PAGES:
            page.context.add_cookies(cookies["guest"])
        elif name in STAFF_PAGES:
            page.context.add_cookies(cookies["staff"])
        page.goto(PAGES[name].format(**ids, language=language))
        assert page.locator("html").get_attribute("lang") == language
        return page

    return open_page


class AxeTests:
    @pytest.mark.parametrize("language", ["id", "en"])
    @pytest.mark.parametrize("name", PAGES)
    def test_every_page_in_both_languages(self, visit: Any, name: str, language: str) -> None:
        assert violations(visit(name, language=language)) == []

    @pytest.mark.parametrize("name", MAIN_PAGES)
    def test_the_main_pages_in_the_dark(self, visit: Any, page: Page, name: str) -> None:
        page.emulate_media(color_scheme="dark")

        assert violations(visit(name)) == []

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width", [390, 1440])
    def test_the_gallery_with_its_panel_open(
        self, visit: Any, page: Page, width: int, scheme: Any
    ) -> None:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        visit("the gallery")

        page.locator("[data-choose-panel] > summary").click()
        page.locator("[name=photos]").first.check()

        assert violations(page) == []

    def test_the_lightbox(self, visit: Any, page: Page) -> None:
        visit("the gallery")
        tile(page, 3).click()
        expect(page.locator(".lightbox__caption")).to_be_visible()

        assert violations(page) == []

    @pytest.mark.parametrize("language", ["id", "en"])
    def test_the_page_after_too_many_wrong_codes(
        self, visit: Any, page: Page, context: BrowserContext, language: str
    ) -> None:
        visit("404", language=language)
        for _ in range(WRONG_CODES_A_MINUTE + 1):
            page.goto(f"/e/{FULL}/enter/")
            token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
            answer = context.request.post(
                f"/e/{FULL}/enter/",
                form={"csrfmiddlewaretoken": token, "code": "SALAH2345"},
                headers={"Referer": page.url},
            )
            if answer.status == 429:
                break
        page.locator("[name=code]").fill("SALAH2345")
        page.locator("[name=code]").press("Enter")
        page.wait_for_load_state()

        assert violations(page) == []


class ScreenTests:
    @pytest.mark.parametrize("name", PAGES)
    def test_nothing_is_scrolled_sideways(self, visit: Any, name: str) -> None:
        page = visit(name)

        wide = {}
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            wide[width] = page.evaluate("document.documentElement.scrollWidth")

        assert wide == {width: width for width in WIDTHS}

    @pytest.mark.parametrize("name", TITLED_PAGES)
    def test_nor_by_a_title_of_one_long_word(self, visit: Any, name: str) -> None:
        page = visit(name)
        page.set_viewport_size({"width": 320, "height": 844})

        page.locator("h1").evaluate("(title, word) => { title.textContent = word; }", LONG_WORD)

        assert page.evaluate("document.documentElement.scrollWidth") == 320
        right = page.locator("h1").evaluate(
            """title => {
              const range = document.createRange();
              range.selectNodeContents(title);
              return range.getBoundingClientRect().right;
            }"""
        )
        assert right <= 320

    @pytest.mark.parametrize("name", PAGES)
    def test_what_a_finger_hits_is_large_enough(self, visit: Any, name: str) -> None:
        page = visit(name)

        small = {}
        for width in (320, 390, 1440):
            page.set_viewport_size({"width": width, "height": 844})
            small[width] = page.evaluate(TOO_SMALL)

        assert small == {320: [], 390: [], 1440: []}

    def test_nor_is_it_smaller_in_the_open_panel(self, visit: Any) -> None:
        page = visit("the gallery")
        page.locator("[data-choose-panel] > summary").click()

        assert page.evaluate(TOO_SMALL) == []


class KeyboardTests:
    def test_the_keyboard_reaches_the_content_first(self, guest: Page) -> None:
        guest.keyboard.press("Tab")

        expect(guest.get_by_role("link", name="Skip to the content")).to_be_focused()
        guest.keyboard.press("Enter")
        expect(guest.get_by_role("main")).to_be_focused()

"""The photographer's admin for everybody: axe-core, both schemes, phones and desks, our looks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site
from tests.browser.pages import LANGUAGE_COOKIE, violations

pytestmark = pytest.mark.browser

STAFF, PASSWORD = "hafi-desk@example.com", "a-long-password-of-ours"
SETUP = f"""
import json
from datetime import timedelta
from django.contrib.admin.models import CHANGE, LogEntry
from django.utils import timezone
from analytics.models import EventAnalytics, PhotoDownload
from engagement.models import Comment, EditingRequest, EditingRequestPhoto, PhotoLike
from events.models import Chapter, Event, GuestSession, OldSlug
from gallery.models import Photo
from hafiportrait.accounts.models import Notification, User
from portfolio.models import PortfolioPhoto
from tests.browser.seed import send

now = timezone.now()
hafi = User.objects.create_superuser({STAFF!r}, {PASSWORD!r}, full_name="Hafi")
ratna = User.objects.create_user("ratna-desk@example.com", full_name="Ratna")
event = Event.objects.create(
    title="Resepsi Ratna", slug="resepsi-ratna", access_code="RATNA7788", event_date=now,
    location="Gedung Merdeka, Bandung", description="Hujan reda tepat waktu.", client=ratna,
    storage_expires_at=now + timedelta(days=90),
)
event.partners.add(hafi)
OldSlug.objects.create(event=event, slug="ratna")
chapter = Chapter.objects.create(event=event, title="Akad", slug="akad", position=1)
send(event, 901, chapter)
photo = Photo.objects.get(event=event)
session = GuestSession.objects.create(
    event=event, session_id="d" * 64, entered_by="QR", display_name="Sari"
)
like = PhotoLike.objects.create(photo=photo, session=session)
comment = Comment.objects.create(
    event=event, photo=photo, author_name="Sari", content="Selamat menempuh hidup baru! " * 4,
    session_id="somebody", status="APPROVED",
)
request = EditingRequest.objects.create(
    event=event, client=ratna, request_type="CROPPING", description="Potong tiang di kiri."
)
EditingRequestPhoto.objects.create(
    request=request, photo=photo, note="Di sini", pin_x=0.2, pin_y=0.5
)
download = PhotoDownload.objects.create(
    photo=photo, event=event, user=ratna, download_type="SINGLE", size="WEB", bytes=4_000_000
)
totals, _ = EventAnalytics.objects.get_or_create(event=event)
work = PortfolioPhoto.objects.create(
    title="Senja di Uluwatu", filename="senja.jpg", storage_key="p/desk", thumbnail_key="t"
)
letter = Notification.objects.create(
    user=ratna, kind="gallery-closes", fact="a", channel="EMAIL", language="id", due_at=None,
    status="FAILED", error="550 no such box",
)
said = [{{"changed": {{"fields": ["Access code"]}}}}]
LogEntry.objects.log_actions(hafi.pk, [event], CHANGE, change_message=said, single_object=True)
rows = {{
    "event": event, "session": session, "photo": photo, "like": like, "comment": comment,
    "request": request, "work": work, "download": download, "totals": totals, "person": ratna,
    "letter": letter,
}}
print(json.dumps({{name: str(row.pk) for name, row in rows.items()}}))
"""

MODELS = {
    "event": "events/event",
    "session": "events/guestsession",
    "photo": "gallery/photo",
    "like": "engagement/photolike",
    "comment": "engagement/comment",
    "request": "engagement/editingrequest",
    "work": "portfolio/portfoliophoto",
    "download": "analytics/photodownload",
    "totals": "analytics/eventanalytics",
    "person": "accounts/user",
    "letter": "accounts/notification",
}
ADDED = ("event", "request", "person")
DELETED = ("event", "photo", "comment", "request", "person")
PAGES = {
    "the overview": "/admin/",
    "an app": "/admin/events/",
    **{f"the list of each {name}": f"/admin/{path}/" for name, path in MODELS.items()},
    **{f"one {name}": f"/admin/{path}/{{{name}}}/change/" for name, path in MODELS.items()},
    **{
        f"the history of one {name}": f"/admin/{MODELS[name]}/{{{name}}}/history/" for name in ADDED
    },
    **{f"a new {name}": f"/admin/{MODELS[name]}/add/" for name in ADDED},
    **{f"a deleted {name}": f"/admin/{MODELS[name]}/{{{name}}}/delete/" for name in DELETED},
    "a list sorted and filtered": "/admin/events/event/?q=ratna&status__exact=ACTIVE&o=1.-2",
    "a list with nothing in it": "/admin/events/event/?q=nobody-has-this-name",
    "the photos of an event": "/admin/gallery/photo/?event={event}",
    "a new person in a window": "/admin/accounts/user/add/?_popup=1",
    "a new code": "/admin/events/event/{event}/new-code/",
    "a person's password": "/admin/accounts/user/{person}/password/",
    "one's own password": "/admin/password_change/",
}
PHONE, DESK = 390, 1440
TOKENS = {
    "light": {"ground": "rgb(251, 248, 243)", "text": "rgb(30, 27, 23)"},
    "dark": {"ground": "rgb(18, 18, 18)", "text": "rgb(229, 229, 229)"},
}
LOOKS = """() => {
  const looks = (name) => getComputedStyle(document.querySelector(name));
  const face = (name) => looks(name).fontFamily.split(",")[0].replaceAll('"', "");
  return {
    ground: looks("body").backgroundColor,
    text: looks("#content h1").color,
    faces: [face("body"), face("#content input[type=text]"), face("#content h1")],
  };
}"""


@pytest.fixture(scope="module")
def ids(site: Site) -> dict[str, str]:
    """What the addresses name: one row of each model, and the photographer."""
    made: dict[str, str] = site.installation.run_python(SETUP)
    site.installation.manage("run_jobs", "--until-idle")
    return made


@pytest.fixture(scope="module")
def cookies(
    ids: dict[str, str], browser: Browser, browser_context_args: dict[str, Any]
) -> Iterator[list[Any]]:
    """What the photographer's browser keeps after the log-in."""
    context = browser.new_context(**browser_context_args)
    page = context.new_page()
    page.goto("/accounts/login/?next=/admin/")
    page.locator("[name=login]").fill(STAFF)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url("**/admin/")
    yield context.cookies()
    context.close()


@pytest.fixture
def visit(page: Page, base_url: str, ids: dict[str, str], cookies: list[Any]) -> Any:
    """Opens a page by its name, in a language, on a phone first."""
    page.context.add_cookies(cookies)

    def open_page(name: str, *, language: str = "id") -> Page:
        chosen: Any = {"name": LANGUAGE_COOKIE, "value": language, "url": base_url}
        page.context.add_cookies([chosen])
        page.emulate_media(reduced_motion="reduce")
        page.set_viewport_size({"width": PHONE, "height": 844})
        page.goto(PAGES[name].format(**ids))
        assert page.locator("html").get_attribute("lang") == language
        return page

    return open_page


def violations_by_width(page: Page) -> dict[int, list[str]]:
    """Return what axe-core finds wrong on a phone and at a desk."""
    found = {}
    for width in (PHONE, DESK):
        page.set_viewport_size({"width": width, "height": 844})
        found[width] = violations(page)
    return found


CLEAN: dict[int, list[str]] = {PHONE: [], DESK: []}


class AxeTests:
    # Words do not change with the colours: each language is read in one scheme.
    @pytest.mark.parametrize(("language", "scheme"), [("id", "light"), ("en", "dark")])
    @pytest.mark.parametrize("name", PAGES)
    def test_every_page(
        self, visit: Any, page: Page, name: str, language: str, scheme: Any
    ) -> None:
        page.emulate_media(color_scheme=scheme)

        assert violations_by_width(visit(name, language=language)) == CLEAN

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_a_refused_form(self, visit: Any, page: Page, scheme: Any) -> None:
        page.emulate_media(color_scheme=scheme)
        visit("a new event")
        page.locator("[name=title]").evaluate("field => { field.form.noValidate = true; }")
        page.locator("[name=_save]").click()
        expect(page.locator(".errornote")).to_be_visible()

        assert violations_by_width(page) == CLEAN

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_a_message_and_the_question_before_many_are_deleted(
        self, visit: Any, page: Page, scheme: Any
    ) -> None:
        page.emulate_media(color_scheme=scheme)
        visit("the list of each photo")
        page.locator("[name=action]").select_option("hide_from_guests")
        page.locator("[name=index]").click()
        expect(page.locator(".messagelist")).to_be_visible()
        assert violations_by_width(page) == CLEAN

        page.locator("[name=_selected_action]").first.check()
        page.locator("[name=action]").select_option("delete_selected")
        page.locator("[name=index]").click()
        expect(page.locator(".delete-confirmation")).to_be_visible()

        assert violations_by_width(page) == CLEAN

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_an_open_choice(self, visit: Any, page: Page, scheme: Any) -> None:
        page.emulate_media(color_scheme=scheme)
        visit("one event")
        page.locator("[name=client] + .select2 [role=combobox]").click()
        expect(page.locator(".select2-results__option", has_text="Ratna")).to_be_visible()

        assert violations_by_width(page) == CLEAN

    @pytest.mark.parametrize("opener", ["#calendarlink0", "#clocklink0"])
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_an_open_calendar_or_clock(
        self, visit: Any, page: Page, opener: str, scheme: Any
    ) -> None:
        page.emulate_media(color_scheme=scheme)
        visit("one event").locator(opener).click()

        assert violations_by_width(page) == CLEAN


class NameTests:
    def test_both_halves_of_a_time_have_names(self, visit: Any) -> None:
        page = visit("a new event", language="en")

        expect(page.locator("[name=event_date_0]")).to_have_accessible_name("Date: date")
        expect(page.locator("[name=event_date_1]")).to_have_accessible_name("Date: time")

    def test_a_choice_says_its_label_and_what_is_chosen(self, visit: Any) -> None:
        page = visit("one event", language="en")
        client = page.locator("[name=client] + .select2 [role=combobox]")
        partners = page.locator("[name=partners] + .select2 [role=searchbox]")

        expect(client).to_have_accessible_name("Client: × Ratna")
        expect(partners).to_have_accessible_name("Partners:")

    def test_the_inputs_of_a_table_have_names(self, visit: Any) -> None:
        page = visit("one event", language="en")

        expect(page.locator("[name=chapters-0-title]")).to_have_accessible_name("Title")
        expect(page.locator("[name=chapters-0-DELETE]")).to_have_accessible_name("Delete")


class ScreenTests:
    @pytest.mark.parametrize("name", PAGES)
    def test_nothing_is_scrolled_sideways(self, visit: Any, name: str) -> None:
        page = visit(name)

        wide = {}
        for width in (320, PHONE, 768, DESK):
            page.set_viewport_size({"width": width, "height": 844})
            wide[width] = page.evaluate("document.documentElement.scrollWidth")

        assert wide == {width: width for width in wide}

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_it_wears_our_colours_and_letters(self, visit: Any, page: Page, scheme: Any) -> None:
        page.emulate_media(color_scheme=scheme)

        looks = visit("a new event").evaluate(LOOKS)

        assert looks == {
            **TOKENS[scheme],
            "faces": ["Figtree", "Figtree", "Cormorant Garamond"],
        }

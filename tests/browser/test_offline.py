"""A gallery that was opened once opens again without a network, until its reader is refused."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, Worker, expect

from tests.browser.conftest import Site
from tests.browser.seed import EMPTY_CODE
from tests.installation import wait_until

pytestmark = pytest.mark.browser

CHANGED_PARTIES = 17  # besides the one of all other tests
PARTY_PHOTOS = 3
MANY_PHOTOS = 150  # three pages
SECONDS, PAUSE = 20, 0.05
DAY_MILLISECONDS = 24 * 3600 * 1000
MAKE_PARTIES = """
import json
from django.utils import timezone
from events.models import Chapter, Event
from tests.browser.seed import send
for number in range({parties}):
    event = Event.objects.create(
        title=f"Pesta {{number}}", slug=f"pesta-{{number}}", access_code=f"GAMELAN{{number:02d}}",
        event_date=timezone.now(),
    )
    for photo in range(1, {photos} + 1):
        send(event, photo, None)
print(json.dumps("done"))
"""
IN_SHELL = """
import json
from django.utils import timezone
from events.models import Event
from events import services as event_services
from gallery import services
from gallery.models import Photo
event = Event.objects.get(slug="{slug}")
{code}
print(json.dumps("done"))
"""
# Nobody looks at these photos: they have no files.
LINE_UP = """
from tests.browser.seed import line_up
event.photos.all().delete()
line_up(event, {})
event.gallery_version += 1
event.save(update_fields=["gallery_version"])
"""
# What is kept: the names in the cache of a gallery, without the worker's own notes.
KEPT = """async (slug) => {
  const name = `gallery-1-${slug}`;
  if (!(await caches.has(name))) return [];
  const keys = await (await caches.open(name)).keys();
  return keys.map((k) => new URL(k.url)).map((u) => u.pathname + u.search)
    .filter((key) => key !== "/kept/ledger" && key !== "/kept/order").sort();
}"""
LEDGER = """async (slug) => {
  const ledger = await caches.match("/kept/ledger", { cacheName: `gallery-1-${slug}` });
  return ledger ? ledger.json() : [];
}"""
# Brings every page of the list, as scrolling does, and returns its photos in order.
WALK = """async () => {
  const photos = [];
  for (let next = "./"; next; ) {
    const answer = await fetch(next, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    photos.push(...[...page.querySelectorAll("[data-photo-id]")].map((t) => t.dataset.photoId));
    next = page.querySelector("[data-more]")?.getAttribute("href");
  }
  return photos;
}"""
SEND = """async ([address, times]) => {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  const headers = { Accept: "application/json" };
  const answers = [];
  for (let time = 0; time < times; time += 1) {
    answers.push((await fetch(address, { method: "POST", body, headers })).status);
  }
  return answers;
}"""
NOTE_WHAT_THE_WORKER_ASKS = """() => {
  const ask = self.fetch;
  self.asked = [];
  self.fetch = (asked, ...more) => {
    self.asked.push(new URL(asked.url ?? asked, location.origin).pathname);
    return ask(asked, ...more);
  };
}"""
NAMED_NOWHERE = """async ([slug, photos]) => {
  const cache = await caches.open(`gallery-1-${slug}`);
  const kept = await Promise.all((await cache.keys()).map((key) => cache.match(key)));
  const texts = await Promise.all(kept.map((answer) => answer?.text()));
  return !photos.some((photo) => texts.some((text) => text?.includes(photo)));
}"""
ALL_COMPLETE = "() => [...document.images].every((i) => i.complete && i.naturalWidth > 1)"


@dataclass
class Party:
    """A small event of one test."""

    number: int
    site: Site

    @property
    def slug(self) -> str:
        return f"pesta-{self.number}"

    @property
    def gallery(self) -> str:
        return f"/e/{self.slug}/"

    @property
    def code(self) -> str:
        return f"GAMELAN{self.number:02d}"

    def does(self, code: str) -> None:
        """Run code in the site's shell, where `event` is this one."""
        self.site.installation.run_python(IN_SHELL.format(slug=self.slug, code=code))


@pytest.fixture(scope="module")
def parties(site: Site) -> Iterator[Party]:
    site.installation.run_python(
        MAKE_PARTIES.format(parties=CHANGED_PARTIES + 1, photos=PARTY_PHOTOS)
    )
    site.installation.manage("run_jobs", "--until-idle")
    return (Party(number, site) for number in range(1, CHANGED_PARTIES + 1))


@pytest.fixture
def party(parties: Iterator[Party], site: Site) -> Party:
    """The event of all tests that leave it as it is; each has a browser of its own."""
    return Party(0, site)


@pytest.fixture
def sari(page: Page, party: Party) -> Page:
    """A guest who opened the gallery once, and has it on her phone."""
    page.goto(f"/q/{party.code}/")
    wait_until_kept(page, party)
    return page


def kept(page: Page, party: Party) -> list[str]:
    """Return the names of what is kept of a gallery."""
    found: list[str] = page.evaluate(KEPT, party.slug)
    return found


def is_noted(page: Page, party: Party, pictures: int) -> bool:
    noted = [key for key, _ in page.evaluate(LEDGER, party.slug)]
    return party.gallery in noted and sum(key.startswith("/kept/") for key in noted) >= pictures


def wait_until_kept(page: Page, party: Party, pictures: int = PARTY_PHOTOS) -> None:
    """Wait until the page and its pictures are kept, and noted."""
    assert wait_until(lambda: is_noted(page, party, pictures), seconds=SECONDS, pause=PAUSE)


def wait_until_forgotten(page: Page, party: Party) -> None:
    """Wait until the cache of a gallery is gone."""
    name = f"gallery-1-{party.slug}"
    gone = "async (name) => !(await caches.has(name))"
    assert wait_until(lambda: bool(page.evaluate(gone, name)), seconds=SECONDS, pause=PAUSE)


def worker_of(page: Page) -> Worker:
    return page.context.service_workers[0]


def send(page: Page, address: str, times: int = 1) -> list[int]:
    """Send an empty form as a script does; return what was answered each time."""
    statuses: list[int] = page.evaluate(SEND, [address, times])
    return statuses


def photo_pages(page: Page) -> list[str]:
    links = page.locator("[data-lightbox]").evaluate_all("all => all.map(a => a.pathname)")
    return [str(link) for link in links]


class OpeningAgainTests:
    def test_after_one_visit_the_gallery_opens_without_a_network(
        self, sari: Page, party: Party
    ) -> None:
        sari.context.set_offline(True)

        sari.goto(party.gallery)

        expect(sari.get_by_text("as it was kept on this device")).to_be_visible()
        expect(sari.locator("[data-photo-id]")).to_have_count(PARTY_PHOTOS)
        sari.wait_for_function(ALL_COMPLETE)
        when = sari.locator(".kept time")
        expect(when).to_have_attribute(
            "datetime", f"{sari.locator('html').get_attribute('data-kept')}"
        )
        expect(when).not_to_be_empty()

    def test_when_the_network_is_back_the_page_can_be_loaded_again(
        self, sari: Page, party: Party
    ) -> None:
        sari.context.set_offline(True)
        sari.goto(party.gallery)
        expect(sari.get_by_text("The network is back.")).to_be_hidden()

        sari.context.set_offline(False)
        expect(sari.get_by_text("The network is back.")).to_be_visible()
        sari.get_by_role("link", name="Load again").click()

        expect(sari.get_by_text("as it was kept on this device")).to_be_hidden()
        expect(sari.locator("[data-photo-id]")).to_have_count(PARTY_PHOTOS)

    def test_a_photo_s_page_that_was_opened_opens_again(self, sari: Page, party: Party) -> None:
        seen, unseen = photo_pages(sari)[:2]
        sari.goto(seen)
        sari.wait_for_load_state("networkidle")
        sari.context.set_offline(True)

        sari.goto(seen)
        expect(sari.get_by_text("as it was kept on this device")).to_be_visible()
        # The large picture was never kept: a smaller one stands in.
        sari.wait_for_function(ALL_COMPLETE)

        sari.goto(unseen)
        expect(sari.get_by_role("heading", name="No connection")).to_be_visible()
        sari.get_by_role("link", name="Open the gallery as it was kept").click()
        expect(sari.locator("[data-photo-id]")).to_have_count(PARTY_PHOTOS)

    def test_a_gallery_that_was_never_opened_says_so(self, sari: Page) -> None:
        sari.context.set_offline(True)

        sari.goto("/e/hanya-lihat/")

        expect(sari.get_by_role("heading", name="No connection")).to_be_visible()
        expect(sari.get_by_role("link", name="Load again")).to_be_visible()
        expect(sari.get_by_role("link", name="as it was kept")).to_have_count(0)

    def test_a_network_that_says_nothing_is_not_waited_for(
        self, sari: Page, party: Party, site: Site
    ) -> None:
        server = os.getpgid(site.installation.processes[-1].pid)
        os.killpg(server, signal.SIGSTOP)
        try:
            sari.goto(party.gallery)
            expect(sari.get_by_text("as it was kept on this device")).to_be_visible()
        finally:
            os.killpg(server, signal.SIGCONT)

    def test_what_is_sent_by_a_form_is_never_kept(self, sari: Page, party: Party) -> None:
        sari.get_by_role("button", name="Bahasa Indonesia").click()
        expect(sari.locator("html")).to_have_attribute("lang", "id")

        assert [key for key in kept(sari, party) if not key.startswith("/kept/")] == [party.gallery]


class ForgettingTests:
    @pytest.fixture
    def party(self, parties: Iterator[Party]) -> Party:
        """An event of this test alone, which changes it."""
        return next(parties)

    def test_with_a_network_the_page_is_fresh_and_has_no_note(
        self, sari: Page, party: Party
    ) -> None:
        party.does("event.title = 'Pesta besar'; event_services.update_event(event=event)")

        sari.goto(party.gallery)

        expect(sari.get_by_role("heading", level=1)).to_have_text("Pesta besar")
        expect(sari.get_by_text("as it was kept on this device")).to_be_hidden()

    @pytest.mark.parametrize(
        ("ending", "status"),
        [
            ("event_services.rotate_code(event=event)", 200),
            ("event.status = Event.Status.ARCHIVED; event_services.update_event(event=event)", 410),
            ("event.storage_expires_at = timezone.now(); event.save()", 410),
            ("event.status = Event.Status.DRAFT; event_services.update_event(event=event)", 404),
        ],
        ids=["another code", "archived", "expired", "withdrawn"],
    )
    def test_a_gallery_that_is_over_leaves_nothing_behind(
        self, sari: Page, party: Party, complaints: list[str], ending: str, status: int
    ) -> None:
        party.does(ending)

        answer = sari.goto(party.gallery)

        assert answer is not None
        assert answer.status == status
        wait_until_forgotten(sari, party)
        complaints.clear()  # Chromium writes a 410 to the console
        sari.context.set_offline(True)
        sari.goto(party.gallery)
        expect(sari.get_by_role("heading", name="No connection")).to_be_visible()

    def test_a_script_that_is_refused_is_enough(self, sari: Page, party: Party) -> None:
        party.does("event_services.rotate_code(event=event)")

        status = sari.evaluate("fetch('new/?after=0').then((answer) => answer.status)")

        assert status == 403
        wait_until_forgotten(sari, party)

    def test_a_photo_that_was_hidden_is_gone_with_all_pages_that_show_it(
        self, sari: Page, party: Party
    ) -> None:
        hidden, other = photo_pages(sari)[:2]
        sari.goto(hidden)
        sari.goto(other)
        wait_until_kept(sari, party)
        photo = hidden.split("/")[4]
        assert [key for key in kept(sari, party) if photo.replace("-", "") in key]
        photos = f"Photo.objects.filter(pk='{photo}')"
        party.does(f"services.set_visibility(photos={photos}, visibility=Photo.Visibility.CLIENT)")

        sari.goto(party.gallery)

        expect(sari.locator("[data-photo-id]")).to_have_count(PARTY_PHOTOS - 1)
        assert wait_until(lambda: hidden not in kept(sari, party), seconds=SECONDS, pause=PAUSE)
        names = kept(sari, party)
        assert [key for key in names if photo.replace("-", "") in key or photo in key] == []
        assert party.gallery in names
        # Its neighbour's page led to it.
        assert other not in names

    def test_the_page_of_a_photo_that_is_gone_takes_its_pictures_along(
        self, sari: Page, party: Party
    ) -> None:
        page = photo_pages(sari)[0]
        photo = page.split("/")[4]
        party.does(f"services.delete_photos(photos=Photo.objects.filter(pk='{photo}'))")

        answer = sari.goto(page)

        assert answer is not None
        assert answer.status == 404
        name = photo.replace("-", "")
        assert wait_until(
            lambda: not any(name in key for key in kept(sari, party)), seconds=SECONDS, pause=PAUSE
        )
        assert party.gallery not in kept(sari, party)  # it shows the photo too
        assert len({key.split("/")[3] for key in kept(sari, party)}) == PARTY_PHOTOS - 1

    def test_photos_hidden_at_once_on_several_pages_are_all_gone(
        self, sari: Page, party: Party
    ) -> None:
        party.does(LINE_UP.format(MANY_PHOTOS))
        photos: list[str] = sari.evaluate(WALK)
        assert len(photos) == MANY_PHOTOS
        # The 60th ends the first page, and the 61st comes on it when that one is hidden.
        hidden = [photos[number - 1] for number in (10, 60, 61, 75, 130, 150)]
        addresses = [f"{party.gallery}photos/{photo}/" for photo in [*hidden, photos[99]]]
        sari.evaluate(
            "(all) => Promise.all(all.map((a) => fetch(a).then((r) => r.text())))", addresses
        )
        assert wait_until(
            lambda: set(addresses) <= set(kept(sari, party)), seconds=SECONDS, pause=PAUSE
        )
        ids = f"Photo.objects.filter(pk__in={hidden})"
        party.does(f"services.set_visibility(photos={ids}, visibility=Photo.Visibility.CLIENT)")

        left: list[str] = sari.evaluate(WALK)

        assert len(left) == MANY_PHOTOS - len(hidden)
        assert wait_until(
            lambda: not set(addresses[:-1]) & set(kept(sari, party)), seconds=SECONDS, pause=PAUSE
        )
        assert addresses[-1] in kept(sari, party)
        assert party.gallery in kept(sari, party)
        assert wait_until(
            lambda: bool(sari.evaluate(NAMED_NOWHERE, [party.slug, hidden])),
            seconds=SECONDS,
            pause=PAUSE,
        )

    @pytest.mark.parametrize("address", ["guestbook/", "guestbook/keepsake/", "slideshow/"])
    @pytest.mark.parametrize(
        ("ending", "status"),
        [
            ("event.status = Event.Status.ARCHIVED; event_services.update_event(event=event)", 410),
            ("event_services.rotate_code(event=event)", 200),
        ],
        ids=["archived", "another code"],
    )
    def test_a_page_beside_the_gallery_that_is_refused_is_enough(
        self,
        sari: Page,
        party: Party,
        complaints: list[str],
        address: str,
        ending: str,
        status: int,
    ) -> None:
        party.does(ending)

        answer = sari.goto(f"{party.gallery}{address}")

        assert answer is not None
        assert answer.status == status
        wait_until_forgotten(sari, party)
        complaints.clear()  # Chromium writes a 410 to the console

    def test_a_like_that_is_refused_is_enough(self, sari: Page, party: Party) -> None:
        party.does("event_services.rotate_code(event=event)")

        assert send(sari, f"{photo_pages(sari)[0]}like/") == [403]

        wait_until_forgotten(sari, party)

    def test_a_comment_that_is_not_allowed_is_no_refusal_of_the_gallery(
        self, sari: Page, party: Party
    ) -> None:
        worker = worker_of(sari)
        worker.evaluate(NOTE_WHAT_THE_WORKER_ASKS)
        party.does("event.allow_comments = False; event_services.update_event(event=event)")

        assert send(sari, f"{photo_pages(sari)[0]}comments/") == [403]

        door = [f"{party.gallery}new/"]
        assert wait_until(lambda: worker.evaluate("asked") == door, seconds=SECONDS, pause=PAUSE)
        worker.evaluate("(slug) => askAtTheDoor(bookOf(slug), slug)", party.slug)
        assert party.gallery in kept(sari, party)


class LimitTests:
    def test_after_seven_days_nothing_is_left(self, sari: Page, party: Party) -> None:
        worker = worker_of(sari)
        worker.evaluate(
            "(ms) => { const now = Date.now; Date.now = () => now() + ms; }", 8 * DAY_MILLISECONDS
        )
        sari.context.set_offline(True)

        sari.goto(party.gallery)

        expect(sari.get_by_role("heading", name="No connection")).to_be_visible()
        worker.evaluate("sweep()")
        wait_until_forgotten(sari, party)

    def test_no_more_than_300_entries_are_kept_and_the_oldest_used_go(
        self, sari: Page, party: Party
    ) -> None:
        worker = worker_of(sari)
        names = kept(sari, party)
        event = next(key for key in names if key.startswith("/kept/")).split("/")[2]

        total, first, latest, page = worker.evaluate(
            """async ([slug, event, gallery]) => {
              const book = bookOf(slug);
              const id = (n) => n.toString(16).padStart(32, "0");
              const one = (n) => `/kept/${event}/${id(n)}/1/w400`;
              const kept = [];
              for (let n = 0; n < 400; n += 1) {
                kept.push(book.keepPicture({ key: one(n) }, new Response("x"), book.age));
                await new Promise((resolve) => setTimeout(resolve, 1));
                await book.turn; // it is kept; when the ledger is written too is waited for below
                if (n > 0) await book.read(one(0));
              }
              await Promise.all(kept);
              const keys = [...book.entries.keys()];
              const stored = await (await caches.open(book.name)).keys();
              const has = (key) => keys.includes(key);
              return [stored.length - 2, has(one(0)), has(one(399)), has(gallery)];
            }""",
            [party.slug, event, party.gallery],
        )

        assert (total, first, latest, page) == (300, True, True, True)

    def test_only_small_pictures_are_kept(self, sari: Page, party: Party) -> None:
        sari.goto(photo_pages(sari)[0])
        sari.wait_for_load_state("networkidle")

        pictures = [key for key in kept(sari, party) if key.startswith("/kept/")]

        assert {key.rpartition("/")[2] for key in pictures} <= {"w400", "w800"}


# A list as it was known, a page of it that came fresh, and which photos are gone.
FIRST, LAST = {"isFirst": True}, {"isLast": True}
COMPARISONS: dict[str, tuple[str, str, dict[str, bool], str]] = {
    "hidden between two": ("abcdef", "abd", FIRST, "c"),
    "hidden at both ends of the whole list": ("abcd", "bc", FIRST | LAST, "ad"),
    "all hidden": ("abc", "", FIRST | LAST, "abc"),
    "hidden on a later page": ("abcdefgh", "dfg", {}, "e"),
    "pushed to the next page by a new one": ("abcdef", "nab", FIRST, ""),
    "hidden beside a new one": ("abcdef", "anc", FIRST, "b"),
    "pushed by new ones that end the page": ("abcdef", "anm", FIRST, ""),
    "on other pages": ("abcdef", "cd", {}, ""),
    "a later one put first": ("abcdef", "eab", FIRST, ""),
    "turned round, which leaves doubt": ("abcdef", "fed", FIRST, "abc"),
    "hidden where another was put first": ("abcdef", "eac", FIRST, "b"),
    "never seen before": ("", "abc", FIRST, ""),
}


class OrderTests:
    def test_what_a_fresh_page_tells_of_a_list(self, sari: Page) -> None:
        found = worker_of(sari).evaluate(
            """(all) => all.map(([known, shown, ends]) => {
              const line = [...known].map((id) => ({ id }));
              return photosGone(line, { ids: [...shown], ...ends }).join("");
            })""",
            [case[:3] for case in COMPARISONS.values()],
        )

        assert dict(zip(COMPARISONS, found, strict=True)) == {
            claim: gone for claim, (*_, gone) in COMPARISONS.items()
        }

    @pytest.mark.parametrize(("end", "gone"), [(7, "cd"), (3, "")], ids=["before", "behind"])
    def test_a_page_s_end_tells_whether_the_old_one_s_last_photo_stands_before_it(
        self, sari: Page, end: int, gone: str
    ) -> None:
        found = worker_of(sari).evaluate(
            """(end) => {
              const line = [{ id: "a" }, { id: "b" }, { id: "c" }, { id: "d", place: [0, 5, "d"] }];
              const fresh = { ids: ["a", "b", "x"], isFirst: true, end: [0, end, "x"] };
              return photosGone(line, fresh).join("");
            }""",
            end,
        )

        assert found == gone

    def test_the_photos_of_a_list_are_known_in_their_order_whatever_page_comes(
        self, sari: Page
    ) -> None:
        found = worker_of(sari).evaluate(
            """() => {
              const pages = [
                { ids: ["a", "b", "c"], isFirst: true },
                { ids: ["d", "e", "f"], after: [0, 3, "c"] },
                { ids: ["n", "a", "c"], isFirst: true },
                { ids: ["d", "m", "f"], after: [0, 3, "c"] },
              ];
              let line = [];
              for (const page of pages) line = lineWith(line, page, photosGone(line, page));
              return line.map((photo) => photo.id).join("");
            }"""
        )

        assert found == "nacdmf"


class TerritoryTests:
    @pytest.mark.parametrize("address", ["/masuk/", "/accounts/login/", "/admin/login/"])
    def test_other_pages_are_not_controlled(self, sari: Page, address: str) -> None:
        sari.goto(address)

        assert sari.evaluate("navigator.serviceWorker.controller") is None
        scopes = sari.evaluate(
            "navigator.serviceWorker.getRegistrations().then(all => all.map(r => r.scope))"
        )
        assert [str(scope).rpartition(":")[2].lstrip("0123456789") for scope in scopes] == ["/e/"]

    def test_a_gate_registers_nothing(self, page: Page) -> None:
        page.goto("/e/budi-ani/enter/")
        page.wait_for_load_state("networkidle")

        registered: list[Any] = page.evaluate("navigator.serviceWorker.getRegistrations()")
        assert registered == []

    def test_a_gallery_without_photos_is_kept_too(self, page: Page) -> None:
        page.goto(f"/q/{EMPTY_CODE}/")
        there = "caches.match('/e/segera/').then(Boolean)"
        assert wait_until(lambda: bool(page.evaluate(there)), seconds=SECONDS, pause=PAUSE)
        page.context.set_offline(True)

        page.goto("/e/segera/")

        expect(page.get_by_text("as it was kept on this device")).to_be_visible()

    def test_what_is_sent_and_downloaded_goes_past_the_worker_and_many_likes_ask_once(
        self, sari: Page, party: Party
    ) -> None:
        worker = worker_of(sari)
        worker.evaluate(NOTE_WHAT_THE_WORKER_ASKS)
        photo = photo_pages(sari)[0]

        assert send(sari, f"{photo}like/", times=4) == [200] * 4
        sari.evaluate(
            "(address) => fetch(address).then((answer) => answer.blob())", f"{photo}download/"
        )
        send(sari, f"{party.gallery}download/")

        assert worker.evaluate("asked") == [f"{party.gallery}new/"]


class DeploymentTests:
    def test_what_was_kept_before_finds_the_files_of_then(self, sari: Page, party: Party) -> None:
        """The shell of an older script stays as long as pages that name its files."""
        worker = worker_of(sari)
        shells = """async () => (await caches.keys()).filter((name) => name.startsWith("shell-"))"""
        worker.evaluate(
            """async () => {
              const old = await caches.open("shell-older");
              await old.put("/static/js/old.0123456789ab.js", new Response("export {}"));
              await sweep();
            }"""
        )

        text = sari.evaluate("fetch('/static/js/old.0123456789ab.js').then((a) => a.text())")
        assert text == "export {}"

        worker.evaluate(
            "(ms) => { const now = Date.now; Date.now = () => now() + ms; }", 8 * DAY_MILLISECONDS
        )
        worker.evaluate("sweep()")
        assert "shell-older" not in worker.evaluate(shells)
        assert len(worker.evaluate(shells)) == 1

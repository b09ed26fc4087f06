"""A party that goes on while a test looks: an event of its own, to which photos come."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Site

SETUP = """
import json
from django.utils import timezone
from events.models import Event
from gallery import services
from gallery.models import Photo
from tests.browser.seed import send
"""


@dataclass
class Party:
    """An event on the site; its photos are numbered from 1."""

    site: Site
    slug: str
    code: str
    photos: int = 0

    @property
    def gallery(self) -> str:
        """The address of its gallery."""
        return f"/e/{self.slug}/"

    def begin(self, *, photos: int) -> None:
        """Make the event, with its first photos."""
        words = {"title": "Resepsi Sinta & Bayu", "slug": self.slug, "access_code": self.code}
        self.run(f"Event.objects.create(event_date=timezone.now(), **{json.dumps(words)})")
        self.publish(photos)

    def publish(self, count: int) -> None:
        """Send further photos in."""
        numbers = range(self.photos + 1, self.photos + count + 1)
        self.photos += count
        event = f"Event.objects.get(slug='{self.slug}')"
        self.run(f"[send({event}, number, None) for number in {list(numbers)}]")
        self.site.installation.manage("run_jobs", "--until-idle")

    def end(self) -> None:
        """Take the event off the site."""
        self.run(f"Event.objects.filter(slug='{self.slug}').delete()")

    def hide(self, name: str) -> None:
        """Take a photo out of what guests see."""
        photos = f"Photo.objects.filter(event__slug='{self.slug}', filename='{name}')"
        self.run(f"services.set_visibility(photos={photos}, visibility='CLIENT')")

    def run(self, code: str) -> Any:
        """Run code on the site."""
        return self.site.installation.run_python(f"{SETUP}{code}\nprint(json.dumps(None))")


def without_worker(page: Page) -> None:
    """Have the page ask the site itself: a test cannot answer in place of its service worker."""
    page.add_init_script("delete Navigator.prototype.serviceWorker")


def stop_clock(page: Page) -> None:
    """Have time stand still on the page's next documents, unless a test moves it."""
    now = time.time()
    page.clock.install(time=now)
    page.clock.pause_at(now + 1)
    # The clock hides what the browser notes of its own times, too.
    page.add_init_script("performance.getEntriesByType = () => [{ type: 'navigate' }]")


def settle(page: Page) -> None:
    """Wait until what the page asked for before has been answered and heard.

    Its questions go out in their order; with its clock stopped nothing else waits for anything.
    """
    page.route("**/settled", lambda route: route.fulfill(body=""))
    for _ in range(2):
        page.evaluate("() => fetch('/settled').then((answer) => answer.text())")

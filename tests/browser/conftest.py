"""A real site in processes of its own, and Debian's Chromium in front of it."""

from __future__ import annotations

import contextlib
import http.client
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser.seed import EMPTY_CODE, LOOK_ONLY_CODE, WEDDING_CODE
from tests.installation import Installation, wait_until
from tests.ops.servers import free_port

START_SECONDS = 30
PATIENCE_MILLISECONDS = 20_000
expect.set_options(timeout=PATIENCE_MILLISECONDS)
ALL_SCRIPTS_RAN = "() => !document.querySelector('[data-awaited]')"
# As root without a sandbox, and without calls to the browser's maker.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Chromium writes every refusal to the console; the page itself says what is wrong.
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")


@dataclass(frozen=True)
class Site:
    """The site as a browser knows it."""

    port: int
    installation: Installation

    @property
    def address(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self.port}"

    def is_up(self) -> bool:
        """Return whether it answers."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            with contextlib.closing(connection):
                connection.request("GET", "/healthz")
                return connection.getresponse().status == 200
        return False


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve a seeded site by gunicorn, with collected and hashed static files."""
    folder, port = tmp_path_factory.mktemp("site"), free_port()
    extra = {
        "PORT": str(port),
        "SITE_URL": f"http://127.0.0.1:{port}",
        "STATIC_ROOT": str(folder / "static"),
        "DJANGO_SETTINGS_MODULE": "tests.browser.site",
        "LOG_LEVEL": "WARNING",
    }
    installation = Installation(folder, extra=extra)
    served = Site(port, installation)
    try:
        installation.manage("migrate", "--verbosity", "0")
        installation.manage("collectstatic", "--noinput", "--verbosity", "0")
        assert installation.start("-m", "tests.browser.seed").wait() == 0, installation.logs()
        installation.manage("run_jobs", "--until-idle")
        installation.start("-m", "gunicorn", "hafiportrait.wsgi")
        assert wait_until(served.is_up, seconds=START_SECONDS, pause=0.1), installation.logs()
        yield served
    finally:
        installation.stop_all()


@pytest.fixture(scope="session")
def base_url(site: Site) -> str:
    return site.address


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": "/usr/bin/chromium", "args": CHROMIUM_FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(base_url: str) -> dict[str, Any]:
    return {
        "base_url": base_url,
        "locale": "en-GB",
        "viewport": {"width": 390, "height": 844},
    }


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    """Have every opening of a page wait for the scripts that come after its pictures."""

    def waiting(name: str) -> Callable[..., Any]:
        navigate = getattr(Page, name)

        def open_page(page: Page, *args: Any, **kwargs: Any) -> Any:
            answer = navigate(page, *args, **kwargs)
            if not page.evaluate(ALL_SCRIPTS_RAN):
                page.wait_for_function(ALL_SCRIPTS_RAN)
            return answer

        return open_page

    with pytest.MonkeyPatch.context() as patch:
        for name in ("goto", "reload", "go_back"):
            patch.setattr(Page, name, waiting(name))
        yield


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of: errors of scripts, blocked or missing files."""
    return []


@pytest.fixture
def page(page: Page, complaints: list[str]) -> Iterator[Page]:
    """A page whose browser must have nothing to complain of in the end."""

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not REFUSED.match(message.text):
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []


@pytest.fixture
def guest(page: Page) -> Page:
    """A guest who scanned the code of the wedding."""
    page.goto(f"/q/{WEDDING_CODE}/")
    return page


@pytest.fixture
def guest_who_may_look(page: Page) -> Page:
    """A guest of the event without downloads."""
    page.goto(f"/q/{LOOK_ONLY_CODE}/")
    return page


@pytest.fixture
def early_guest(page: Page) -> Page:
    """A guest of the event that has no photos yet."""
    page.goto(f"/q/{EMPTY_CODE}/")
    return page


@pytest.fixture
def plain_guest(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[Page]:
    """A stranger whose browser runs no scripts."""
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    yield context.new_page()
    context.close()

"""Draw the pictures of the README: the demo on a scratch site, seen by a real Chromium."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "screenshots"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 1.5,
    "is_mobile": True,
    "has_touch": True,
}
DESK = {"viewport": {"width": 1280, "height": 860}}
GUEST = {"locale": "id-ID"}
STUDIO = {"locale": "en-GB"}
LIGHT, DARK = {"color_scheme": "light"}, {"color_scheme": "dark"}
START_SECONDS = 60
SETTLE_MILLISECONDS = 1500
BYTES_LIMIT = 150_000
QUALITIES = (88, 80, 72, 64)


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def manage(environment: dict[str, str], *words: str) -> None:
    """Run a management command of the scratch site."""
    subprocess.run(  # noqa: S603  # our own manage.py
        [sys.executable, str(ROOT / "manage.py"), *words], env=environment, cwd=ROOT, check=True
    )


@contextmanager
def demo_site(folder: Path) -> Iterator[str]:
    """Serve the demo, all its pictures ready, and give its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "ENV_FILE": os.devnull,
        "SECRET_KEY": secrets.token_urlsafe(48),
        "SITE_URL": address,
        "DEMO": "1",
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "MEDIA_ROOT": str(folder / "media"),
        "PORT": str(port),
    }
    manage(environment, "migrate", "--verbosity", "0")
    manage(environment, "collectstatic", "--noinput", "--verbosity", "0")
    manage(environment, "seed_demo")
    manage(environment, "run_jobs", "--until-idle")
    words = [sys.executable, "-m", "gunicorn", "hafiportrait.wsgi"]
    server = subprocess.Popen(words, env=environment, cwd=ROOT)  # noqa: S603  # our own server
    try:
        wait_for(f"{address}/healthz")
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def wait_for(address: str) -> None:
    """Return once the address answers; raises TimeoutError."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urlopen(address):  # noqa: S310  # loopback
                return
        except URLError:
            time.sleep(0.2)
    raise TimeoutError(address)


def open_page(browser: Browser, *ways: dict[str, Any]) -> Page:
    """Return a fresh browser's page, of the device, language and scheme given."""
    options: dict[str, Any] = {}
    for way in ways:
        options |= way
    return browser.new_context(**options).new_page()


def draw(page: Page, name: str) -> None:
    """Write what the window shows, as well as its room in the README allows."""
    page.wait_for_timeout(SETTLE_MILLISECONDS)
    for quality in QUALITIES:
        drawn = page.screenshot(type="jpeg", quality=quality)
        if len(drawn) <= BYTES_LIMIT:
            break
    else:
        raise ValueError(f"{name} has {len(drawn):,} bytes: more than {BYTES_LIMIT:,}")
    (TARGET / f"{name}.jpg").write_bytes(drawn)


def draw_all(browser: Browser, address: str) -> None:
    """Draw what a guest sees, and what the photographer does."""
    gallery = f"{address}/q/BUDIANI2024/"
    page = open_page(browser, DESK, GUEST, LIGHT)
    page.goto(gallery)
    draw(page, "gallery")
    page = open_page(browser, PHONE, GUEST, DARK)
    page.goto(gallery)
    draw(page, "gallery-phone")
    page.locator("[data-lightbox]").nth(3).click()
    draw(page, "lightbox-phone")
    page = open_page(browser, PHONE, GUEST, LIGHT)
    page.goto(gallery)
    page.goto(f"{page.url}guestbook/keepsake/")
    draw(page, "guestbook-phone")
    page = open_page(browser, DESK, STUDIO, LIGHT)
    log_in(page, address)
    page.goto(f"{address}/admin/engagement/comment/queue/")
    draw(page, "moderation")
    page.goto(f"{address}/admin/events/event/")
    page.click("#result_list tbody th a")
    page.click("a[href*='/admin/gallery/photo/upload/']")
    page.wait_for_selector(".uppy-Dashboard")
    draw(page, "upload")


def log_in(page: Page, address: str) -> None:
    """Log the demo's photographer in."""
    page.goto(f"{address}/admin/")
    page.fill("[name=login]", "admin@hafiportrait.com")
    page.fill("[name=password]", "admin123")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/**")


def main() -> None:
    """Draw everything into `docs/screenshots`."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        demo_site(Path(folder)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        draw_all(browser, address)
        browser.close()


if __name__ == "__main__":
    main()

"""Scrolling on a slow phone: among five thousand photos that have come, against a few."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Error, Page, Route, sync_playwright

from benchmarks.client import HOST
from benchmarks.installation import Installation, Server
from benchmarks.report import Section
from benchmarks.rounds import interleave, ratio

ROUNDS = 5
FEW, MANY = 240, 5_000
SLOWDOWN = 4  # a mid-range phone against this machine, as Lighthouse has it
LONG_FRAME_MILLISECONDS = 50  # as browsers define a long task
CODE = "KEBAYA55"
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 1.75,
    "is_mobile": True,
    "has_touch": True,
    "service_workers": "block",
}
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LOAD = """async (number) => {
  const grid = document.querySelector("[data-grid]");
  while (grid.children.length < number) {
    scrollTo({ top: document.body.scrollHeight, behavior: "instant" });
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}"""
# Two hundred pixels a frame are a hard flick; the milliseconds between frames are returned.
FLICK = """async () => {
  scrollTo({ top: document.body.scrollHeight - 16 * innerHeight, behavior: "instant" });
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const times = [await frame()];
  for (const step of [...Array(60).fill(200), ...Array(60).fill(-200)]) {
    scrollBy({ top: step, behavior: "instant" });
    times.push(await frame());
  }
  return times.slice(1).map((time, place) => time - times[place]);
}"""


def measure(folder: Path) -> list[Section]:
    """Return what a frame costs at both ends of a long gallery."""
    section = Section(f"Scrolling with {MANY:,} photos in the page")
    installation = Installation(folder / "site").prepare()
    installation.inside("make_event", slug="panjang", code=CODE, photos=MANY)
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with installation.serve() as server, sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        except Error as error:
            section.missing.append(f"no Chromium starts at {chromium}: {error.message}")
            return [section]
        with _gallery(browser, server, FEW) as few, _gallery(browser, server, MANY) as many:
            _compare(section, few, many)
        browser.close()
    section.remarks.append(
        f"A screen of 390 × 844, the processor slowed {SLOWDOWN} ×, drawn by software; a flick of "
        "60 frames down and 60 up near the end of what has come. The busy time is all that the "
        "page's main thread did for a frame."
    )
    return [section]


def _compare(section: Section, few: Page, many: Page) -> None:
    frames: dict[str, list[float]] = {f"{FEW:,}": [], f"{MANY:,}": []}
    pages = dict(zip(frames, (few, many), strict=True))
    for page in pages.values():
        _flick(page, [])  # the first one loads the pictures
    found = interleave(
        ROUNDS, {name: partial(_flick, page, frames[name]) for name, page in pages.items()}
    )
    against = ratio(found[f"{MANY:,}"], found[f"{FEW:,}"])
    section.at_most("busy time of a frame against that among few photos", against, 1.5)
    for name, busy in found.items():
        section.figure(f"busy time of a frame, {name} photos", busy, "ms")
        long = sum(frame > LONG_FRAME_MILLISECONDS for frame in frames[name])
        section.figure(f"long frames, {name} photos", [100 * long / len(frames[name])], "%")


@contextmanager
def _gallery(browser: Browser, server: Server, photos: int) -> Iterator[Page]:
    """Open the gallery on a phone, and scroll until so many photos have come."""
    context = browser.new_context(**PHONE)
    page = context.new_page()
    page.set_default_timeout(0)
    page.route("**/media/**", partial(_answer, body=_picture()))
    page.goto(f"http://{HOST}:{server.port}/q/{CODE}/")
    page.evaluate(LOAD, photos)
    yield page
    page.unroute_all(behavior="ignoreErrors")
    context.close()


def _flick(page: Page, frames: list[float]) -> float:
    """Scroll, add the milliseconds of each frame, and return the busy ones of one on average."""
    page.bring_to_front()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    before = _busy_seconds(session)
    passed: list[float] = page.evaluate(FLICK)
    busy = _busy_seconds(session) - before
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    session.detach()
    frames += passed
    return busy * 1000 / len(passed)


def _busy_seconds(session: Any) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))


def _picture() -> bytes:
    """Return a picture as large as a phone asks for."""
    drawn = io.BytesIO()
    Image.effect_noise((800, 533), 60).convert("RGB").save(drawn, "WEBP", quality=70)
    return drawn.getvalue()


def _answer(route: Route, body: bytes) -> None:
    route.fulfill(content_type="image/webp", body=body)

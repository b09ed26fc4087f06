"""A rendition from local disk, against a bare `FileResponse` view."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.client import Connection, request_bytes
from benchmarks.installation import BARE, Installation, Server, enter
from benchmarks.load import answers_per_second
from benchmarks.report import Section
from benchmarks.rounds import interleave, ratio

ROUNDS = 5
LOAD_SECONDS = 1.5
PHOTOS = 60
RENDITION_BYTES = 60_000  # of an 800-pixel WebP
LINK = re.compile(rb'/media/[^" ]+/w800\.webp')
IMAGE = {"Accept": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"}


def measure(folder: Path) -> list[Section]:
    """Return pictures per second and the number of queries."""
    section = Section("Rendition from local disk through Django")
    installation = Installation(folder / "site").prepare()
    installation.inside("make_event", slug="resepsi", code="KEBAYA77", photos=PHOTOS)
    installation.inside("make_renditions", slug="resepsi", size=RENDITION_BYTES)
    one = next(installation.media_root.rglob("w800.webp"))
    bare = installation.serve(BARE, BARE_FILE=str(one))
    with installation.serve() as ours, bare:
        cookies = enter(ours, "KEBAYA77")
        path = _link(ours, cookies)
        _rates(section, ours, bare, request_bytes(path, cookies=cookies, headers=IMAGE))
    counts = installation.inside("count_media_queries", code="KEBAYA77", path=path)
    section.equals("SQL queries, guest", counts["guest"], 0, "queries")
    section.equals("SQL queries, signed in", counts["signed in"], 0, "queries")
    section.figure(
        "SQL queries, first picture of an event in a minute", [counts["first of a minute"]], ""
    )
    return [section]


def _link(ours: Server, cookies: dict[str, str]) -> str:
    """Return the address of a picture, as the gallery page gives it."""
    with Connection(ours.port) as connection:
        _, page = connection.ask(request_bytes("/e/resepsi/", cookies=cookies))
    found = LINK.search(page)
    assert found, page[:2000]
    return found[0].decode()


def _rates(section: Section, ours: Server, bare: Server, request: bytes) -> None:
    plain = request_bytes("/file", headers=IMAGE)
    rate = partial(answers_per_second, seconds=LOAD_SECONDS)
    measures: dict[str, Callable[[], float]] = {
        "bare FileResponse, 1 connection": lambda: rate(bare.port, plain, connections=1),
        "ours, 1 connection": lambda: rate(ours.port, request, connections=1),
        "bare FileResponse, 8 connections": lambda: rate(bare.port, plain, connections=8),
        "ours, 8 connections": lambda: rate(ours.port, request, connections=8),
    }
    found = interleave(ROUNDS, measures)
    for count in ("1 connection", "8 connections"):
        against = ratio(found[f"ours, {count}"], found[f"bare FileResponse, {count}"])
        section.at_least(f"pictures per second against a bare FileResponse, {count}", against, 0.7)
    for name, values in found.items():
        section.figure(name, values, "pictures/s")

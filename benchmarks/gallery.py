"""The gallery page as an admitted guest gets it, against a bare Django view."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import quote

import psycopg

from benchmarks.client import Connection, request_bytes
from benchmarks.installation import (
    BARE,
    POSTGRES_HINT,
    Installation,
    Server,
    enter,
    postgres_database,
)
from benchmarks.load import answers_per_second
from benchmarks.report import Section
from benchmarks.rounds import interleave, ratio, spread

ROUNDS = 5
LOAD_SECONDS = 1.5
COLD_PAGES = 40  # a round
PHOTOS = 10_000
FEW, MANY = 1_000, 100_000
RATES = {"SQLite": 1.5, "PostgreSQL": 1.4}
GZIP = {"Accept-Encoding": "gzip, deflate, br"}
REMARKS = (
    "Ours: an admitted guest, every middleware, view counting, an event of 10,000 photos, one "
    "gunicorn process with the product's own configuration, persistent connections, no "
    "`Accept-Encoding` where gzip is not named.",
    "Bare: no middleware, one query, a template with five values of each of 60 photos, in the same "
    "set-up. Cold: another process raises the version of every event before each request.",
)
RAISE_VERSIONS = "UPDATE events SET gallery_version = gallery_version + 1"


def measure(folder: Path) -> list[Section]:
    """Return the results on both databases."""
    sections = [_on("SQLite", Installation(folder / "sqlite"))]
    try:
        with postgres_database() as url:
            sections.append(_on("PostgreSQL", Installation(folder / "postgres", url)))
    except psycopg.OperationalError as error:
        missed = Section("Gallery page of 60 on PostgreSQL")
        missed.missing.append(f"no PostgreSQL answers ({POSTGRES_HINT}): {error}")
        sections.append(missed)
    return sections


def _on(database: str, installation: Installation) -> Section:
    section = Section(f"Gallery page of 60 on {database}", remarks=list(REMARKS))
    installation.prepare()
    if database == "PostgreSQL":
        with installation.database() as opened:
            version = opened.execute("SHOW server_version").fetchone()[0]
        section.remarks.append(f"The server is PostgreSQL {version}.")
    event_id = installation.inside("make_event", slug="resepsi", code="KEBAYA77", photos=PHOTOS)
    installation.inside("make_event", slug="kecil", code="KEBAYA11", photos=FEW)
    installation.inside("make_event", slug="besar", code="KEBAYA22", photos=MANY)
    installation.inside("vacuum")
    with installation.serve() as ours, installation.serve(BARE) as bare:
        plain = request_bytes(f"/gallery/{event_id}/")
        cookies = enter(ours, "KEBAYA77")
        _same_page(section, ours, bare, request_bytes("/e/resepsi/", cookies=cookies), plain)
        _warm(section, ours, bare, cookies, plain, RATES[database])
        _cold(section, installation, ours, bare, cookies, plain)
        _sizes(section, installation, ours)
    counts = installation.inside("count_gallery_queries", slug="resepsi", code="KEBAYA77")
    section.at_most("SQL queries, warm", spread([counts.pop("warm")]), 3, "queries")
    for name, count in counts.items():
        section.at_most(f"SQL queries, {name}", spread([count]), 8, "queries")
    return section


def _same_page(section: Section, ours: Server, bare: Server, request: bytes, plain: bytes) -> None:
    """Make sure that both show sixty photos, and note how many bytes each has."""
    for name, server, asked in (("ours", ours, request), ("bare", bare, plain)):
        with Connection(server.port) as connection:
            head, body = connection.ask(asked)
        assert head.status == 200, head
        assert body.count(b'class="grid__photo"') == 60, body[:2000]
        section.figure(f"page, {name}", [len(body) / 1000], "kB")


def _warm(
    section: Section,
    ours: Server,
    bare: Server,
    cookies: dict[str, str],
    plain: bytes,
    bound: float,
) -> None:
    page = request_bytes("/e/resepsi/", cookies=cookies)
    zipped = request_bytes("/e/resepsi/", cookies=cookies, headers=GZIP)
    rate = partial(answers_per_second, seconds=LOAD_SECONDS)
    measures: dict[str, Callable[[], float]] = {
        "bare, 1 connection": lambda: rate(bare.port, plain, connections=1),
        "ours, 1 connection": lambda: rate(ours.port, page, connections=1),
        "bare, 8 connections": lambda: rate(bare.port, plain, connections=8),
        "ours, 8 connections": lambda: rate(ours.port, page, connections=8),
        "ours with gzip, 1 connection": lambda: rate(ours.port, zipped, connections=1),
    }
    found = interleave(ROUNDS, measures)
    for count in ("1 connection", "8 connections"):
        against = ratio(found[f"ours, {count}"], found[f"bare, {count}"])
        section.at_least(f"requests per second against the bare view, {count}", against, bound)
    for name, values in found.items():
        section.figure(name, values, "pages/s")
    with_gzip = ratio(found["ours with gzip, 1 connection"], found["bare, 1 connection"])
    section.figures.append(("ours with gzip against the bare view", with_gzip, "×"))


def _cold(
    section: Section,
    installation: Installation,
    ours: Server,
    bare: Server,
    cookies: dict[str, str],
    plain: bytes,
) -> None:
    page = request_bytes("/e/resepsi/", cookies=cookies)
    found = _alternate(installation, {"bare": (bare, plain), "ours": (ours, page)})
    against = ratio(found["bare"], found["ours"])
    section.at_least("cold page against the bare view, requests per second", against, 0.8)
    section.figure("cold page, ours", [value * 1000 for value in found["ours"]], "ms")
    section.figure("bare view at the same pace", [value * 1000 for value in found["bare"]], "ms")


def _sizes(section: Section, installation: Installation, ours: Server) -> None:
    """Compare the first page and one in the middle of a small and a large event, all cold."""
    requests = {}
    for slug, code, photos in (("kecil", "KEBAYA11", FEW), ("besar", "KEBAYA22", MANY)):
        cookies = enter(ours, code)
        middle = installation.inside("cursor_at", slug=slug, place=photos // 2)
        requests[f"{slug}, first"] = (ours, request_bytes(f"/e/{slug}/", cookies=cookies))
        deep = request_bytes(f"/e/{slug}/?cursor={quote(middle)}", cookies=cookies)
        requests[f"{slug}, middle"] = (ours, deep)
    found = _alternate(installation, requests)
    for place in ("first", "middle"):
        against = ratio(found[f"besar, {place}"], found[f"kecil, {place}"])
        what = f"time of a cold page of {MANY:,} photos against {FEW:,}, {place} page"
        section.at_most(what, against, 1.2)


def _alternate(
    installation: Installation, requests: dict[str, tuple[Server, bytes]]
) -> dict[str, list[float]]:
    """Return the mean seconds of an answer, by round; the version is raised before each one."""
    opened = {name: Connection(server.port) for name, (server, _) in requests.items()}
    with installation.database() as database:

        def one(name: str) -> float:
            database.execute(RAISE_VERSIONS)
            started = time.perf_counter()
            opened[name].send(requests[name][1])
            status, _ = opened[name].skip_answer()
            assert status == 200, status
            return time.perf_counter() - started

        found = interleave(ROUNDS * COLD_PAGES, {name: partial(one, name) for name in requests})
    for connection in opened.values():
        connection.close()
    return {name: _by_round(values) for name, values in found.items()}


def _by_round(values: list[float]) -> list[float]:
    rounds = [values[n : n + COLD_PAGES] for n in range(0, len(values), COLD_PAGES)]
    return [sum(some) / len(some) for some in rounds]

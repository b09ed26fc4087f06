"""`python -m benchmarks.lighthouse`: what a guest opens, as Lighthouse sees it on a phone.

A site of its own with the demo's wedding, served as a deployment serves it (compressed files with
hashed names, no proxy, HTTP/1.1), entered as a guest. Lighthouse simulates a mid-range phone on
slow 4G from what a run on this machine took, so that a busy machine makes every page look slow:
the load before and after stands beside the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.client import HOST, Connection, request_bytes
from benchmarks.installation import ROOT, Installation, Server, enter
from benchmarks.report import RESULTS, Section, load, summary, write_lighthouse
from benchmarks.rounds import spread

ROUNDS = 5
TRIES = 3
RUN_SECONDS = 180
# The demo's own words (`manage.py seed_demo`).
SLUG, CODE = "budi-ani-wedding", "BUDIANI2024"
PHOTO = re.compile(r'href="(/e/[\w-]+/photos/[0-9a-f-]{36}/)"')
# As root without a sandbox, and without calls to the browser's maker.
CHROMIUM_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
MEDIAN_SCORE, LEAST_SCORE, WHOLE_SCORE = 95, 90, 100
LCP_SECONDS, SHIFT, BLOCKED_MILLISECONDS = 2.0, 0.01, 100


@dataclass(frozen=True)
class Opened:
    """A page to measure; only what strangers may find is asked for how it is found."""

    name: str
    path: str
    cookies: dict[str, str] = field(default_factory=dict)
    is_public: bool = False


@dataclass(frozen=True)
class Run:
    """What Lighthouse found in one run: scores up to 100, times in milliseconds, bytes."""

    scores: dict[str, float]
    figures: dict[str, float]
    failed: dict[str, str]

    @classmethod
    def read(cls, report: dict[str, Any]) -> Run:
        """Read Lighthouse's own report; raises RuntimeError where it could not load the page."""
        if report.get("runtimeError"):
            raise RuntimeError(report["runtimeError"]["message"])
        audits = report["audits"]
        if "numericValue" not in audits["total-blocking-time"]:
            raise RuntimeError(audits["total-blocking-time"].get("errorMessage", "no figures"))
        scores = {name: 100 * each["score"] for name, each in report["categories"].items()}
        figures = {
            name: float(audits[name]["numericValue"])
            for name in (
                "largest-contentful-paint",
                "cumulative-layout-shift",
                "total-blocking-time",
                "total-byte-weight",
            )
        }
        figures["requests"] = len(audits["network-requests"]["details"]["items"])
        return cls(scores, figures, _failed(report))


def _failed(report: dict[str, Any]) -> dict[str, str]:
    """Return the audits that cost points outside performance, with their category."""
    return {
        audit["id"]: name
        for name, category in report["categories"].items()
        if name != "performance"
        for audit in category["auditRefs"]
        if audit["weight"] and report["audits"][audit["id"]]["score"] not in (None, 1)
    }


def main(words: Sequence[str]) -> int:
    """Measure every page, print, and write; returns 1 where a bound is not met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lighthouse", description=__doc__)
    parser.add_argument("--photos", type=Path, help="real photos instead of the demo's drawn ones")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="runs for each page")
    parser.add_argument("--pages", nargs="*", help="names of pages; these are printed only")
    parser.add_argument("--keep", type=Path, help="a folder for Lighthouse's own reports")
    options = parser.parse_args(words)
    load_before = load()
    print(f"The wedding is made … (load {load_before})", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="hafiportrait-lighthouse-"))
    try:
        sections = _measure(folder, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not options.pages and options.rounds >= ROUNDS:
        write_lighthouse(sections, load_before=load_before)
        print(f"\nwritten to {RESULTS}")
    print(summary(sections))
    return 0 if all(claim.met for section in sections for claim in section.claims) else 1


def _measure(folder: Path, options: argparse.Namespace) -> list[Section]:
    installation = Installation(folder / "site").prepare()
    photos = ["--photos", str(options.photos.resolve())] if options.photos else []
    installation.run("manage.py", "seed_demo", *photos)
    installation.run("manage.py", "run_jobs", "--until-idle")
    reports = options.keep or folder
    reports.mkdir(parents=True, exist_ok=True)
    with installation.serve() as server:
        pages = [page for page in _pages(server) if not options.pages or page.name in options.pages]
        found: dict[str, list[Run]] = {page.name: [] for page in pages}
        for number in range(1, options.rounds + 1):
            for page in pages:
                report = reports / f"{page.name.replace(' ', '-')}-{number}.json"
                run = _look_patiently(server, page, report)
                found[page.name].append(run)
                print(f"{page.name} {number}: {_line(run)} (load {load()})", flush=True)
    return [_section(page, found[page.name]) for page in pages]


def _pages(server: Server) -> list[Opened]:
    cookies = enter(server, CODE)
    gallery = f"/e/{SLUG}/"
    with Connection(server.port) as connection:
        _, body = connection.ask(request_bytes(gallery, cookies=cookies))
    photo = PHOTO.findall(body.decode())[2]
    return [
        Opened("gate", "/masuk/", is_public=True),
        Opened("gate of a gallery", f"{gallery}enter/"),
        Opened("gallery of 60", gallery, cookies),
        Opened("photo page", photo, cookies),
    ]


def _look_patiently(server: Server, page: Opened, report: Path) -> Run:
    """Look again where Lighthouse itself could not read what the browser recorded."""
    for _ in range(TRIES - 1):
        try:
            return _look(server, page, report)
        except RuntimeError as error:
            print(f"{page.name} again: {error}", flush=True)
    return _look(server, page, report)


def _look(server: Server, page: Opened, report: Path) -> Run:
    """Let Lighthouse open a page once, in a browser that has never seen it."""
    headers = report.with_name("headers.json")
    cookie = "; ".join(f"{name}={value}" for name, value in page.cookies.items())
    headers.write_text(json.dumps({"Cookie": cookie} if cookie else {}))
    command = [
        *("scripts/npm.sh", "exec", "--offline", "--", "lighthouse"),
        f"http://{HOST}:{server.port}{page.path}",
        f"--only-categories={','.join(CATEGORIES)}",
        *("--throttling-method=simulate", "--output=json", f"--output-path={report}", "--quiet"),
        f"--extra-headers={headers}",
        f"--chrome-flags={' '.join(CHROMIUM_FLAGS)}",
    ]
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    done = subprocess.run(
        command,
        env=os.environ | {"CHROME_PATH": chromium},
        cwd=ROOT,
        capture_output=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"Lighthouse failed on {page.path}:\n{done.stderr.decode()}")
    return Run.read(json.loads(report.read_text()))


def _line(run: Run) -> str:
    scores = " ".join(f"{run.scores[name]:.0f}" for name in CATEGORIES)
    lcp = run.figures["largest-contentful-paint"] / 1000
    blocked = run.figures["total-blocking-time"]
    shift = run.figures["cumulative-layout-shift"]
    return f"{scores}, LCP {lcp:.2f} s, TBT {blocked:.0f} ms, CLS {shift:.4f}"


def _section(page: Opened, runs: list[Run]) -> Section:
    section = Section(page.name[0].upper() + page.name[1:])
    performance = [run.scores["performance"] for run in runs]
    section.at_least("performance", spread(performance), MEDIAN_SCORE, "points")
    section.at_least(
        "performance, the worst run", spread([min(performance)]), LEAST_SCORE, "points"
    )
    for name in CATEGORIES[1:] if page.is_public else CATEGORIES[1:-1]:
        worst = min(run.scores[name] for run in runs)
        section.at_least(name.replace("-", " "), spread([worst]), WHOLE_SCORE, "points")
    paint = _each(runs, "largest-contentful-paint", 1000)
    section.at_most("largest contentful paint", spread(paint), LCP_SECONDS, "s")
    shifts = _each(runs, "cumulative-layout-shift")
    section.at_most("cumulative layout shift", spread(shifts), SHIFT, "")
    blocked = _each(runs, "total-blocking-time")
    section.at_most("total blocking time", spread(blocked), BLOCKED_MILLISECONDS, "ms")
    section.figure("all bytes of the first view", _each(runs, "total-byte-weight", 1000), "kB")
    section.figure("requests", _each(runs, "requests"), "")
    failed = {f"{audit} ({name})" for run in runs for audit, name in run.failed.items()}
    if not page.is_public:
        failed = {name for name in failed if not name.endswith("(seo)")}
    if failed:
        section.remarks.append(f"Points were lost by: {', '.join(sorted(failed))}.")
    return section


def _each(runs: list[Run], name: str, divisor: float = 1) -> list[float]:
    return [run.figures[name] / divisor for run in runs]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

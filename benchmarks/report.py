"""What was measured, beside what must be reached, as `RESULTS.md`."""

from __future__ import annotations

import json
import os
import platform
import re
import sqlite3
import subprocess
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.rounds import Spread, spread

RESULTS = Path(__file__).with_name("RESULTS.md")
ROOT = RESULTS.parent.parent
SPEED, PHONE = "Measured speed", "A guest's pages on a phone"
PACKAGES = ("Django", "gunicorn", "Pillow", "pillow-heif", "psycopg", "whitenoise")


@dataclass(frozen=True, slots=True)
class Claim:
    """A measured value with its bound; the median decides whether the bound is met."""

    what: str
    found: Spread
    unit: str
    bound: str
    met: bool


@dataclass
class Section:
    """The results of one benchmark: claims with a bound, figures without one, and remarks."""

    title: str
    claims: list[Claim] = field(default_factory=list)
    figures: list[tuple[str, Spread, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def at_least(self, what: str, found: Spread, bound: float, unit: str = "×") -> None:
        """Add a value that must reach the bound."""
        met = found.median >= bound
        self.claims.append(Claim(what, found, unit, f"≥ {number(bound)} {unit}", met))

    def at_most(self, what: str, found: Spread, bound: float, unit: str = "×") -> None:
        """Add a value that must not exceed the bound."""
        met = found.median <= bound
        self.claims.append(Claim(what, found, unit, f"≤ {number(bound)} {unit}", met))

    def equals(self, what: str, found: int, bound: int, unit: str) -> None:
        """Add a count that must be exactly this."""
        value = spread([found])
        self.claims.append(Claim(what, value, unit, f"= {bound} {unit}", found == bound))

    def figure(self, what: str, values: list[float], unit: str) -> None:
        """Add a figure that has no bound."""
        self.figures.append((what, spread(values), unit))

    def lines(self) -> list[str]:
        """Return the section as lines of Markdown."""
        lines = [f"## {self.title}", ""]
        if self.claims:
            lines += ["| what | median | min–max | bound | met |", "|---|---|---|---|---|"]
            lines += [_claim_row(claim) for claim in self.claims]
            lines.append("")
        if self.figures:
            lines += ["| figure | median | min–max |", "|---|---|---|"]
            lines += [f"| {what} | {_columns(s, unit)} |" for what, s, unit in self.figures]
            lines.append("")
        for remark in self.remarks:
            lines += [remark, ""]
        for what in self.missing:
            lines += [f"**Not measured:** {what}", ""]
        return lines


def _claim_row(claim: Claim) -> str:
    met = "met" if claim.met else "**not met**"
    return f"| {claim.what} | {_columns(claim.found, claim.unit)} | {claim.bound} | {met} |"


def _columns(found: Spread, unit: str) -> str:
    median = f"{number(found.median)} {unit}"
    if found.least == found.most:
        return f"{median} | "
    return f"{median} | {number(found.least)}–{number(found.most)}"


def number(value: float) -> str:
    """Return a number with three significant digits, and no fewer before the point."""
    if value == int(value) and abs(value) < 1_000_000:
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def write(sections: list[Section], *, load_before: str, path: Path = RESULTS) -> None:
    """Write the results of a whole run of the benchmarks."""
    preface = [
        "Written by `make bench`. Every ratio comes from interleaved rounds of one run; the median",
        "of the rounds is compared with the bound. The bare comparisons stand in `bare.py`.",
    ]
    _write_part(SPEED, preface, sections, load_before=load_before, path=path)


def write_lighthouse(sections: list[Section], *, load_before: str, path: Path = RESULTS) -> None:
    """Write what Lighthouse found on every page."""
    lighthouse, chromium = _lighthouse_version(), _chromium_version()
    preface = [
        f"Written by `make lighthouse`: Lighthouse {lighthouse} with {chromium}, its mid-range",
        "phone on slow 4G, simulated. The demo's wedding, entered as a guest; each run opens the",
        "page in a browser that has never seen it.",
    ]
    _write_part(PHONE, preface, sections, load_before=load_before, path=path)


def _write_part(
    title: str, preface: list[str], sections: list[Section], *, load_before: str, path: Path
) -> None:
    """Write one part of the results, and keep the other as it is."""
    lines = [f"# {title}", "", *preface, "", *_machine(load_before), ""]
    for section in sections:
        lines += section.lines()
    parts = _parts(path.read_text() if path.exists() else "")
    parts[title] = "\n".join(lines).strip()
    path.write_text("\n\n".join(parts[name] for name in (SPEED, PHONE) if name in parts) + "\n")


def _parts(text: str) -> dict[str, str]:
    """Return the parts of the results by their titles."""
    found = (part.strip() for part in re.split(r"^(?=# )", text, flags=re.MULTILINE))
    return {part.partition("\n")[0].removeprefix("# "): part for part in found if part}


def _lighthouse_version() -> str:
    package = ROOT / "node_modules" / "lighthouse" / "package.json"
    found: str = json.loads(package.read_text())["version"]
    return found


def _chromium_version() -> str:
    chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    said = subprocess.run([chromium, "--version"], capture_output=True, text=True, check=True)
    return " ".join(said.stdout.split()[:2])


def summary(sections: list[Section]) -> str:
    """Return in one line how many bounds are met."""
    claims = [claim for section in sections for claim in section.claims]
    missing = sum(len(section.missing) for section in sections)
    met = sum(claim.met for claim in claims)
    return f"{met} of {len(claims)} bounds met, {missing} not measured"


def _machine(load_before: str) -> list[str]:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"- Date: {datetime.now().astimezone():%Y-%m-%d %H:%M %z}",
        f"- Machine: {processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} "
        f"{platform.release()}",
        f"- Python {platform.python_version()}, {packages}, SQLite {sqlite3.sqlite_version}",
        f"- Load of the machine (1, 5, 15 minutes): {load_before} before, {load()} after",
    ]


def processor() -> str:
    """Return the processor's name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def load() -> str:
    """Return how busy the machine is, as its three averages."""
    return ", ".join(f"{value:.2f}" for value in os.getloadavg())

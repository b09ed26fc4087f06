"""What was measured, beside what must be reached, as `RESULTS.md`."""

from __future__ import annotations

import os
import platform
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.rounds import Spread, spread

RESULTS = Path(__file__).with_name("RESULTS.md")
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
    """Write the results of a whole run."""
    lines = [
        "# Measured speed",
        "",
        "Written by `make bench`. Every ratio comes from interleaved rounds of one run; the median",
        "of the rounds is compared with the bound. The bare comparisons stand in `bare.py`.",
        "",
        *_machine(load_before),
        "",
    ]
    for section in sections:
        lines += section.lines()
    path.write_text("\n".join(lines).rstrip() + "\n")


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

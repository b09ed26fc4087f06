"""From a 24-megapixel JPEG to all renditions, against the same work by Pillow alone."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from functools import reduce
from pathlib import Path

from PIL import Image

from benchmarks.installation import ROOT, Installation, children_of, memory_mb
from benchmarks.report import Section
from benchmarks.rounds import ratio, spread

PHOTOS = 4
ROUNDS = 5
SIDES = (6000, 4000)
# Clouds from the size of the picture down to leaves and cloth, then the grain of the sensor.
OCTAVES = ((6, 4, 90), (24, 16, 70), (96, 64, 60), (384, 256, 50), (1536, 1024, 40))
GRAIN = 10
JPEG_QUALITY = 91
MEMORY_PAUSE_SECONDS = 0.003
IDLE_SECONDS = 90
REMARKS = (
    "Processor time is compared, that of the forked process included. By the clock the whole job "
    "also waits for the disk (every file is durable) and for whoever shares the core.",
)


def measure(folder: Path) -> list[Section]:
    """Return times and the memory of a worker."""
    section = Section("Ingest of 24-megapixel JPEGs, one core", remarks=list(REMARKS))
    card = folder / "card"
    card.mkdir()
    for number in range(PHOTOS):
        photograph().save(card / f"{number}.jpg", quality=JPEG_QUALITY, subsampling="4:2:2")
    section.figure("photo", [p.stat().st_size / 1e6 for p in card.iterdir()], "MB")
    installation = Installation(folder / "site").prepare()
    installation.inside("take_in", slug="resepsi", code="KEBAYA77", folder=str(card))
    _memory(section, installation)
    _times(section, installation.inside("time_ingest", folder=str(card), rounds=ROUNDS))
    return [section]


def photograph() -> Image.Image:
    """Return a picture with detail at every size, as a landscape has, and grain upon it."""
    return Image.merge("RGB", [_channel() for _ in range(3)])


def _channel() -> Image.Image:
    clouds = reduce(_laid_over, OCTAVES, Image.new("L", SIDES, 128))
    grain = Image.effect_noise(SIDES, GRAIN * 2)
    return Image.blend(clouds, grain, 0.25)


def _laid_over(picture: Image.Image, octave: tuple[int, int, int]) -> Image.Image:
    width, height, strength = octave
    noise = Image.effect_noise((width, height), strength)
    return Image.blend(picture, noise.resize(SIDES, Image.Resampling.BICUBIC), 0.5)


def _times(section: Section, found: dict[str, list[float]]) -> None:
    what = "processor time against bare Pillow"
    section.at_most(f"render and delivery, {what}", ratio(found["render"], found["bare"]), 1.15)
    section.at_most(
        f"whole job (fork, storage, database), {what}", ratio(found["job"], found["bare"]), 1.15
    )
    by_clock = ratio(found["job wall"], found["bare wall"])
    section.figures.append(("whole job against bare Pillow, by the clock", by_clock, "×"))
    for name, values in found.items():
        section.figure(f"{name}, per photo", [value * 1000 for value in values], "ms")


def _memory(section: Section, installation: Installation) -> None:
    """Let a real worker take all photos in while its memory is watched."""
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "run_jobs", "--processes", "1"],
        env=installation.environment,
        cwd=ROOT,
    )
    try:
        together, largest = _watch(installation, worker.pid)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)
    section.at_most(
        "peak memory of a worker with its forked process", spread([together]), 200, "MB"
    )
    section.figure("peak of the larger of the two processes", [largest], "MB")


def _watch(installation: Installation, supervisor: int) -> tuple[float, float]:
    """Return the peaks in megabytes of (worker and forked process together, the larger one)."""
    together = largest = 0.0
    deadline = time.monotonic() + IDLE_SECONDS
    with installation.database() as database:
        while _waiting(database) and time.monotonic() < deadline:
            for _ in range(50):
                for worker in children_of(supervisor):
                    forked = children_of(worker)
                    own = sum(_private_mb(pid) for pid in forked)
                    together = max(together, memory_mb(worker, "VmRSS") + own)
                    largest = max(largest, *(memory_mb(p, "VmHWM") for p in (worker, *forked)))
                time.sleep(MEMORY_PAUSE_SECONDS)
        assert not _waiting(database), "the worker did not finish"
    return together, largest


def _waiting(database: object) -> int:
    rows = database.execute("SELECT count(*) FROM photos WHERE status <> 'READY'")  # type: ignore[attr-defined]
    count: int = rows.fetchone()[0]
    return count


def _private_mb(pid: int) -> float:
    """Return the memory of a forked process that it does not share with its parent."""
    total = 0
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Private_"):
                total += int(line.split()[1])
    return total * 1024 / 1e6

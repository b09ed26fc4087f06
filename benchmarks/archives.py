"""The ZIP of 200 photos, against the same bytes as one file through the same server."""

from __future__ import annotations

import hashlib
import random
import shutil
import time
import zipfile
from functools import partial
from pathlib import Path

from benchmarks.client import Connection, request_bytes
from benchmarks.installation import BARE, Installation, Server, enter
from benchmarks.report import Section
from benchmarks.rounds import interleave, ratio, spread

PHOTOS = 200
PHOTO_BYTES = 8_000_000
ROUNDS = 5
KILLS = 4
RANGES = 300
RANGE_BYTES_MOST = 200_000
PLAN_PHOTOS = 5_000
PLAN_ROUNDS = 15
REMARKS = (
    "The one file has the bytes of all 200, and a bare view sends it in pieces of the same size. "
    "The disk is not part of it: all files lie in the operating system's memory.",
)
ROOM_FACTOR = 4  # the photos, the same in one file, the whole ZIP, and some air


def measure(folder: Path) -> list[Section]:
    """Return throughput, memory, the plan's cost, and whether every byte is right."""
    section = Section("ZIP of 200 files of 8 MB", remarks=list(REMARKS))
    if shutil.disk_usage(folder).free < ROOM_FACTOR * PHOTOS * PHOTO_BYTES:
        section.missing.append(f"no room for the files below {folder.parent}")
        return [section]
    whole = folder / "whole.bin"
    installation = Installation(folder / "site").prepare()
    installation.inside(
        "make_files", slug="resepsi", code="KEBAYA77", photos=PHOTOS, size=PHOTO_BYTES,
        whole=str(whole),
    )  # fmt: skip
    bare = installation.serve(BARE, BARE_FILE=str(whole))
    with installation.serve() as ours, bare:
        cookies = enter(ours, "KEBAYA77")
        address = _plan_archive(ours, cookies)
        _throughput(section, ours, bare, request_bytes(address, cookies=cookies))
        _memory(section, ours, request_bytes(address, cookies=cookies))
        _resumes(section, ours, address, cookies, folder / "whole.zip")
    installation.inside("make_event", slug="besar", code="KEBAYA22", photos=PLAN_PHOTOS)
    _plan(section, installation)
    return [section]


def _plan_archive(ours: Server, cookies: dict[str, str]) -> str:
    """Ask for everything, as a guest does; returns the address of the ZIP."""
    body = f"all=1&size=original&csrfmiddlewaretoken={cookies['csrftoken']}".encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    asked = request_bytes(
        "/e/resepsi/download/", method="POST", cookies=cookies, headers=form, body=body
    )
    with Connection(ours.port) as connection:
        head, text = connection.ask(asked)
    assert head.status == 303, (head, text)
    return head.headers["location"]


def _throughput(section: Section, ours: Server, bare: Server, request: bytes) -> None:
    measures = {
        "one file, streamed": partial(_megabytes_per_second, bare.port, request_bytes("/stream")),
        "ZIP": partial(_megabytes_per_second, ours.port, request),
        "one file, FileResponse": partial(_megabytes_per_second, bare.port, request_bytes("/file")),
    }
    for work in measures.values():
        work()  # the first read of a file may come from the disk
    found = interleave(ROUNDS, measures)
    against = ratio(found["ZIP"], found["one file, streamed"])
    section.at_least("throughput against streaming one file", against, 0.85)
    against = ratio(found["ZIP"], found["one file, FileResponse"])
    section.figures.append(("throughput against FileResponse (sendfile)", against, "×"))
    for name, values in found.items():
        section.figure(name, values, "MB/s")


def _megabytes_per_second(port: int, request: bytes) -> float:
    with Connection(port) as connection:
        started = time.perf_counter()
        connection.send(request)
        status, length = connection.skip_answer()
        seconds = time.perf_counter() - started
    assert status == 200, status
    assert length >= PHOTOS * PHOTO_BYTES, length
    return length / seconds / 1e6


def _memory(section: Section, ours: Server, request: bytes) -> None:
    grown = []
    for _ in range(ROUNDS):
        idle = ours.resident_mb()
        ours.forget_peak()
        _megabytes_per_second(ours.port, request)
        grown.append(ours.peak_mb() - idle)
    section.at_most("memory over idle while it is sent", spread(grown), 10, "MB")


def _resumes(
    section: Section, ours: Server, address: str, cookies: dict[str, str], whole: Path
) -> None:
    """Download the ZIP once in peace and once with kills, then parts of it."""
    digest, etag, length = _download(ours, address, cookies, whole)
    with zipfile.ZipFile(whole) as archive:
        broken = archive.testzip()
        section.equals("members of the ZIP", len(archive.namelist()), PHOTOS, "files")
    section.equals("members with a wrong CRC-32", int(broken is not None), 0, "files")
    resumed = _download_with_kills(ours, address, cookies, etag, length)
    what = f"SHA-256 that differ after {KILLS} SIGKILLs of the server and resumes"
    section.equals(what, int(resumed != digest), 0, "")
    section.equals(
        f"wrong ones of {RANGES} random ranges", _wrong_ranges(ours, address, cookies, whole), 0, ""
    )


def _download(
    ours: Server, address: str, cookies: dict[str, str], whole: Path
) -> tuple[str, str, int]:
    """Keep the ZIP in a file; returns its SHA-256, its ETag and its length."""
    digest = hashlib.sha256()
    with Connection(ours.port) as connection, whole.open("wb") as file:
        connection.send(request_bytes(address, cookies=cookies))
        head, piece = connection.head()
        left = head.length
        while True:
            digest.update(piece)
            file.write(piece)
            left -= len(piece)
            if not left:
                return digest.hexdigest(), head.headers["etag"], head.length
            piece = connection.some(left)


def _download_with_kills(
    ours: Server, address: str, cookies: dict[str, str], etag: str, length: int
) -> str:
    """Return the SHA-256 of a download during which the server is killed again and again."""
    dice = random.Random(length)
    stops = sorted(dice.randrange(length // 10, length) for _ in range(KILLS))
    digest = hashlib.sha256()
    got = 0
    for stop in [*stops, length]:
        headers = {"Range": f"bytes={got}-", "If-Range": etag}
        with Connection(ours.port) as connection:
            connection.send(request_bytes(address, cookies=cookies, headers=headers))
            head, piece = connection.head()
            assert head.status == 206, head
            assert head.headers["content-range"] == f"bytes {got}-{length - 1}/{length}", head
            while True:
                digest.update(piece)
                got += len(piece)
                if got >= stop:
                    break
                piece = connection.some(length - got)
            if got < length:
                ours.kill()
                ours.start()
    return digest.hexdigest()


def _wrong_ranges(ours: Server, address: str, cookies: dict[str, str], whole: Path) -> int:
    dice = random.Random(RANGES)
    length = whole.stat().st_size
    wrong = 0
    with Connection(ours.port) as connection, whole.open("rb") as file:
        for _ in range(RANGES):
            start = dice.randrange(length)
            last = min(length - 1, start + dice.randrange(RANGE_BYTES_MOST))
            headers = {"Range": f"bytes={start}-{last}"}
            head, body = connection.ask(request_bytes(address, cookies=cookies, headers=headers))
            file.seek(start)
            wrong += head.status != 206 or body != file.read(last - start + 1)
    return wrong


def _plan(section: Section, installation: Installation) -> None:
    found = installation.inside("time_plan", slug="besar", rounds=PLAN_ROUNDS)
    what = f"plan of {PLAN_PHOTOS:,} members: every place, the length and the ETag"
    section.at_most(what, spread(found["plan"]), 25, "ms")
    section.figure(f"safe and unique names of {PLAN_PHOTOS:,} members", found["names"], "ms")

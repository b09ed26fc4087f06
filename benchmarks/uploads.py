"""The memory of the web process while a file of 100 MB comes in."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

from PIL import Image

from benchmarks.client import Connection, request_bytes
from benchmarks.installation import Installation, Server
from benchmarks.report import Section
from benchmarks.rounds import spread

ROUNDS = 3
UPLOAD_BYTES = 100 * 2**20
SMALL_BYTES = 1_000_000
TOKEN = "t" * 32  # a form's token is right where the cookie says the same
BOUNDARY = "a-boundary-of-a-browser"


def measure(folder: Path) -> list[Section]:
    """Return how much memory an upload takes, and how fast it is."""
    section = Section("Upload of a file of 100 MB")
    installation = Installation(folder / "site").prepare()
    event = installation.inside("make_event", slug="resepsi", code="KEBAYA77", photos=0)
    session = installation.inside("staff_session")
    cookies = {"sessionid": session, "csrftoken": TOKEN}
    page = f"/admin/gallery/photo/upload/{event}/"
    with installation.serve() as ours:
        _upload(ours, page, cookies, large_jpeg(SMALL_BYTES))
        grown, speed = [], []
        for _ in range(ROUNDS):
            data = large_jpeg(UPLOAD_BYTES)
            idle = ours.resident_mb()
            ours.forget_peak()
            speed.append(_upload(ours, page, cookies, data))
            grown.append(ours.peak_mb() - idle)
    stored = [p.stat().st_size for p in installation.media_root.rglob("original.jpg")]
    section.at_most("memory over idle while it comes in", spread(grown), 30, "MB")
    section.equals("originals stored whole", stored.count(UPLOAD_BYTES), ROUNDS, "files")
    section.figure("speed, durable on disk", speed, "MB/s")
    return [section]


def large_jpeg(size: int) -> bytes:
    """Return a JPEG of exactly that many bytes: a small one with random scan data within."""
    buffer = io.BytesIO()
    Image.new("RGB", (6000, 4000), "teal").save(buffer, "JPEG")
    small = buffer.getvalue()
    filling = os.urandom(size - len(small)).replace(b"\xff", b"\x7f")
    return small[:-2] + filling + small[-2:]


def _upload(ours: Server, page: str, cookies: dict[str, str], data: bytes) -> float:
    """Send one file as the upload page does; returns megabytes per second."""
    body = _form(data)
    headers = {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Accept": "application/json",
    }
    request = request_bytes(page, method="POST", cookies=cookies, headers=headers, body=body)
    started = time.perf_counter()
    with Connection(ours.port) as connection:
        head, text = connection.ask(request)
    assert head.status == 201, (head, text)
    return len(data) / (time.perf_counter() - started) / 1e6


def _form(data: bytes) -> bytes:
    token = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{TOKEN}'
    )
    file = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="DSC_0001.JPG"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return f"{token}\r\n{file}".encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()

"""A site of its own in real processes, and the browsers that use it while it is broken."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from subprocess import Popen
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.factories import PASSWORD
from tests.images import jpeg
from tests.installation import Installation, wait_until
from tests.ops.servers import Server, free_port

HOST = "127.0.0.1"
CODE = "KEBAYA77"
SLUG = "budi-ani"
STAFF = "hafi@example.com"
START_SECONDS = 60
ANSWER_SECONDS = 60
SEGMENT_BYTES = 65_533
FORM = "application/x-www-form-urlencoded"

MAKE_WEDDING = f"""
import json
from django.utils import timezone
from events.models import Event
from hafiportrait.accounts.models import User
User.objects.create_user(
    email={STAFF!r}, password={PASSWORD!r}, full_name="Hafi", role=User.Role.ADMIN
)
event = Event.objects.create(title="Pernikahan Budi & Ani", slug={SLUG!r}, access_code={CODE!r},
                             event_date=timezone.now())
print(json.dumps(str(event.pk)))
"""
PHOTOS = """
import json
from gallery.models import Photo
print(json.dumps([
    {
        "id": str(photo.pk),
        "sha256": photo.checksum,
        "status": photo.status,
        "attempts": photo.attempts,
        "key": photo.storage_key,
    }
    for photo in Photo.objects.order_by("uploaded_at")
]))
"""
SWEEP = """
import json
from datetime import timedelta
from django.utils import timezone
from gallery.models import Photo, Rendition
from gallery.processing import sweep_files
sweep_files(timezone.now() + timedelta(hours=1))
keys = set(Rendition.objects.values_list("key", flat=True))
for pair in Photo.objects.values_list("storage_key", "delivery_key"):
    keys |= set(pair)
print(json.dumps(sorted(keys - {""})))
"""

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Browser:
    """A browser that keeps its cookies; every request has a connection of its own."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        timeout: float = ANSWER_SECONDS,
        keep: bool = True,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer; raises OSError or HTTPException where the server breaks off.

        With `keep` false the cookies of the answer are thrown away, for many requests at once.
        """
        connection = http.client.HTTPConnection(HOST, self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, path, body or None, self.headers(**headers or {}))
            answer = connection.getresponse()
            given = answer.headers.get_all("Set-Cookie", [])
            if keep:
                self._keep(given)
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read())

    def headers(self, **more: str) -> dict[str, str]:
        """Return the headers of a request: the cookies, and `Content_Type=…` and the like."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": cookies} | {k.replace("_", "-"): v for k, v in more.items()}

    def _keep(self, given: list[str]) -> None:
        for line in given:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, *, keep: bool = True, **fields: str) -> Answer:
        """Send a form with the token that an earlier page gave."""
        body = urlencode(fields | {"csrfmiddlewaretoken": self.cookies["csrftoken"]}).encode()
        return self.ask("POST", path, body, keep=keep, headers={"Content-Type": FORM})

    def log_in(self) -> Browser:
        """Log in as the photographer."""
        self.get("/accounts/login/")
        answer = self.post("/accounts/login/", login=STAFF, password=PASSWORD)
        assert answer.status in (302, 303), answer
        return self

    def enter(self) -> Browser:
        """Enter the wedding as a guest, by its QR code."""
        assert self.get(f"/q/{CODE}/").status == 302
        return self

    def upload(self, event: str, data: bytes, *, timeout: float = ANSWER_SECONDS) -> Answer:
        """Send one photo to the upload page of an event."""
        return self.ask(
            "POST",
            upload_path(event),
            photo_form(data),
            timeout=timeout,
            keep=False,
            headers={
                "Content-Type": MULTIPART_CONTENT,
                "X-CSRFToken": self.cookies["csrftoken"],
                "Accept": "application/json",
            },
        )


def upload_path(event: str) -> str:
    return f"/admin/gallery/photo/upload/{event}/"


def photo_form(data: bytes) -> bytes:
    """Return the form of the upload page with one file in it."""
    file = SimpleUploadedFile("DSC_0001.JPG", data, "image/jpeg")
    return encode_multipart(BOUNDARY, {"file": file})


@dataclass
class Site:
    """The product on a port of its own, with the wedding of Budi and Ani in it."""

    installation: Installation
    port: int
    event: str = ""

    def make_wedding(self) -> None:
        """Make the tables, the photographer and the event."""
        self.installation.manage("migrate", "--verbosity", "0")
        self.event = self.installation.run_python(MAKE_WEDDING)

    def start_web(self) -> Server:
        """Serve as the Procfile does, and wait until it answers."""
        process = self.installation.start("-m", "gunicorn", "hafiportrait.wsgi")
        server = Server(self.port, process, self.installation)
        wait_until(lambda: server.is_up() or server.has_ended(), seconds=START_SECONDS, pause=0.1)
        assert server.is_up(), self.installation.logs()
        return server

    def start_jobs(self) -> Popen[bytes]:
        """Work through the photos as the Procfile does."""
        return self.installation.start("manage.py", "run_jobs", "--processes", "2")

    def browser(self) -> Browser:
        return Browser(self.port)

    def photos(self) -> list[dict[str, Any]]:
        """Return every photo's id, SHA-256, status, attempts and key."""
        found: list[dict[str, Any]] = self.installation.run_python(PHOTOS)
        return found

    def all_are(self, status: str) -> bool:
        return {photo["status"] for photo in self.photos()} == {status}

    def sweep(self) -> list[str]:
        """Sweep as if an hour had passed; returns the keys that rows name."""
        keys: list[str] = self.installation.run_python(SWEEP)
        return keys

    def stored_sha256(self, key: str) -> str:
        """Return the SHA-256 of a file as it lies on the disk."""
        return sha256((self.installation.folder / "media" / key).read_bytes())


def site_in(folder: Path, **extra: str) -> Site:
    """Return a site that keeps everything below the folder; nothing is made or started yet."""
    port = free_port()
    ours = {
        "PORT": str(port),
        "SITE_URL": f"http://{HOST}:{port}",
        "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
        "LOG_LEVEL": "WARNING",
        # Only what a test names itself: the suite's own broker and cache are not meant.
        "REDIS_URL": "",
        "CELERY_BROKER_URL": "",
    }
    return Site(Installation(folder, extra=ours | extra), port)


def copy_of(made: Site, folder: Path, **extra: str) -> Site:
    """Return a fresh copy of a site that does not run, with settings of its own."""
    source = made.installation.folder
    shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.log"))
    site = site_in(folder, **extra)
    site.event = made.event
    return site


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def heavy_jpeg(seed: int, *, size: int) -> bytes:
    """Return a small picture in a file of about `size` bytes: the rest is what cameras add."""
    whole = jpeg((600, 400), seed=seed)
    note = seed.to_bytes(4, "big") * (SEGMENT_BYTES // 4)
    segment = b"\xff\xef" + (len(note) + 2).to_bytes(2, "big") + note
    return whole[:2] + segment * (size // len(segment)) + whole[2:]


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Call all functions at the same instant, each in a thread; returns what they return."""
    barrier = threading.Barrier(len(calls))

    def start(call: Callable[[], T]) -> T:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(start, calls))

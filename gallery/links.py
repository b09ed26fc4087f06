"""Media links: capabilities that only a page made for its admitted reader hands out.

A link carries the event, its `access_version`, the audience, the window of time and one signature
per photo and generation, which serves all its sizes. It holds from the start of its window to the
end of the next one, so browsers cache; checking it needs no SQL (the state of an event is
remembered for a minute). On S3 the links are presigned for the same span.
"""

from __future__ import annotations

import hmac
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from events.admission import Audience
from events.models import Event
from gallery.models import photo_folder
from gallery.storage import photo_storage

WINDOW_SECONDS = 6 * 3600
MEMORY_SECONDS = 60
MEMORY_EVENTS = 10_000
SIGNATURE_BYTES = 16  # 128 bits: nobody guesses one within its window
WEB_KIND = "web"


@dataclass(frozen=True, slots=True)
class MediaLink:
    """What a media address of ours says."""

    window: int
    audience: Audience
    access_version: int
    event_id: UUID
    photo_id: UUID
    generation: int
    file: str

    @property
    def key(self) -> str:
        """The key of the file it leads to."""
        return f"{photo_folder(self.event_id, self.photo_id)}/{self.generation}/{self.file}"


@dataclass(frozen=True, slots=True)
class EventState:
    """What an event's media depend on, as it was at most a minute ago."""

    access_version: int
    is_active: bool
    expires_at: datetime
    read_at: float


_states: dict[UUID, EventState] = {}


def present_window(at: float | None = None) -> int:
    """Return the number of the present window: six hours each, counted from 1970."""
    return int((time.time() if at is None else at) // WINDOW_SECONDS)


def window_end(window: int) -> int:
    """Return the Unix time at which links of this window end."""
    return (window + 2) * WINDOW_SECONDS


@lru_cache(maxsize=1)
def _signing_key(secret: str) -> bytes:
    return sha256(f"gallery.links|{secret}".encode()).digest()


def _sign(message: str, *, secret: str) -> str:
    digest = hmac.digest(_signing_key(secret), message.encode(), "sha256")[:SIGNATURE_BYTES]
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


@lru_cache(maxsize=1)
def media_root() -> str:
    """Return the path below which all media links lie."""
    return reverse("gallery:media", args=["-"]).removesuffix("-")


def file_name(kind: str) -> str:
    """Return the file's name of a kind of rendition."""
    return f"{kind}.jpg" if kind == WEB_KIND else f"{kind}.webp"


class Linkable(Protocol):
    """A ready photo, or a row of these columns."""

    @property
    def id(self) -> UUID: ...
    @property
    def generation(self) -> int: ...


class LinkMaker:
    """Makes the links of one page: one event, one audience, one window."""

    def __init__(self, event: Event, audience: Audience, *, window: int | None = None) -> None:
        self.event = event
        self.audience = audience
        self.window = present_window() if window is None else window
        self.storage = photo_storage()
        self.is_local = settings.PHOTO_STORAGE == "disk"
        self._all = (event.pk, event.access_version, audience, self.window, self.storage)

    def __eq__(self, other: object) -> bool:
        """Whether both make the same links, so that what was made with one serves the other."""
        return isinstance(other, LinkMaker) and self._all == other._all

    def __hash__(self) -> int:
        return hash(self._all)

    def base(self, photo: Linkable) -> str:
        """Return the common beginning of a photo's local links, its signature in it."""
        version, audience = self.event.access_version, self.audience.value
        event, name = self.event.pk.hex, photo.id.hex
        message = f"{event}|{version}|{audience}|{self.window}|{name}|{photo.generation}"
        token = f"{self.window:x}.{audience}{version}.{_sign(message, secret=settings.SECRET_KEY)}"
        return f"{media_root()}{token}/{event}/{name}/{photo.generation}/"

    def url(self, photo: Linkable, kind: str) -> str:
        """Return the link to one rendition of a ready photo."""
        return self.urls(photo, [kind])[0]

    def urls(self, photo: Linkable, kinds: list[str]) -> list[str]:
        """Return the links to several renditions, signed once."""
        if self.is_local:
            base = self.base(photo)
            return [base + file_name(kind) for kind in kinds]
        return [self._presigned(photo, kind) for kind in kinds]

    def _presigned(self, photo: Linkable, kind: str) -> str:
        starts_at = datetime.fromtimestamp(self.window * WINDOW_SECONDS, UTC)
        link = self.storage.presigned_url(
            f"{photo_folder(self.event.pk, photo.id)}/{photo.generation}/{file_name(kind)}",
            starts_at=starts_at,
            seconds=2 * WINDOW_SECONDS,
        )
        return link or ""


def read_link(path: str) -> MediaLink | None:
    """Return what a media path says (`<token>/<event>/<photo>/<generation>/<file>`), or None.

    None for anything whose signature is not ours.
    """
    try:
        token, event, photo, generation, file = path.split("/")
        window, audience, signature = token.split(".")
        link = MediaLink(
            window=int(window, 16),
            audience=Audience(audience[:1]),
            access_version=int(audience[1:]),
            event_id=UUID(event),
            photo_id=UUID(photo),
            generation=int(generation),
            file=file,
        )
    except ValueError:
        return None
    message = f"{event}|{audience[1:]}|{audience[:1]}|{link.window}|{photo}|{generation}"
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        if hmac.compare_digest(_sign(message, secret=secret).encode(), signature.encode()):
            return link
    return None


def is_live(link: MediaLink) -> bool:
    """Return whether the link holds now: inside its span, and its event still open for it."""
    now = time.time()
    if not link.window * WINDOW_SECONDS - MEMORY_SECONDS <= now < window_end(link.window):
        return False
    if link.audience is not Audience.GUEST:
        return True
    state = _state(link.event_id)
    return (
        state is not None
        and state.access_version == link.access_version
        and state.is_active
        and state.expires_at.timestamp() > now
    )


def _state(event_id: UUID) -> EventState | None:
    """Return the event's state, asked of the database at most once a minute per process."""
    state = _states.get(event_id)
    if state is not None and time.monotonic() - state.read_at < MEMORY_SECONDS:
        return state
    row = (
        Event.objects.filter(pk=event_id)
        .values_list("access_version", "status", "storage_expires_at")
        .first()
    )
    if row is None:
        _states.pop(event_id, None)
        return None
    if len(_states) >= MEMORY_EVENTS:
        _states.clear()
    version, status, expires_at = row
    fresh = EventState(version, status == Event.Status.ACTIVE, expires_at, time.monotonic())
    _states[event_id] = fresh
    return fresh


def forget_states() -> None:
    """Forget every remembered event; for tests, which turn events back and forth."""
    _states.clear()

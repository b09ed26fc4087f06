"""Who is in front of the door: the one place that admits anybody to an event.

A guest's admission is a signed cookie that names its event and `access_version`; a browser may
hold several. Raising the version (a new code) ends every earlier admission on the next request.
The couple, their partners and staff are admitted by their log-in.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import TYPE_CHECKING

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from events.models import Event, GuestSession
from hafiportrait.accounts.models import User

if TYPE_CHECKING:
    from datetime import datetime

GUEST_COOKIE_DAYS = 90
GUEST_COOKIES_LIMIT = 20  # a browser sends them all on every request, and headers have a limit
BROWSER_COOKIE = "hp_browser"
ADMISSION_PREFIX = "hp_guest_"
ADMISSION_NAME = re.compile(ADMISSION_PREFIX + "[0-9a-f]{32}")
ISSUED = re.compile("[0-9]{1,12}")
_signer = signing.Signer(salt="events.admission")
_browser_signer = signing.Signer(salt="events.browser")


class Audience(Enum):
    """For whom a page, a fragment or a media link is made."""

    GUEST = "g"
    CLIENT = "c"
    STAFF = "s"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who was admitted to one event."""

    audience: Audience
    session_id: str
    entered_by: str
    user: User | None = None

    @property
    def sees_everything(self) -> bool:
        """Whether client-only photos are shown, and originals given whatever the event says."""
        return self.audience is not Audience.GUEST

    @property
    def is_staff(self) -> bool:
        """Whether this is the photographer."""
        return self.audience is Audience.STAFF


@dataclass(frozen=True, slots=True)
class Visit:
    """An admitted person at an event: what every gallery view works on."""

    event: Event
    actor: Actor


def signed_in(request: HttpRequest) -> User | None:
    """Return the person who logged in, without a query where there is no session cookie."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    user = request.user
    return user if isinstance(user, User) and user.is_active else None


def admit(request: HttpRequest, event: Event) -> Actor | None:
    """Return who this is at this event, or None for a stranger.

    No query for a guest; for somebody signed in the log-in's two, and one for partners and staff.
    """
    user = signed_in(request)
    if user is not None:
        audience = _audience_of(user, event)
        if audience is not None:
            session_id = _person_session(user, event)
            return Actor(audience, session_id, GuestSession.EnteredBy.CLIENT.value, user)
    return _guest(request, event)


def _audience_of(user: User, event: Event) -> Audience | None:
    if user.is_staff and _has_proved_it(user):
        return Audience.STAFF
    if event.client_id == user.pk or event.partners.filter(pk=user.pk).exists():
        return Audience.CLIENT
    return None


def _has_proved_it(user: User) -> bool:
    """Whether a password was not all that this person needed, where that is not enough."""
    return not settings.SECOND_FACTOR_REQUIRED or is_mfa_enabled(user)


def _person_session(user: User, event: Event) -> str:
    return _digest(f"person|{user.pk.hex}|{event.pk.hex}")


def _digest(text: str) -> str:
    """Return 256 bits that only this installation can compute, in hexadecimal."""
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), sha256).hexdigest()


def cookie_name(event: Event) -> str:
    """Return the name of the cookie that admits to this event."""
    return ADMISSION_PREFIX + event.pk.hex


def _read(request: HttpRequest, event: Event) -> tuple[int, str, str] | None:
    """Return (access version, entered by, session id) of the event's cookie, if it is ours."""
    value = request.COOKIES.get(cookie_name(event))
    if value is None:
        return None
    try:
        body = _signer.unsign(f"{event.pk.hex}.{value}")
        _, version, entered_by, _, session_id = body.split(".")
        return int(version), entered_by, session_id
    except (signing.BadSignature, ValueError):
        return None


def _guest(request: HttpRequest, event: Event) -> Actor | None:
    found = _read(request, event)
    if found is None or found[0] != event.access_version:
        return None
    return Actor(Audience.GUEST, found[2], found[1])


def remember_browser(request: HttpRequest, response: HttpResponse) -> None:
    """Give the browser a random name before it enters.

    A browser that sends its code several times at once is then one guest all the same.
    """
    if _browser(request) is None:
        _set_cookie(response, BROWSER_COOKIE, _browser_signer.sign(secrets.token_urlsafe(24)))


def _browser(request: HttpRequest) -> str | None:
    try:
        return _browser_signer.unsign(request.COOKIES.get(BROWSER_COOKIE, ""))
    except signing.BadSignature:
        return None


def let_in(
    request: HttpRequest, response: HttpResponse, event: Event, *, entered_by: str
) -> HttpResponse:
    """Write the admission to this event into the answer, and return the answer.

    A browser that was here before keeps its session, so a new code does not lose its likes.
    """
    earlier = _read(request, event)
    session_id = earlier[2] if earlier else _new_session(request, event)
    issued = int(timezone.now().timestamp())
    body = f"{event.pk.hex}.{event.access_version}.{entered_by}.{issued}.{session_id}"
    _set_cookie(response, cookie_name(event), _signer.sign(body).partition(".")[2])
    _forget_oldest(request, response, keep=cookie_name(event))
    return response


def _new_session(request: HttpRequest, event: Event) -> str:
    browser = _browser(request)
    return _digest(f"{browser}|{event.pk.hex}") if browser else secrets.token_hex(32)


def _set_cookie(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=GUEST_COOKIE_DAYS * 24 * 3600,
        httponly=True,
        secure=settings.HTTPS,
        samesite="Lax",
    )


def _forget_oldest(request: HttpRequest, response: HttpResponse, *, keep: str) -> None:
    names = [n for n in request.COOKIES if ADMISSION_NAME.fullmatch(n) and n != keep]
    names.sort(key=lambda name: _issued(request.COOKIES[name]), reverse=True)
    for name in names[GUEST_COOKIES_LIMIT - 1 :]:
        response.delete_cookie(name)


def _issued(value: str) -> int:
    part = "".join(value.split(".")[2:3])
    return int(part) if ISSUED.fullmatch(part) else 0


def is_closed_to(event: Event, actor: Actor | None, *, at: datetime | None = None) -> bool:
    """Return whether the gallery is closed for this person: archived or past its end."""
    if actor is not None and actor.sees_everything:
        return False
    now = at or timezone.now()
    return event.status == Event.Status.ARCHIVED or event.storage_expires_at <= now

"""How fast one guest, and all guests behind one address, may like and write.

A wedding's guests share the venue's address: 300 of them who each like a photo every few seconds,
or write twice a minute, get through. One guest is held to what a hand can do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from events.admission import Visit
from events.doors import gallery_door
from hafiportrait.lib import ratelimit
from hafiportrait.lib.errors import not_found, problem
from hafiportrait.lib.http import client_address

View = Callable[..., HttpResponse]
FORM_BYTES_LIMIT = 100_000  # a thousand characters of any script, sent as a form, are under 20,000


@dataclass(frozen=True)
class Pace:
    """How often something may be done by one session, and from one address."""

    session: ratelimit.Limit
    address: ratelimit.Limit

    def seconds_to_wait(self, request: HttpRequest, visit: Visit) -> int:
        """Count one try; return after how many seconds the next one makes sense, 0: it may be."""
        for limit, who in (
            (self.session, visit.actor.session_id),
            (self.address, client_address(request)),
        ):
            if ratelimit.count(limit, who) > limit.most:
                return max(1, ratelimit.seconds_left(limit, who))
        return 0


LIKES = Pace(
    session=ratelimit.Limit("likes-session", most=120, seconds=60),
    address=ratelimit.Limit("likes-address", most=9_000, seconds=60),
)
COMMENTS = Pace(
    session=ratelimit.Limit("comments-session", most=20, seconds=60),
    address=ratelimit.Limit("comments-address", most=900, seconds=60),
)


def small_form(refuse: Callable[..., HttpResponse | None]) -> Callable[[View], View]:
    """Refuse a body larger than any form of ours before anything reads it.

    What the view would say before it looks at the form is said first: `refuse` takes what the view
    takes, and returns the refusal or None, or raises Http404.
    """

    @gallery_door
    def too_large(request: HttpRequest, visit: Visit, /, **ids: Any) -> HttpResponse:
        message, title = _("This is too much at once."), _("Too large")
        return refuse(request, visit, **ids) or problem(
            request, 413, "too_large", message, title=title
        )

    def gate(request: HttpRequest, **kwargs: Any) -> HttpResponse | None:
        length = request.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) <= FORM_BYTES_LIMIT:
            return None
        try:
            answer: HttpResponse = too_large(request, **kwargs)
        except Http404:
            return not_found(request)
        return answer

    def decorate(view: View) -> View:
        @wraps(view)
        def gated(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            return view(request, **kwargs)

        gated.before_body = gate  # type: ignore[attr-defined]  # read by BodyGateMiddleware
        return gated

    return decorate

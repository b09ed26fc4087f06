"""The door of every gallery address, and what it says to those it refuses.

The order is the contract: 404 unknown or draft, 410 closed, then "enter the code".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from events.admission import Actor, Visit, admit, is_closed_to
from events.lookup import event_at
from events.models import Event, OldSlug
from hafiportrait.lib.errors import problem
from hafiportrait.lib.http import is_script

P = ParamSpec("P")
Answer = HttpResponse


def find_event(request: HttpRequest, slug: str) -> Event | HttpResponse:
    """Return the event at this address, or the redirect from an address that it had before.

    Raises Http404; a draft's former address leads nobody but staff to it. One query for an event
    that is there.
    """
    event = event_at(slug)
    if event is not None:
        return event
    old = OldSlug.objects.select_related("event").filter(slug=slug).first()
    if old is None:
        raise Http404
    if old.event.status == Event.Status.DRAFT:
        _staff_only(admit(request, old.event))
    return moved(request, old.slug, old.event.slug)


def moved(request: HttpRequest, old: str, new: str) -> HttpResponse:
    """Return the permanent redirect to the same page under the event's present address.

    301 for readers; after it a browser asks by GET, so a form gets 308 and is sent again whole.
    """
    where = request.get_full_path().replace(f"/e/{old}/", f"/e/{new}/", 1)
    is_form = request.method not in ("GET", "HEAD")
    return HttpResponsePermanentRedirect(where, preserve_request=is_form)


def _staff_only(actor: Actor | None) -> None:
    """Raise Http404 for everybody but the photographer."""
    if not (actor and actor.is_staff):
        raise Http404


def gallery_door(
    view: Callable[Concatenate[HttpRequest, Visit, P], Any],
) -> Callable[..., Any]:
    """Let only admitted people through; the view gets a `Visit` instead of the slug."""

    @login_not_required
    @wraps(view)
    def guarded(request: HttpRequest, slug: str, *args: P.args, **kwargs: P.kwargs) -> Any:
        event = find_event(request, slug)
        if not isinstance(event, Event):
            return event
        actor = admit(request, event)
        refusal = refuse(request, event, actor)
        if refusal is not None or actor is None:
            return refusal
        return view(request, Visit(event, actor), *args, **kwargs)

    guarded.is_gallery_door = True  # type: ignore[attr-defined]  # read by the test of all doors
    return guarded


def refuse(request: HttpRequest, event: Event, actor: Actor | None) -> HttpResponse | None:
    """Return the refusal that this person gets at this event, or None."""
    if event.status == Event.Status.DRAFT:
        _staff_only(actor)
    if is_closed_to(event, actor):
        return closed(request, event)
    return None if actor else ask_for_code(request, event)


def closed(request: HttpRequest, event: Event) -> HttpResponse:
    """Answer 410: the gallery was archived, or its time is over."""
    date = formats.date_format(timezone.localtime(event.closed_at), "DATE_FORMAT")
    return problem(
        request,
        410,
        "closed",
        _("This gallery closed on %(date)s. Ask your photographer.") % {"date": date},
        title=_("This gallery is closed"),
    )


def ask_for_code(request: HttpRequest, event: Event) -> HttpResponse:
    """Send a reader to the code form, and answer 403 to a form or a script."""
    if request.method in ("GET", "HEAD") and not is_script(request):
        enter = reverse("events:event-enter", args=[event.slug])
        answer = redirect(f"{enter}?{urlencode({'next': request.get_full_path()})}")
        answer["Cache-Control"] = "private, no-cache"
        answer["Vary"] = "Cookie"
        return answer
    return problem(
        request,
        403,
        "not_admitted",
        _("Enter the code of this gallery first."),
        title=_("No entry"),
    )


def switched_off(request: HttpRequest, what: str) -> HttpResponse:
    """Answer 403: this is off for this gallery; `what` is the whole sentence."""
    return problem(request, 403, "switched_off", what, title=_("Switched off"))

"""The doors of a gallery: the code form, the QR code, and what a link preview shows."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from events.admission import Visit, admit, let_in, remember_browser, signed_in
from events.cards import draw_card
from events.doors import closed, find_event, gallery_door, refuse
from events.entry import (
    TooManyTries,
    WrongCode,
    event_for_scanned_code,
    event_for_typed_code,
)
from events.forms import AccessCodeForm
from events.models import Event, GuestSession
from events.qr import KINDS, PNG_PIXELS_MIN, draw_qr
from hafiportrait.lib.errors import problem
from hafiportrait.lib.http import SeeOther, absolute, safe_next, wants_json

CARD_CACHE_SECONDS = 3600
QR_SIZES = {"250", "500", str(PNG_PIXELS_MIN), "2000"}


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Let a guest type the code of any gallery."""
    if request.method != "POST":
        return code_form(request, AccessCodeForm(initial={"next": request.GET.get("next", "")}))
    return _open_by_code(request, event=None)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def event_enter(request: HttpRequest, slug: str) -> HttpResponse:
    """Let a guest type the code of one gallery; shows nothing of the event but its title."""
    event = find_event(request, slug)
    if not isinstance(event, Event):
        return event
    actor = admit(request, event)
    if event.status == Event.Status.DRAFT and not (actor and actor.is_staff):
        raise Http404
    if request.method == "POST":
        return _open_by_code(request, event=event)
    refusal = refuse(request, event, actor) if not event.is_open else None
    if refusal is not None and refusal.status_code == 410:  # "gone"
        return refusal
    form = AccessCodeForm(initial={"next": request.GET.get("next", "")})
    return code_form(request, form, event=event)


@login_not_required
@require_safe
def qr_enter(request: HttpRequest, code: str) -> HttpResponse:
    """Admit whoever scanned the code, and lead on to the gallery without a tap in between."""
    try:
        event = event_for_scanned_code(request, code)
    except WrongCode:
        return _wrong_code(request, AccessCodeForm(initial={}), event=None)
    except TooManyTries as tries:
        return too_many(request, tries)
    if not event.is_open:
        return _no_referrer(closed(request, event))
    response = redirect("gallery:photo-list", slug=event.slug)
    let_in(request, response, event, entered_by=GuestSession.EnteredBy.QR.value)
    # Set here and not by the gallery, whose page the phone then has under the cookies that it sends
    # from now on: the worker keeps it without asking again.
    get_token(request)
    return _no_referrer(response)


@login_not_required
@require_safe
def event_card(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw the card that WhatsApp and others show beside the link: the title, no photo."""
    event = find_event(request, slug)
    if not isinstance(event, Event):
        return event
    if event.status == Event.Status.DRAFT:
        raise Http404
    response = HttpResponse(draw_card(event.title), content_type="image/png")
    response["Cache-Control"] = f"public, max-age={CARD_CACHE_SECONDS}"
    return response


@require_safe
@gallery_door
def gallery_qr(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Draw the code that leads to the gallery, in `size` pixels or a few more.

    Staff and client get the one that lets in. A guest's leads to the door: no page for guests
    carries the access code.
    """
    typed = request.GET.get("size", str(PNG_PIXELS_MIN))
    if typed not in QR_SIZES:
        return problem(request, 400, "bad_size", _("The code is not drawn in this size."))
    event = visit.event
    text = event.entry_url if visit.actor.sees_everything else event.gallery_url
    response = HttpResponse(draw_qr(text, "png", pixels=int(typed)), content_type=KINDS["png"])
    response["Cache-Control"] = "private, no-store"
    return response


def _open_by_code(request: HttpRequest, *, event: Event | None) -> HttpResponse:
    form = AccessCodeForm(request.POST)
    if not form.is_valid():
        return _wrong_code(request, form, event=event)
    try:
        found = event_for_typed_code(request, form.cleaned_data["code"], event=event)
    except WrongCode:
        return _wrong_code(request, form, event=event)
    except TooManyTries as tries:
        return too_many(request, tries)
    if not found.is_open:
        return closed(request, found)
    gallery = reverse("gallery:photo-list", args=[found.slug])
    where = safe_next(request, gallery)
    response = SeeOther(where if where.startswith(gallery) else gallery)
    return let_in(request, response, found, entered_by=GuestSession.EnteredBy.CODE.value)


def code_form(
    request: HttpRequest, form: AccessCodeForm, *, event: Event | None = None, status: int = 200
) -> HttpResponse:
    """Show the form of one event, or of any, and give the browser a name before it enters."""
    action = reverse("events:event-enter", args=[event.slug]) if event else reverse("events:enter")
    wanted = urlencode({"next": form["next"].value() or ""})
    context: dict[str, object] = {
        "form": form,
        "event": event,
        "action": action,
        "here": f"{action}?{wanted}",
    }
    if event is not None:
        context["card_url"] = absolute(reverse("events:event-card", args=[event.slug]))
        context["page_url"] = absolute(event.get_absolute_url())
    else:
        context["own_events"] = _own_events(request)
    name = "events/event_enter.html" if event else "events/enter.html"
    response = render(request, name, context, status=status)
    remember_browser(request, response)
    response["Cache-Control"] = "private, no-cache"
    return response


def _own_events(request: HttpRequest) -> list[Event]:
    """Return the galleries of a client who logged in; no query for anybody else."""
    user = signed_in(request)
    if user is None or user.is_staff:
        return []
    return list(Event.objects.published().for_client(user).newest_first())


def _wrong_code(request: HttpRequest, form: AccessCodeForm, *, event: Event | None) -> HttpResponse:
    message = _("That code does not open this gallery.")
    if wants_json(request):
        return problem(request, 400, "wrong_code", message)
    # Typed again from the start: the answer shows nothing of what was typed.
    again = AccessCodeForm({"code": "", "next": form.data.get("next", "") if form.is_bound else ""})
    again.errors["code"] = again.error_class([message])
    return _no_referrer(code_form(request, again, event=event, status=400))


def too_many(request: HttpRequest, tries: TooManyTries) -> HttpResponse:
    """Answer 429 with the time after which trying again makes sense."""
    minutes = max(1, round(tries.seconds / 60))
    return problem(
        request,
        429,
        "too_many_tries",
        _("Too many wrong codes from here. Try again in %(minutes)d min.") % {"minutes": minutes},
        title=_("Too many tries"),
        retry_after=max(1, tries.seconds),
    )


def _no_referrer(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response

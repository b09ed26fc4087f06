"""The gallery's pages: the grid, one photo, and the files behind both."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from events.admission import Visit, admit
from events.doors import gallery_door, refuse
from events.models import Chapter, Event
from events.visits import count_page
from gallery.fragments import gallery_page
from gallery.links import LinkMaker, MediaLink, read_link
from gallery.listing import Query
from gallery.models import Photo
from gallery.photo_page import photo_context
from hafiportrait.lib.errors import problem
from hafiportrait.lib.http import for_guests
from hafiportrait.lib.keyset import BadCursor


@require_safe
@gzip_page
@gallery_door
def photo_list(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show a page of sixty photos."""
    try:
        page = gallery_page(request, visit, Query.read(request.GET))
    except BadCursor:
        return problem(request, 400, "bad_cursor", _("This page does not exist; start again."))
    except Chapter.DoesNotExist:
        raise Http404 from None
    count_page(request, visit)
    return for_guests(HttpResponse(page))


@require_safe
@gzip_page
@gallery_door
def photo_detail(request: HttpRequest, visit: Visit, photo_id: UUID) -> HttpResponse:
    """Show one photo with its neighbours: the lightbox without JavaScript."""
    photo = visible_photo(visit, photo_id)
    query = Query.read(request.GET).at("")
    response = render(request, "gallery/photo_detail.html", photo_context(visit, photo, query))
    count_page(request, visit)
    return for_guests(response)


def visible_photo(visit: Visit, photo_id: UUID) -> Photo:
    """Return a photo of this event that this person may see; Http404 for every other."""
    photos = Photo.objects.for_event(visit.event).visible_to(visit.actor)
    photo: Photo | None = photos.filter(pk=photo_id).first()
    if photo is None:
        raise Http404
    return photo


@login_not_required
@require_safe
def media(request: HttpRequest, path: str) -> HttpResponse:
    """Lead an admitted reader from an old link (its time over, its picture redrawn) to the new.

    Live links never come here: `gallery.middleware` has answered them.
    """
    link = read_link(path)
    if link is None or settings.PHOTO_STORAGE != "disk":
        raise Http404
    return _fresh_link(request, link)


def _fresh_link(request: HttpRequest, link: MediaLink) -> HttpResponse:
    event = Event.objects.filter(pk=link.event_id).first()
    actor = admit(request, event) if event else None
    if event is None or actor is None or refuse(request, event, actor) is not None:
        raise Http404
    photo = visible_photo(Visit(event, actor), link.photo_id)
    url = LinkMaker(event, actor.audience).base(photo) + link.file
    if url == request.path:
        raise Http404
    response = redirect(url)
    response["Cache-Control"] = "no-store"
    return response

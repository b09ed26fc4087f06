"""While the party goes on: what is new in a gallery, and the wall that a projector shows."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from events.admission import Audience, Visit
from events.doors import gallery_door
from events.visits import count_page
from gallery.imaging.render import planned_sizes
from gallery.links import LinkMaker
from gallery.models import Photo, PhotoQuerySet
from gallery.tiles import alt_text
from hafiportrait.lib.http import for_guests

NEW_PHOTOS_LIMIT = 100
WALL_PHOTOS = 80  # at ten seconds each a quarter of an hour; some 40 MB that the browser keeps
WALL_KINDS = ("w1600", "w2400")
DIGITS = re.compile("[0-9]+", re.ASCII)
SEQUENCE_DIGITS = 18  # what 64 bits hold in any case; more digits mean "after everything"


@require_safe
@gallery_door
def photo_updates(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """Answer how many photos came after a sequence, and which; 304 to whoever knows already."""
    after = _sequence(request.GET.get("after", "0"))
    if after is None:
        message = _("This is not the number of a photo.")
        return JsonResponse({"error": {"code": "bad_after", "message": message}}, status=400)
    etag = updates_etag(visit, after)
    known = get_conditional_response(request, etag=etag)
    response = known or JsonResponse(_updates(visit, after))
    response["ETag"] = etag
    return for_guests(response)


def _sequence(typed: str) -> int | None:
    if not DIGITS.fullmatch(typed):
        return None
    digits = typed.lstrip("0")
    return int(digits or "0") if len(digits) <= SEQUENCE_DIGITS else 10**SEQUENCE_DIGITS


def updates_etag(visit: Visit, after: int) -> str:
    """Return the name of an answer: all that it depends on stands in the event's own row."""
    event, audience = visit.event, visit.actor.audience.value
    versions = f"{event.gallery_version}.{event.access_version}.{event.last_sequence}"
    return f'"{event.pk.hex}.{versions}.{audience}.{after}"'


def _updates(visit: Visit, after: int) -> dict[str, object]:
    """Return the answer as of the event's row, which the door has read before the photos.

    Numbers are given in the order of commits: whoever saw `latest` has seen every lower one.
    """
    latest = visit.event.last_sequence
    found = visible_photos(visit).filter(sequence__gt=after, sequence__lte=latest)
    newest = list(found.order_by("-sequence").values_list("pk", flat=True)[:NEW_PHOTOS_LIMIT])
    count = len(newest) if len(newest) < NEW_PHOTOS_LIMIT else found.count()
    return {"count": count, "latest": latest, "photos": newest}


def visible_photos(visit: Visit) -> PhotoQuerySet:
    """Return the photos of the event that this person may see."""
    photos: PhotoQuerySet = Photo.objects.for_event(visit.event).visible_to(visit.actor)
    return photos


@dataclass(frozen=True, slots=True)
class WallPhoto:
    """One photo of the wall: its pictures as `address width, …`, and what stands for it."""

    photo: Photo
    alt: str
    sources: str

    @property
    def ratio(self) -> str:
        """Width over height, as a script reads it in every language."""
        return f"{self.photo.width / self.photo.height:.4f}"


@require_safe
@gzip_page
@gallery_door
def slideshow(request: HttpRequest, visit: Visit) -> HttpResponseBase:
    """Show the newest photos, one after the other, on a wall that everybody sees."""
    event, latest = visit.event, visit.event.last_sequence
    context = {
        "event": event,
        "photos": wall_photos(visit),
        "latest": latest,
        "updates_url": reverse("gallery:photo-updates", args=[event.slug]),
        "etag": updates_etag(visit, latest),
        "leads_inside": visit.actor.sees_everything,
    }
    response = render(request, "gallery/slideshow.html", context)
    count_page(request, visit)
    return for_guests(response)


def wall_photos(visit: Visit) -> list[WallPhoto]:
    """Return the newest photos that every guest may see, whoever is logged in at the wall."""
    anybody = Visit(visit.event, replace(visit.actor, audience=Audience.GUEST))
    links = LinkMaker(visit.event, visit.actor.audience)
    photos = visible_photos(anybody).order_by("-sequence")[:WALL_PHOTOS]
    return [WallPhoto(photo, alt_text(photo), _sources(photo, links)) for photo in photos]


def _sources(photo: Photo, links: LinkMaker) -> str:
    """Return the pictures that a wall may need, the smallest first."""
    sizes = dict(planned_sizes(photo.width, photo.height))
    small = [kind for kind in sizes if kind not in (*WALL_KINDS, "web")]
    kinds = [kind for kind in WALL_KINDS if kind in sizes] or small[:1]
    widths = [sizes[kind][0] for kind in kinds]
    pairs = zip(links.urls(photo, kinds), widths, strict=True)
    return ", ".join(f"{url} {width}" for url, width in pairs)

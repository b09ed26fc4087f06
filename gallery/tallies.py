"""The numbers of photos that a gallery says: kept, not counted, for each chapter and circle.

Whoever changes which photos are ready, who sees them or where they stand calls one of these
functions in the same transaction, after `raise_versions`: its lock on the event's row lets one of
them write at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict
from uuid import UUID

from django.db.models import Count, F, Sum

from gallery.models import Photo, PhotoTally


class Place(TypedDict):
    """Which tally a photo belongs to."""

    event_id: UUID
    chapter_id: UUID | None
    visibility: str


def place_of(photo: Photo) -> Place:
    """Return the tally that a photo belongs to."""
    return {
        "event_id": photo.event_id,
        "chapter_id": photo.chapter_id,
        "visibility": photo.visibility,
    }


def add(place: Place, *, photos: int, original_bytes: int, web_bytes: int) -> None:
    """Add to one tally; negative numbers take away."""
    more = {"photo_count": photos, "original_bytes": original_bytes, "web_bytes": web_bytes}
    raised = {name: F(name) + number for name, number in more.items()}
    if not PhotoTally.objects.filter(**place).update(**raised):
        PhotoTally.objects.create(**place, **more)


def recount(event_id: UUID) -> None:
    """Count the ready photos of an event anew: one pass over them."""
    PhotoTally.objects.filter(event=event_id).delete()
    ready = Photo.objects.ready().filter(event=event_id).order_by()
    groups = ready.values("chapter_id", "visibility").annotate(
        photo_count=Count("pk"),
        original_bytes=Sum("delivery_size", default=0),
        web_bytes=Sum("web_size", default=0),
    )
    PhotoTally.objects.bulk_create(PhotoTally(event_id=event_id, **group) for group in groups)


def recount_all(event_ids: Iterable[UUID]) -> None:
    """Count several events anew, in the order in which everybody takes their locks."""
    for event_id in sorted(event_ids):
        recount(event_id)

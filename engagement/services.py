"""What the studio does with what guests and clients said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from engagement.models import Comment, EditingRequest, PhotoLike
from gallery.models import Photo, raise_versions
from hafiportrait.lib import jobs
from hafiportrait.lib.retention import blank_addresses


@transaction.atomic
def moderate_comments(*, comments: QuerySet[Comment], status: Comment.Status) -> int:
    """Approve or reject comments; returns how many changed."""
    touched = _places(comments.exclude(status=status))
    changed = Comment.objects.filter(pk__in=list(touched)).update(
        status=status, updated_at=timezone.now()
    )
    _settle(touched.values())
    return changed


@transaction.atomic
def delete_comments(*, comments: QuerySet[Comment]) -> int:
    """Delete comments; returns how many."""
    touched = _places(comments)
    Comment.objects.filter(pk__in=list(touched)).delete()
    _settle(touched.values())
    return len(touched)


def _places(comments: QuerySet[Comment]) -> dict[UUID, tuple[UUID, UUID | None]]:
    """Return the event and the photo of each comment by its id."""
    rows = comments.order_by().values_list("pk", "event_id", "photo_id")
    return {pk: (event_id, photo_id) for pk, event_id, photo_id in rows}


def _settle(places: Iterable[tuple[UUID, UUID | None]]) -> None:
    """Count the approved comments of the photos anew, and make cached pages old."""
    events, photos = zip(*places, strict=True) if places else ((), ())
    # Everybody takes the locks of events in the same order, so two of them cannot wait in a ring.
    for event_id in sorted(set(events)):
        raise_versions(event_id)
    approved = Comment.objects.filter(photo=OuterRef("pk"), status=Comment.Status.APPROVED)
    count = approved.order_by().values("photo").annotate(found=Count("pk")).values("found")
    Photo.objects.filter(pk__in=set(photos) - {None}).update(
        comment_count=Coalesce(Subquery(count), 0)
    )


def set_request_status(*, request: EditingRequest, status: EditingRequest.Status) -> EditingRequest:
    """Take an editing request on; the time of its completion is kept as long as it is complete."""
    completed = status == EditingRequest.Status.COMPLETED
    request.status = status
    request.completed_at = (request.completed_at or timezone.now()) if completed else None
    request.save(update_fields=["status", "completed_at", "updated_at"])
    return request


@jobs.housekeeper
def forget_addresses(now: datetime) -> None:
    """Blank the addresses under old likes and comments."""
    blank_addresses(PhotoLike.objects.all(), "created_at", now)
    blank_addresses(Comment.objects.all(), "created_at", now)

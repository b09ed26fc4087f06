"""What is done with photos that are there already."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from events.models import Event
from gallery import tallies
from gallery.models import GALLERY_ORDER, Photo, Rendition, raise_versions
from gallery.processing import remove_quietly
from hafiportrait.lib import jobs


def _touch(photos: QuerySet[Photo]) -> list[UUID]:
    """Make cached pages old; returns the events, in the order in which all take their locks."""
    event_ids = sorted(set(photos.order_by().values_list("event_id", flat=True)))
    for event_id in event_ids:
        raise_versions(event_id)
    return event_ids


@transaction.atomic
def delete_photos(*, photos: QuerySet[Photo]) -> int:
    """Delete photos: hidden at once, their files removed after commit; returns how many.

    The row stays, without its files: archives and downloads of the past name it.
    """
    living = photos.filter(deleted_at=None)
    ids = list(living.values_list("pk", flat=True))
    files = _files_of(ids)
    event_ids = _touch(living)
    Photo.objects.filter(pk__in=ids).update(
        deleted_at=timezone.now(), is_cover=False, due_at=None, **jobs.FREE
    )
    tallies.recount_all(event_ids)
    Rendition.objects.filter(photo__in=ids).delete()
    transaction.on_commit(lambda: remove_quietly(files))
    return len(ids)


def _files_of(ids: list[UUID]) -> list[str]:
    keys = set(Rendition.objects.filter(photo__in=ids).values_list("key", flat=True))
    for pair in Photo.objects.filter(pk__in=ids).values_list("storage_key", "delivery_key"):
        keys |= set(pair)
    return sorted(keys - {""})


@transaction.atomic
def retry_photos(*, photos: QuerySet[Photo]) -> int:
    """Have failed photos tried again from the start; returns how many.

    One that is shown, but could not be drawn anew, is shown all the while.
    """
    failed = photos.filter(deleted_at=None, due_at=None).filter(
        Q(status=Photo.Status.FAILED) | ~Q(error="")
    )
    again = Case(
        When(status=Photo.Status.FAILED, then=Value(Photo.Status.PENDING)), default=F("status")
    )
    wanted = {"due_at": timezone.now(), "attempts": 0, "lost_leases": 0, "error": ""}
    changed = failed.update(status=again, **wanted, **jobs.FREE)
    jobs.ring()
    return changed


@transaction.atomic
def set_visibility(*, photos: QuerySet[Photo], visibility: Photo.Visibility) -> int:
    """Show photos to guests, or to the client only; returns how many changed."""
    others = photos.filter(deleted_at=None).exclude(visibility=visibility)
    event_ids = _touch(others)
    # Read under the locks: what another request has changed meanwhile is not changed again.
    ids = list(others.filter(event__in=event_ids).values_list("pk", flat=True))
    chosen = Photo.objects.filter(pk__in=ids)
    if visibility == Photo.Visibility.EVERYONE:
        for event_id in event_ids:
            _number_anew(event_id, chosen)
    changed = chosen.update(visibility=visibility)
    tallies.recount_all(event_ids)
    return changed


def _number_anew(event_id: UUID, photos: QuerySet[Photo]) -> None:
    """Give photos of an event that guests see from now on its next numbers, in gallery order.

    A number below one that a guest has seen would never be announced to them. The caller holds the
    lock on the event's row. A photo that waits for its first pictures gets its number with them.
    """
    numbered = photos.filter(event=event_id, sequence__isnull=False)
    shown = list(numbered.order_by(*GALLERY_ORDER).only("pk"))
    if not shown:
        return
    row = Event.objects.filter(pk=event_id)
    row.update(last_sequence=F("last_sequence") + len(shown))
    first = row.values_list("last_sequence", flat=True).get() - len(shown) + 1
    for sequence, photo in enumerate(shown, first):
        photo.sequence = sequence
    Photo.objects.bulk_update(shown, ["sequence"])


@transaction.atomic
def save_typed(*, photo: Photo, fields: set[str]) -> Photo:
    """Save what a photographer typed on one photo, and nothing that a worker may have written."""
    raise_versions(photo.event_id)
    if "visibility" in fields and photo.visibility == Photo.Visibility.EVERYONE:
        hidden = Photo.objects.filter(pk=photo.pk, visibility=Photo.Visibility.CLIENT)
        _number_anew(photo.event_id, hidden)
    photo.save(update_fields=fields)
    tallies.recount(photo.event_id)
    return photo


@transaction.atomic
def set_cover(*, photo: Photo) -> Photo:
    """Make this photo the cover of its event, in place of the present one."""
    raise_versions(photo.event_id)  # the event's row lock lets one cover be set at a time
    Photo.objects.filter(event=photo.event_id, is_cover=True).update(is_cover=False)
    Photo.objects.filter(pk=photo.pk, deleted_at=None).update(is_cover=True)
    photo.is_cover = True
    return photo

"""What is done with photos that are there already."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from gallery.models import Photo, Rendition, raise_versions
from gallery.processing import remove_quietly
from hafiportrait.lib import jobs


def _touch(photos: QuerySet[Photo]) -> None:
    for event_id in set(photos.values_list("event_id", flat=True)):
        raise_versions(event_id)


@transaction.atomic
def delete_photos(*, photos: QuerySet[Photo]) -> int:
    """Delete photos: hidden at once, their files removed after commit; returns how many.

    The row stays, without its files: archives and downloads of the past name it.
    """
    living = photos.filter(deleted_at=None)
    ids = list(living.values_list("pk", flat=True))
    files = _files_of(ids)
    _touch(living)
    Photo.objects.filter(pk__in=ids).update(
        deleted_at=timezone.now(), is_cover=False, due_at=None, **jobs.FREE
    )
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
    """Have failed photos tried again from the start; returns how many."""
    failed = photos.filter(status=Photo.Status.FAILED, deleted_at=None)
    wanted = {"due_at": timezone.now(), "attempts": 0, "lost_leases": 0, "error": ""}
    changed = failed.update(status=Photo.Status.PENDING, **wanted, **jobs.FREE)
    jobs.ring()
    return changed


@transaction.atomic
def set_visibility(*, photos: QuerySet[Photo], visibility: Photo.Visibility) -> int:
    """Show photos to guests, or to the client only; returns how many changed."""
    others = photos.exclude(visibility=visibility)
    ids = list(others.values_list("pk", flat=True))
    _touch(others)
    return Photo.objects.filter(pk__in=ids).update(visibility=visibility)


@transaction.atomic
def set_cover(*, photo: Photo) -> Photo:
    """Make this photo the cover of its event, in place of the present one."""
    raise_versions(photo.event_id)  # the event's row lock lets one cover be set at a time
    Photo.objects.filter(event=photo.event_id, is_cover=True).update(is_cover=False)
    Photo.objects.filter(pk=photo.pk, deleted_at=None).update(is_cover=True)
    photo.is_cover = True
    return photo

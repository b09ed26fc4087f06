"""What the gallery does when something changes below it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.signals import post_delete, pre_delete
from django.dispatch import receiver

from events.models import Chapter, Event
from events.signals import event_changed
from gallery import tallies
from gallery.models import Photo, Rendition, raise_versions
from gallery.processing import redraw, remove_quietly

# What is drawn into the pictures, or decides what their delivery files hold.
DRAWN = frozenset({"watermark_enabled", "keep_location"})


@receiver(event_changed)
def redraw_photos(sender: object, event: Event, changed: set[str], **kwargs: Any) -> None:
    """Make the renditions and delivery files again when a switch says that they are different."""
    if DRAWN & changed:
        redraw(event=event)


@receiver(pre_delete, sender=Event)
def remove_files(sender: object, instance: Event, **kwargs: Any) -> None:
    """Remove an event's files once its deletion has committed."""
    photos = Photo.objects.filter(event=instance)
    keys = set(Rendition.objects.filter(photo__event=instance).values_list("key", flat=True))
    for pair in photos.values_list("storage_key", "delivery_key"):
        keys |= set(pair)
    transaction.on_commit(partial(remove_quietly, sorted(keys - {""})))


@receiver(post_delete, sender=Chapter)
def count_photos_without_chapter(
    sender: object, instance: Chapter, origin: object, **kwargs: Any
) -> None:
    """Count the photos of a deleted chapter among those without one; not where its event goes."""
    if isinstance(origin, Chapter) or (isinstance(origin, QuerySet) and origin.model is Chapter):
        raise_versions(instance.event_id)
        tallies.recount(instance.event_id)

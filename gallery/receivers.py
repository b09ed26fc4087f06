"""What the gallery does when something changes below it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from events.models import Event
from events.signals import event_changed
from gallery.models import Photo, Rendition
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

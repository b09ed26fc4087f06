"""What is done with an event."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.text import slugify

from events.codes import propose_code
from events.models import Event, GuestSession, OldSlug
from events.signals import event_changed
from hafiportrait.lib import jobs
from hafiportrait.lib.retention import blank_addresses

SLUG_CHARACTERS = 70


def propose_slug(title: str) -> str:
    """Return a free address made of the title; the database still has the last word."""
    base = slugify(title)[:SLUG_CHARACTERS].strip("-") or "event"
    taken = set(Event.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    taken |= set(OldSlug.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    if base not in taken:
        return base
    return next(s for n in range(2, len(taken) + 3) if (s := f"{base}-{n}") not in taken)


@transaction.atomic
def rename_slug(*, event: Event, old_slug: str) -> None:
    """Keep the address that the event had until now as a redirect to the present one."""
    OldSlug.objects.filter(slug=event.slug).delete()
    OldSlug.objects.update_or_create(slug=old_slug, defaults={"event": event})


def rotate_code(*, event: Event, code: str = "") -> Event:
    """Give the event a new code (a proposed one, unless given); every admission ends at once."""
    event.access_code = code or propose_code()
    event.full_clean()
    with transaction.atomic():
        event.save(update_fields=["access_code", "updated_at"])
        end_admissions(event=event)
    return event


def end_admissions(*, event: Event) -> None:
    """Raise the access version: every guest has to enter again."""
    Event.objects.filter(pk=event.pk).update(access_version=F("access_version") + 1)
    event.refresh_from_db(fields=["access_version"])


@transaction.atomic
def update_event(*, event: Event) -> set[str]:
    """Save what was edited on an event that exists, with every consequence of it.

    A former address becomes a redirect, another code ends every admission, cached pages are old,
    and `event_changed` tells the apps above. Returns the names of the changed fields.
    """
    before = Event.objects.select_for_update().get(pk=event.pk)
    edited = [f for f in Event._meta.concrete_fields if f.editable and not f.primary_key]
    changed = {f.name for f in edited if getattr(before, f.attname) != getattr(event, f.attname)}
    # Never the versions and counters: workers raise them while the form is open.
    event.save(update_fields=[*(f.name for f in edited), "archived_at", "updated_at"])
    if "slug" in changed:
        rename_slug(event=event, old_slug=before.slug)
    if "access_code" in changed:
        end_admissions(event=event)
    if changed:
        touch_gallery(event=event)
        event_changed.send(sender=Event, event=event, changed=changed)
    return changed


def touch_gallery(*, event: Event) -> None:
    """Raise the gallery's version: every page of it that is cached is old."""
    Event.objects.filter(pk=event.pk).update(gallery_version=F("gallery_version") + 1)
    event.refresh_from_db(fields=["gallery_version"])


@jobs.housekeeper
def forget_guest_addresses(now: datetime) -> None:
    """Blank the addresses of guests who were last seen long ago."""
    blank_addresses(GuestSession.objects.all(), "last_seen_at", now)

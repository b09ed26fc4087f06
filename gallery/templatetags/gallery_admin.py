"""What the pages of other apps in the admin show of the gallery."""

from __future__ import annotations

from uuid import UUID

from django import template
from django.db.models import Count, Q

from gallery.models import Photo

register = template.Library()

Status = Photo.Status


@register.simple_tag
def photo_counts(event_id: UUID) -> dict[str, int]:
    """Return how many photos an event has: in all, ready, waiting, failed, damaged. One query."""
    living = Photo.objects.filter(event=event_id, deleted_at=None)
    return living.aggregate(
        total=Count("pk"),
        ready=Count("pk", filter=Q(status=Status.READY)),
        waiting=Count("pk", filter=Q(status__in=[Status.PENDING, Status.PROCESSING])),
        failed=Count("pk", filter=Q(status=Status.FAILED)),
        damaged=Count("pk", filter=Q(damaged_at__isnull=False)),
    )

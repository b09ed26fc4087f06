"""What the couple is told about their event by e-mail."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.models import Event
from hafiportrait.accounts import notifications
from hafiportrait.accounts.models import Notification, User
from hafiportrait.lib import jobs

CLOSING_DAYS = (1, 7, 30)
HOURS = range(9, 21)  # of the studio's day: nobody's phone sounds at night


def _closing_context(notification: Notification) -> dict[str, Any] | None:
    """Return what the letter shows; None where the gallery is gone, closed or extended by now."""
    said = notification.context
    event = Event.objects.filter(pk=said["event"]).first()
    if event is None or not event.is_open or event.storage_expires_at.isoformat() != said["closes"]:
        return None
    return {"event": event}


GALLERY_CLOSES = notifications.Kind(
    "gallery-closes",
    label=_("A gallery closes soon"),
    role=User.Role.CLIENT,
    template="events/email/gallery_closes",
    context=_closing_context,
)


@jobs.housekeeper
def tell_of_closing(now: datetime) -> None:
    """Tell the couple 30, 7 and 1 days before their gallery closes; anew where it was extended."""
    if timezone.localtime(now).hour not in HOURS:
        return
    end = now + timedelta(days=max(CLOSING_DAYS) + 1)
    closing = Event.objects.filter(
        status=Event.Status.ACTIVE, storage_expires_at__gt=now, storage_expires_at__lt=end
    )
    for event in closing.select_related("client").prefetch_related("partners"):
        left = timezone.localtime(event.storage_expires_at).date() - timezone.localdate(now)
        nearest = min((days for days in CLOSING_DAYS if left.days <= days), default=None)
        if nearest is not None:
            closes = event.storage_expires_at.isoformat()
            notifications.notify(
                kind=GALLERY_CLOSES.name,
                to=event.couple(),
                fact=f"{event.pk} {closes} {nearest}",
                context={"event": str(event.pk), "closes": closes},
            )

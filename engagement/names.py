"""The name that somebody wrote with last time, so that it need not be typed again."""

from __future__ import annotations

from events.admission import Visit
from events.models import GuestSession


def known_name(visit: Visit) -> str:
    """Return the name of this person, or an empty one; one query."""
    sessions = GuestSession.objects.filter(session_id=visit.actor.session_id)
    name = sessions.values_list("display_name", flat=True).first()
    return name or (visit.actor.user.full_name if visit.actor.user else "")

"""Writing down what was taken home."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest

from analytics.models import PhotoDownload
from events.admission import Visit
from gallery.models import Photo
from hafiportrait.lib import jobs
from hafiportrait.lib.http import client_address, user_agent
from hafiportrait.lib.retention import blank_addresses


def record_download(
    *,
    request: HttpRequest,
    visit: Visit,
    photo: Photo | None,
    archive_id: UUID | None,
    download_type: str,
    size: str,
    byte_count: int,
) -> None:
    """Record a download; an archive that the same guest fetches again is recorded once."""
    row = PhotoDownload(
        photo=photo,
        event=visit.event,
        archive_id=archive_id,
        session_id=visit.actor.session_id,
        user=visit.actor.user,
        download_type=download_type,
        size=size,
        bytes=byte_count,
        ip_address=client_address(request),
        user_agent=user_agent(request),
    )
    PhotoDownload.objects.bulk_create([row], ignore_conflicts=True)


@jobs.housekeeper
def forget_download_addresses(now: datetime) -> None:
    """Blank the addresses of old downloads."""
    blank_addresses(PhotoDownload.objects.all(), "created_at", now)

"""What is counted when the apps below say that it happened."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.http import HttpRequest

from analytics.services import record_download
from events.admission import Visit
from gallery.models import Archive, Photo
from gallery.signals import photo_downloaded


@receiver(photo_downloaded)
def count_download(
    sender: object,
    *,
    request: HttpRequest,
    visit: Visit,
    photo: Photo | None,
    archive: Archive | None,
    download_type: str,
    size: str,
    bytes: int,  # noqa: A002  # the column's name
    **kwargs: Any,
) -> None:
    """Write one row for a download that begins."""
    record_download(
        request=request,
        visit=visit,
        photo=photo,
        archive_id=archive.pk if archive else None,
        download_type=download_type,
        size=size,
        byte_count=bytes,
    )

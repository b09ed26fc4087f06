"""Addresses of visitors are forgotten after their time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from analytics.models import PhotoDownload
from engagement.models import Comment, PhotoLike
from events.models import Event, GuestSession
from hafiportrait.lib import jobs
from hafiportrait.lib.models import WorkerBeat
from tests.factories import GuestSessionFactory, ready_photo

pytestmark = pytest.mark.django_db

ADDRESS = "203.0.113.7"


def make_rows(event: Event, *, days_ago: int) -> None:
    then = timezone.now() - timedelta(days=days_ago)
    guest = GuestSessionFactory.create(event=event, ip_address=ADDRESS, last_seen_at=then)
    photo = ready_photo(event)
    like = PhotoLike.objects.create(photo=photo, session=guest, ip_address=ADDRESS)
    words = {"author_name": "Sari", "content": "Selamat!", "session_id": guest.session_id}
    comment = Comment.objects.create(event=event, ip_address=ADDRESS, **words)
    download = PhotoDownload.objects.create(
        event=event, download_type="SINGLE", size="WEB", bytes=1, ip_address=ADDRESS
    )
    for row in (like, comment, download):
        type(row)._default_manager.filter(pk=row.pk).update(created_at=then)


class RetentionTests:
    @pytest.mark.parametrize(("days_ago", "kept"), [(89, 1), (91, 0)])
    @pytest.mark.parametrize("model", [GuestSession, PhotoLike, Comment, PhotoDownload])
    def test_housekeeping_blanks_addresses_after_ninety_days(
        self, event: Event, model: type, days_ago: int, kept: int
    ) -> None:
        make_rows(event, days_ago=days_ago)
        WorkerBeat.objects.filter(name="housekeeping").delete()

        jobs.keep_house()

        rows = model._default_manager.all()  # type: ignore[attr-defined]
        assert rows.count() == 1
        assert rows.filter(ip_address=ADDRESS).count() == kept

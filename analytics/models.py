"""What was taken home, and the totals of an event."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.models import (
    ADDRESS_CHARACTERS,
    SESSION_ID_CHARACTERS,
    USER_AGENT_CHARACTERS,
    Event,
)
from gallery.models import Photo


class PhotoDownload(models.Model):
    """One download: a photo, or (no photo) an archive of many."""

    class DownloadType(models.TextChoices):
        SINGLE = "SINGLE", _("One photo")
        BATCH_ZIP = "BATCH_ZIP", _("Some photos")
        BATCH_ALL = "BATCH_ALL", _("All photos")

    class Size(models.TextChoices):
        ORIGINAL = "ORIGINAL", _("Original")
        WEB = "WEB", _("Web size")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    photo = models.ForeignKey(
        Photo,
        verbose_name=_("photo"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="downloads",
    )
    event = models.ForeignKey(
        Event,
        verbose_name=_("event"),
        on_delete=models.CASCADE,
        db_index=False,
        related_name="downloads",
    )
    archive_id = models.UUIDField(null=True, blank=True, editable=False)
    session_id = models.CharField(max_length=SESSION_ID_CHARACTERS, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="downloads",
    )
    download_type = models.CharField(_("kind"), max_length=10, choices=DownloadType)
    size = models.CharField(_("size"), max_length=10, choices=Size)
    bytes = models.BigIntegerField(_("bytes"))
    ip_address = models.CharField(_("address"), max_length=ADDRESS_CHARACTERS, blank=True)
    user_agent = models.CharField(_("browser"), max_length=USER_AGENT_CHARACTERS, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        db_table = "photo_downloads"
        verbose_name = _("download")
        verbose_name_plural = _("downloads")
        indexes = [
            models.Index(fields=["photo"], name="photo_downloads_photo_index"),
            models.Index(fields=["event"], name="photo_downloads_event_index"),
            models.Index(fields=["session_id"], name="photo_downloads_session_index"),
            models.Index(fields=["created_at"], name="photo_downloads_created_index"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(download_type__in=["SINGLE", "BATCH_ZIP", "BATCH_ALL"]),
                name="photo_downloads_type_is_known",
                violation_error_message=_("A download is of one photo, of some or of all."),
            ),
            models.CheckConstraint(
                condition=Q(size__in=["ORIGINAL", "WEB"]),
                name="photo_downloads_size_is_known",
                violation_error_message=_("A download is of originals or of the web size."),
            ),
            # A ZIP that breaks and goes on is fetched in several requests, and is one download.
            models.UniqueConstraint(
                fields=["archive_id", "session_id"],
                condition=Q(archive_id__isnull=False),
                name="photo_downloads_archive_once_per_session",
                violation_error_message=_("This download is recorded already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_download_type_display()} – {self.event}"


class EventAnalytics(models.Model):
    """The totals of one event; a cache that can be rebuilt from the rows at any time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.OneToOneField(
        Event, verbose_name=_("event"), on_delete=models.CASCADE, related_name="analytics"
    )
    total_views = models.PositiveBigIntegerField(_("views"), default=0)
    unique_visitors = models.PositiveIntegerField(_("visitors"), default=0)
    total_downloads = models.PositiveIntegerField(_("downloads"), default=0)
    total_likes = models.PositiveIntegerField(_("likes"), default=0)
    total_comments = models.PositiveIntegerField(_("comments"), default=0)
    total_photos = models.PositiveIntegerField(_("photos"), default=0)
    last_calculated_at = models.DateTimeField(_("calculated"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        db_table = "event_analytics"
        verbose_name = _("totals of an event")
        verbose_name_plural = _("totals of events")

    def __str__(self) -> str:
        return f"{self.event}"

"""A photo, the renditions made of it, and the archives that take photos home."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.models import Chapter, Event
from hafiportrait.lib.jobs import JobRow

if TYPE_CHECKING:
    from events.admission import Actor

KEY_CHARACTERS = 200
NAME_CHARACTERS = 120
# The order of a gallery, and of its keyset pages.
GALLERY_ORDER = ("display_order", "sort_at", "id")
# Read backwards: the most liked first, and of equals the latest.
POPULAR_ORDER = ("like_count", *GALLERY_ORDER)


class PhotoQuerySet(models.QuerySet["Photo"]):
    """Photos, by who may see them and in which order."""

    def living(self) -> PhotoQuerySet:
        """Return the photos that were not deleted."""
        return self.filter(deleted_at=None)

    def ready(self) -> PhotoQuerySet:
        """Return the living photos that have their renditions."""
        return self.living().filter(status=Photo.Status.READY)

    def for_event(self, event: Event) -> PhotoQuerySet:
        """Return the photos of one event."""
        return self.filter(event=event)

    def visible_to(self, actor: Actor) -> PhotoQuerySet:
        """Return what this person may see, in pages, downloads, feeds and counts alike."""
        if actor.sees_everything:
            return self.ready()
        return self.ready().filter(visibility=Photo.Visibility.EVERYONE)

    def in_gallery_order(self) -> PhotoQuerySet:
        """Return the photos in the photographer's order, then by the time they were taken."""
        return self.order_by(*GALLERY_ORDER)


class Photo(JobRow):
    """A photograph. The original is kept byte for byte; everything shown is made of it."""

    class Status(models.TextChoices):
        PENDING = "PENDING", _("Waiting")
        PROCESSING = "PROCESSING", _("In work")
        READY = "READY", _("Ready")
        FAILED = "FAILED", _("Failed")

    class Visibility(models.TextChoices):
        EVERYONE = "EVERYONE", _("Guests and client")
        CLIENT = "CLIENT", _("Client only")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(
        Event,
        verbose_name=_("event"),
        on_delete=models.CASCADE,
        db_index=False,
        related_name="photos",
    )
    chapter = models.ForeignKey(
        Chapter,
        verbose_name=_("chapter"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="photos",
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("uploaded by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="uploaded_photos",
    )
    filename = models.CharField(
        _("file name"),
        max_length=NAME_CHARACTERS,
        help_text=_("The camera's name, cleaned; what people see and download."),
    )
    original_filename = models.CharField(
        _("name on the camera"), max_length=255, editable=False, help_text=_("As it was sent.")
    )
    storage_key = models.CharField(max_length=KEY_CHARACTERS, unique=True, editable=False)
    thumbnail_key = models.CharField(max_length=KEY_CHARACTERS, blank=True, editable=False)
    delivery_key = models.CharField(max_length=KEY_CHARACTERS, blank=True, editable=False)
    delivery_size = models.BigIntegerField(null=True, editable=False)
    delivery_crc32 = models.BigIntegerField(null=True, editable=False)
    web_size = models.BigIntegerField(null=True, editable=False)
    checksum = models.CharField(_("SHA-256"), max_length=64, editable=False)
    file_size = models.BigIntegerField(_("bytes"), editable=False)
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    mime_type = models.CharField(_("kind"), max_length=50, editable=False)
    taken_at = models.DateTimeField(_("taken"), null=True, blank=True)
    uploaded_at = models.DateTimeField(_("uploaded"), default=timezone.now, editable=False)
    sort_at = models.DateTimeField(default=timezone.now, editable=False)
    caption = models.CharField(
        _("caption"),
        max_length=300,
        blank=True,
        help_text=_("Read out by screen readers, and shown under the photo."),
    )
    metadata = models.JSONField(_("camera"), null=True, blank=True, editable=False)
    placeholder = models.TextField(blank=True, editable=False)
    display_order = models.IntegerField(_("order"), default=0)
    is_featured = models.BooleanField(_("featured"), default=False)
    is_cover = models.BooleanField(_("cover"), default=False)
    visibility = models.CharField(
        _("who sees it"), max_length=10, choices=Visibility, default=Visibility.EVERYONE
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.PENDING, editable=False
    )
    generation = models.PositiveIntegerField(default=0, editable=False)
    wanted_generation = models.PositiveIntegerField(default=1, editable=False)
    sequence = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    like_count = models.PositiveIntegerField(_("likes"), default=0, editable=False)
    comment_count = models.PositiveIntegerField(_("comments"), default=0, editable=False)
    damaged_at = models.DateTimeField(_("file damaged since"), null=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[models.Manager[Photo]] = PhotoQuerySet.as_manager()

    class Meta:
        db_table = "photos"
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        indexes = [
            models.Index(fields=["event"], name="photos_event_index"),
            # storage_key is indexed by being unique
            models.Index(fields=["display_order"], name="photos_display_order_index"),
            models.Index(fields=["is_featured"], name="photos_is_featured_index"),
            # Read by the gallery's pages, whose order it matches.
            models.Index(
                fields=["event", *GALLERY_ORDER],
                condition=Q(status="READY", deleted_at=None),
                name="photos_gallery_order_index",
            ),
            # Read by the filter "most liked"; a photo that nobody likes is not in it.
            models.Index(
                fields=["event", *POPULAR_ORDER],
                condition=Q(status="READY", deleted_at=None, like_count__gt=0),
                name="photos_popular_order_index",
            ),
            # Read by the poller for new photos.
            models.Index(
                fields=["event", "sequence"],
                condition=Q(status="READY", deleted_at=None),
                name="photos_sequence_index",
            ),
            # Read by the workers; a photo that is finished is not in it.
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="photos_due_index"
            ),
            # Read by the sweep for lost leases.
            models.Index(
                fields=["claimed_at"],
                condition=Q(claimed_at__isnull=False),
                name="photos_claimed_index",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "checksum"],
                condition=Q(deleted_at=None),
                name="photos_content_unique_in_event",
                violation_error_message=_("This event has this photo already."),
            ),
            models.UniqueConstraint(
                fields=["event"],
                condition=Q(is_cover=True, deleted_at=None),
                name="photos_one_cover_per_event",
                violation_error_message=_("This event has a cover already."),
            ),
            models.CheckConstraint(
                condition=Q(status__in=["PENDING", "PROCESSING", "READY", "FAILED"]),
                name="photos_status_is_known",
                violation_error_message=_("A photo waits, is in work, is ready or has failed."),
            ),
            models.CheckConstraint(
                condition=Q(visibility__in=["EVERYONE", "CLIENT"]),
                name="photos_visibility_is_known",
                violation_error_message=_("A photo is for everyone or for the client only."),
            ),
            models.CheckConstraint(
                condition=~Q(status="READY")
                | Q(
                    sequence__isnull=False,
                    delivery_size__isnull=False,
                    delivery_crc32__isnull=False,
                ),
                name="photos_ready_is_whole",
                violation_error_message=_("A ready photo has a place and a file to deliver."),
            ),
            models.CheckConstraint(
                condition=Q(width__gt=0, height__gt=0, file_size__gt=0),
                name="photos_have_a_size",
                violation_error_message=_("A photo has a width, a height and a size."),
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    def get_absolute_url(self) -> str:
        return reverse("gallery:photo-detail", args=[self.event.slug, self.pk])

    @property
    def folder(self) -> str:
        """The place of all this photo's files: made of ids, never of names."""
        return photo_folder(self.event_id, self.pk)


def photo_folder(event_id: uuid.UUID, photo_id: uuid.UUID) -> str:
    """Return the key below which all files of a photo lie."""
    return f"e/{event_id.hex}/{photo_id.hex}"


class Rendition(models.Model):
    """One picture made of a photo. A changed one has a new generation, so a new key."""

    class Kind(models.TextChoices):
        W400 = "w400", "400 px"
        W800 = "w800", "800 px"
        W1600 = "w1600", "1600 px"
        W2400 = "w2400", "2400 px"
        WEB = "web", _("Web size")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    photo = models.ForeignKey(
        Photo, on_delete=models.CASCADE, db_index=False, related_name="renditions"
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    generation = models.PositiveIntegerField(_("generation"))
    key = models.CharField(max_length=KEY_CHARACTERS, unique=True)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    bytes = models.BigIntegerField()
    crc32 = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "renditions"
        verbose_name = _("rendition")
        verbose_name_plural = _("renditions")
        constraints = [
            models.UniqueConstraint(
                fields=["photo", "kind", "generation"],
                name="renditions_one_of_a_kind",
                violation_error_message=_("This rendition exists already."),
            ),
        ]

    def __str__(self) -> str:
        return self.key


class PhotoTally(models.Model):
    """How many photos of one chapter are ready for one circle of readers, and their bytes.

    A gallery of 100,000 photos says its numbers without counting them; `gallery.tallies` keeps the
    rows true within the transactions that change them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, db_index=False, related_name="+")
    chapter = models.ForeignKey(Chapter, on_delete=models.CASCADE, null=True, related_name="+")
    visibility = models.CharField(max_length=10, choices=Photo.Visibility)
    photo_count = models.PositiveIntegerField(default=0)
    original_bytes = models.BigIntegerField(default=0)
    web_bytes = models.BigIntegerField(default=0)

    class Meta:
        db_table = "photo_tallies"
        verbose_name = _("number of photos")
        verbose_name_plural = _("numbers of photos")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "chapter", "visibility"],
                name="photo_tallies_one_per_chapter",
                violation_error_message=_("These photos are counted already."),
            ),
            # A unique constraint takes no two NULLs for equal.
            models.UniqueConstraint(
                fields=["event", "visibility"],
                condition=Q(chapter=None),
                name="photo_tallies_one_without_chapter",
                violation_error_message=_("These photos are counted already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.photo_count}"


class Archive(models.Model):
    """A ZIP as a plan: which files, under which names, of which sizes and CRCs, in which order.

    `members` is a list of `[photo id, name, key, size, crc32, unix time]`.
    """

    class Scope(models.TextChoices):
        SELECTION = "SELECTION", _("Selection")
        CHAPTER = "CHAPTER", _("Chapter")
        ALL = "ALL", _("Everything")

    class Size(models.TextChoices):
        ORIGINAL = "ORIGINAL", _("Original files")
        WEB = "WEB", _("Web size")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="archives")
    fingerprint = models.CharField(max_length=64)
    scope = models.CharField(max_length=10, choices=Scope)
    size = models.CharField(max_length=10, choices=Size)
    filename = models.CharField(max_length=NAME_CHARACTERS)
    for_guests = models.BooleanField()
    members = models.JSONField()
    member_count = models.PositiveIntegerField()
    total_bytes = models.BigIntegerField()
    etag = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        db_table = "archives"
        verbose_name = _("archive")
        verbose_name_plural = _("archives")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "fingerprint"],
                name="archives_equal_requests_share_one",
                violation_error_message=_("This archive exists already."),
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    def get_absolute_url(self) -> str:
        return reverse("gallery:archive-download", args=[self.event.slug, self.pk])


def raise_versions(event_id: uuid.UUID, **also: Any) -> None:
    """Raise the gallery's version inside the present transaction; every cached page is then old."""
    Event.objects.filter(pk=event_id).update(gallery_version=F("gallery_version") + 1, **also)

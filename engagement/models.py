"""Likes, comments, the guestbook and editing requests."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.models import ADDRESS_CHARACTERS, SESSION_ID_CHARACTERS, Event, GuestSession
from gallery.models import Photo


class PhotoLike(models.Model):
    """One guest's like of one photo."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    photo = models.ForeignKey(
        Photo,
        verbose_name=_("photo"),
        on_delete=models.CASCADE,
        db_index=False,
        related_name="likes",
    )
    session = models.ForeignKey(
        GuestSession,
        verbose_name=_("guest"),
        to_field="session_id",
        on_delete=models.CASCADE,
        db_index=False,
        related_name="likes",
    )
    ip_address = models.CharField(_("address"), max_length=ADDRESS_CHARACTERS, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        db_table = "photo_likes"
        verbose_name = _("like")
        verbose_name_plural = _("likes")
        indexes = [
            models.Index(fields=["photo"], name="photo_likes_photo_index"),
            models.Index(fields=["session"], name="photo_likes_session_index"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["photo", "session"],
                name="photo_likes_once_per_guest",
                violation_error_message=_("You like this photo already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.photo_id}"


NAME_CHARACTERS = 100
WORDS_CHARACTERS = 1000
RELATION_CHARACTERS = 60
# The order of what was said; pages under a photo and in the guestbook read it backwards.
SAID_ORDER = ("created_at", "id")


class CommentQuerySet(models.QuerySet["Comment"]):
    """Comments, by where they stand and who may read them."""

    def approved(self) -> CommentQuerySet:
        """Return what everybody in the gallery may read."""
        return self.filter(status=Comment.Status.APPROVED)

    def in_guestbook(self, event: Event) -> CommentQuerySet:
        """Return the wishes of the event's guestbook."""
        return self.filter(event=event, photo=None)

    def of_session(self, session_id: str) -> CommentQuerySet:
        """Return what was written in one browser, or by one person who logged in."""
        return self.filter(session_id=session_id)

    def readable_by(self, session_id: str) -> CommentQuerySet:
        """Return what was approved, and what this session wrote and waits for approval.

        A rejected comment is shown to nobody, its author included: it is for the studio to say no,
        and not for a page.
        """
        own = Q(status=Comment.Status.PENDING, session_id=session_id)
        return self.filter(Q(status=Comment.Status.APPROVED) | own)


class Comment(models.Model):
    """What a guest wrote under a photo, or in the guestbook (no photo)."""

    class Status(models.TextChoices):
        PENDING = "PENDING", _("Waiting for approval")
        APPROVED = "APPROVED", _("Approved")
        REJECTED = "REJECTED", _("Rejected")

    class Attendance(models.TextChoices):
        YES = "YES", _("Attending")
        NO = "NO", _("Not attending")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    photo = models.ForeignKey(
        Photo,
        verbose_name=_("photo"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="comments",
        help_text=_("None: an entry of the guestbook."),
    )
    event = models.ForeignKey(
        Event,
        verbose_name=_("event"),
        on_delete=models.CASCADE,
        db_index=False,
        related_name="comments",
    )
    author_name = models.CharField(_("name"), max_length=NAME_CHARACTERS)
    author_email = models.EmailField(_("e-mail"), max_length=254, null=True, blank=True)
    content = models.CharField(_("words"), max_length=WORDS_CHARACTERS)
    relation = models.CharField(_("relation"), max_length=RELATION_CHARACTERS, blank=True)
    attendance = models.CharField(_("attendance"), max_length=3, choices=Attendance, blank=True)
    session_id = models.CharField(max_length=SESSION_ID_CHARACTERS, editable=False)
    ip_address = models.CharField(_("address"), max_length=ADDRESS_CHARACTERS, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects: ClassVar[models.Manager[Comment]] = CommentQuerySet.as_manager()

    class Meta:
        db_table = "comments"
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        indexes = [
            models.Index(fields=["photo"], name="comments_photo_index"),
            models.Index(fields=["event"], name="comments_event_index"),
            models.Index(fields=["status"], name="comments_status_index"),
            models.Index(fields=["session_id"], name="comments_session_index"),
            models.Index(fields=["created_at"], name="comments_created_index"),
            # Read by the pages of comments under a photo, whose order it matches.
            models.Index(
                fields=["photo", *SAID_ORDER],
                condition=Q(photo__isnull=False),
                name="comments_under_photo_index",
            ),
            # Read by the pages of the guestbook.
            models.Index(
                fields=["event", *SAID_ORDER],
                condition=Q(photo__isnull=True),
                name="comments_guestbook_index",
            ),
            # Read by the photographer's queue.
            models.Index(
                fields=SAID_ORDER, condition=Q(status="PENDING"), name="comments_waiting_index"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["PENDING", "APPROVED", "REJECTED"]),
                name="comments_status_is_known",
                violation_error_message=_("A comment waits, is approved or is rejected."),
            ),
            models.CheckConstraint(
                condition=Q(attendance__in=["", "YES", "NO"]),
                name="comments_attendance_is_known",
                violation_error_message=_("Attendance is yes, no or not said."),
            ),
            models.CheckConstraint(
                condition=~Q(content="") & ~Q(author_name=""),
                name="comments_say_something",
                violation_error_message=_("A comment has a name and words."),
            ),
            models.CheckConstraint(
                condition=Q(photo=None) | Q(relation="", attendance=""),
                name="comments_only_wishes_say_who_comes",
                violation_error_message=_("Relation and attendance belong to the guestbook."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.author_name}: {self.content[:40]}"


class EditingRequest(models.Model):
    """What a client wants done with some photos."""

    class RequestType(models.TextChoices):
        COLOR_CORRECTION = "COLOR_CORRECTION", _("Colour correction")
        CROPPING = "CROPPING", _("Cropping")
        RETOUCHING = "RETOUCHING", _("Retouching")
        OTHER = "OTHER", _("Something else")

    class Status(models.TextChoices):
        PENDING = "PENDING", _("Waiting")
        IN_PROGRESS = "IN_PROGRESS", _("In work")
        COMPLETED = "COMPLETED", _("Completed")
        REJECTED = "REJECTED", _("Rejected")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(
        Event,
        verbose_name=_("event"),
        on_delete=models.CASCADE,
        db_index=False,
        related_name="editing_requests",
    )
    client = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("client"),
        on_delete=models.CASCADE,
        db_index=False,
        related_name="editing_requests",
    )
    photos = models.ManyToManyField(
        Photo,
        verbose_name=_("photos"),
        through="EditingRequestPhoto",
        related_name="editing_requests",
    )
    request_type = models.CharField(_("kind"), max_length=20, choices=RequestType)
    description = models.TextField(_("wish"), max_length=2000)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.PENDING)
    admin_notes = models.TextField(_("notes of the studio"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True, editable=False)

    class Meta:
        db_table = "editing_requests"
        verbose_name = _("editing request")
        verbose_name_plural = _("editing requests")
        indexes = [
            models.Index(fields=["event"], name="editing_requests_event_index"),
            models.Index(fields=["client"], name="editing_requests_client_index"),
            models.Index(fields=["status"], name="editing_requests_status_index"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    request_type__in=["COLOR_CORRECTION", "CROPPING", "RETOUCHING", "OTHER"]
                ),
                name="editing_requests_kind_is_known",
                violation_error_message=_("This kind of editing request is not known."),
            ),
            models.CheckConstraint(
                condition=Q(status__in=["PENDING", "IN_PROGRESS", "COMPLETED", "REJECTED"]),
                name="editing_requests_status_is_known",
                violation_error_message=_(
                    "An editing request waits, is in work, completed or rejected."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_request_type_display()} – {self.event}"


class EditingRequestPhoto(models.Model):
    """One photo of an editing request, with a note and a pin on the spot that is meant."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    request = models.ForeignKey(
        EditingRequest, on_delete=models.CASCADE, db_index=False, related_name="request_photos"
    )
    photo = models.ForeignKey(
        Photo,
        verbose_name=_("photo"),
        on_delete=models.CASCADE,
        related_name="request_photos",
    )
    note = models.CharField(_("note"), max_length=500, blank=True)
    pin_x = models.FloatField(_("pin, from the left"), null=True, blank=True)
    pin_y = models.FloatField(_("pin, from the top"), null=True, blank=True)

    class Meta:
        db_table = "editing_request_photos"
        verbose_name = _("photo of an editing request")
        verbose_name_plural = _("photos of an editing request")
        constraints = [
            models.UniqueConstraint(
                fields=["request", "photo"],
                name="editing_request_photos_once",
                violation_error_message=_("This photo is in the request already."),
            ),
            models.CheckConstraint(
                condition=Q(pin_x=None, pin_y=None) | Q(pin_x__range=(0, 1), pin_y__range=(0, 1)),
                name="editing_request_photos_pin_inside",
                violation_error_message=_("A pin lies inside the photo."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.photo}"

"""An event, the chapters of its day, and the guests who came in."""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length, Upper
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.codes import (
    CODE_CHARACTERS_MAX,
    CODE_CHARACTERS_MIN,
    is_guessable,
    normalise_code,
    propose_code,
)
from hafiportrait.accounts.models import User

models.CharField.register_lookup(Length)

STORAGE_YEARS = 1
YEAR_FIRST, YEAR_LAST = 1900, 2200
ADDRESS_CHARACTERS = 45  # an IPv6 address with an IPv4 tail
USER_AGENT_CHARACTERS = 300
SESSION_ID_CHARACTERS = 64  # 256 random bits, in hexadecimal
DEMO_CODES = frozenset({"BUDIANI2024"})


class EventQuerySet(models.QuerySet["Event"]):
    """Events, by what may be done with them."""

    def published(self) -> EventQuerySet:
        """Return the events that guests may know of; the others are drafts."""
        return self.exclude(status=Event.Status.DRAFT)

    def for_client(self, user: Any) -> EventQuerySet:
        """Return the events of this client, as the client or as a partner."""
        return self.filter(Q(client=user) | Q(partners=user)).distinct()

    def newest_first(self) -> EventQuerySet:
        """Return the events by their day, the latest first."""
        return self.order_by("-event_date", "-id")


class Event(models.Model):
    """A wedding or another celebration that the studio photographs."""

    class Status(models.TextChoices):
        DRAFT = "DRAFT", _("Draft")
        ACTIVE = "ACTIVE", _("Active")
        ARCHIVED = "ARCHIVED", _("Archived")

    class DownloadSize(models.TextChoices):
        ORIGINAL = "ORIGINAL", _("Original files")
        WEB = "WEB", _("Web size, 2048 pixels")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(
        _("address"),
        max_length=80,
        unique=True,
        db_index=False,
        error_messages={"unique": _("Another event has this address already.")},
    )
    client = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("client"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="events",
    )
    partners = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("partners"),
        blank=True,
        related_name="partner_events",
        help_text=_("Further clients who see this event."),
    )
    title = models.CharField(_("title"), max_length=150)
    event_date = models.DateTimeField(_("date"))
    description = models.TextField(_("description"), null=True, blank=True, max_length=2000)
    location = models.CharField(_("place"), max_length=200, null=True, blank=True)
    access_code = models.CharField(
        _("access code"),
        max_length=CODE_CHARACTERS_MAX,
        unique=True,
        db_index=False,
        default=propose_code,
        error_messages={"unique": _("Another event has this code already.")},
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ACTIVE)
    storage_expires_at = models.DateTimeField(
        _("open until"),
        blank=True,
        help_text=_("Left blank: one year after the event, at the end of the day."),
    )
    allow_downloads = models.BooleanField(_("guests may download"), default=True)
    allow_comments = models.BooleanField(_("guests may comment"), default=True)
    require_moderation = models.BooleanField(_("comments wait for approval"), default=True)
    watermark_enabled = models.BooleanField(_("watermark"), default=False)
    download_size = models.CharField(
        _("size for guests"),
        max_length=10,
        choices=DownloadSize,
        default=DownloadSize.ORIGINAL,
        help_text=_("With a watermark guests get the web size. The couple always gets originals."),
    )
    keep_location = models.BooleanField(
        _("keep the place in the files"),
        default=False,
        help_text=_("Otherwise what people take home does not say where it was taken."),
    )
    cover_in_preview = models.BooleanField(
        _("show the cover in link previews"),
        default=False,
        help_text=_("WhatsApp and others then show the cover to whoever has the link."),
    )
    storage_quota = models.BigIntegerField(
        _("storage limit in bytes"), null=True, blank=True, help_text=_("Left blank: no limit.")
    )
    access_version = models.PositiveIntegerField(default=1, editable=False)
    gallery_version = models.PositiveIntegerField(default=1, editable=False)
    last_sequence = models.PositiveBigIntegerField(default=0, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    objects: ClassVar[models.Manager[Event]] = EventQuerySet.as_manager()

    class Meta:
        db_table = "events"
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            # slug and access_code are indexed by being unique
            models.Index(fields=["status"], name="events_status_index"),
            models.Index(fields=["client"], name="events_client_index"),
            models.Index(fields=["event_date"], name="events_event_date_index"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["DRAFT", "ACTIVE", "ARCHIVED"]),
                name="events_status_is_known",
                violation_error_message=_("An event is a draft, active or archived."),
            ),
            models.CheckConstraint(
                condition=Q(download_size__in=["ORIGINAL", "WEB"]),
                name="events_download_size_is_known",
                violation_error_message=_("Downloads are original files or web size."),
            ),
            models.CheckConstraint(
                condition=Q(access_code=Upper("access_code")),
                name="events_access_code_is_upper_case",
                violation_error_message=_("An access code is stored in capitals."),
            ),
            models.CheckConstraint(
                condition=Q(access_code__length__gte=CODE_CHARACTERS_MIN),
                name="events_access_code_is_long_enough",
                violation_error_message=_("An access code has at least 8 characters."),
            ),
            models.CheckConstraint(
                condition=~Q(slug=""),
                name="events_slug_is_not_blank",
                violation_error_message=_("An event needs an address."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.access_code = normalise_code(self.access_code)
        if not self.storage_expires_at:
            self.storage_expires_at = expiry_for(self.event_date)
        if self.status != self.Status.ARCHIVED:
            self.archived_at = None
        elif self.archived_at is None:
            self.archived_at = timezone.now()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("gallery:photo-list", args=[self.slug])

    def clean(self) -> None:
        self.access_code = normalise_code(self.access_code or "")
        self._refuse_odd_dates()
        if self.event_date and not self.storage_expires_at:
            self.storage_expires_at = expiry_for(self.event_date)
        self._refuse_guessable_code()

    def clean_fields(self, exclude: Any = None) -> None:
        self.access_code = normalise_code(self.access_code or "")
        super().clean_fields(exclude=exclude)

    def _refuse_odd_dates(self) -> None:
        """Refuse years at the ends of the calendar, where adding a zone or a year overflows."""
        for name in ("event_date", "storage_expires_at"):
            found = getattr(self, name)
            if found and not YEAR_FIRST <= found.year <= YEAR_LAST:
                raise ValidationError({name: _("This year is out of range.")})

    def _refuse_guessable_code(self) -> None:
        code = self.access_code
        if settings.DEMO and code in DEMO_CODES:
            return
        if not code.isascii() or not code.isalnum():
            raise ValidationError({"access_code": _("Use letters and digits only.")})
        day = timezone.localtime(self.event_date).date() if self.event_date else None
        if is_guessable(code, title=self.title, slug=self.slug, day=day):
            raise ValidationError(
                {"access_code": _("This code can be guessed from the title, address or date.")}
            )

    def couple(self) -> list[User]:
        """Return the client and the partners, each once; a query or two unless prefetched."""
        people = [*([self.client] if self.client else []), *self.partners.all()]
        return list(dict.fromkeys(people))

    @property
    def is_expired(self) -> bool:
        """Whether the time for which the gallery stays open is over."""
        return self.storage_expires_at <= timezone.now()

    @property
    def closed_at(self) -> datetime:
        """When guests were let in for the last time; asked only of one that is closed."""
        return min(self.archived_at or timezone.now(), self.storage_expires_at)

    @property
    def is_open(self) -> bool:
        """Whether guests are let in."""
        return self.status == self.Status.ACTIVE and not self.is_expired

    @property
    def entry_url(self) -> str:
        """The full address behind the QR code."""
        return settings.SITE_URL + reverse("events:qr-enter", args=[self.access_code])

    @property
    def gallery_url(self) -> str:
        """The full address of the gallery."""
        return settings.SITE_URL + self.get_absolute_url()

    @property
    def qr_code_url(self) -> str:
        """The address that draws the QR code; drawn anew, so it cannot go stale."""
        return reverse("admin:events_event_qr", args=[self.pk, "svg"])


def expiry_for(event_date: datetime) -> datetime:
    """Return one year after the event, 23:59 in the studio's time zone."""
    local = timezone.localtime(event_date)
    try:
        day = local.date().replace(year=local.year + STORAGE_YEARS)
    except ValueError:  # 29 February
        day = local.date() + timedelta(days=365)
    return timezone.make_aware(datetime.combine(day, time(23, 59)))


class OldSlug(models.Model):
    """An address that an event had before; printed cards and chats still lead there."""

    slug = models.SlugField(_("address"), max_length=80, primary_key=True)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="old_slugs")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        db_table = "event_old_slugs"
        verbose_name = _("former address")
        verbose_name_plural = _("former addresses")

    def __str__(self) -> str:
        return self.slug


class Chapter(models.Model):
    """A part of the day, such as "Akad" or "Resepsi"; a filter of the gallery."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="chapters")
    title = models.CharField(_("title"), max_length=80)
    slug = models.SlugField(_("address"), max_length=80)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "chapters"
        verbose_name = _("chapter")
        verbose_name_plural = _("chapters")
        ordering = ["position", "created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "slug"],
                name="chapters_slug_unique_in_event",
                violation_error_message=_("This event has a chapter with this address already."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class GuestSession(models.Model):
    """One browser at one event. Signed-in people have one too, but are not visitors."""

    class EnteredBy(models.TextChoices):
        QR = "QR", _("QR code")
        CODE = "CODE", _("Access code")
        LINK = "LINK", _("Link")
        CLIENT = "CLIENT", _("Log-in")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session_id = models.CharField(max_length=SESSION_ID_CHARACTERS, unique=True, db_index=False)
    event = models.ForeignKey(
        Event,
        verbose_name=_("event"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="guest_sessions",
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="guest_sessions",
    )
    display_name = models.CharField(_("name"), max_length=100, blank=True)
    entered_by = models.CharField(_("entered by"), max_length=10, choices=EnteredBy)
    ip_address = models.CharField(_("address"), max_length=ADDRESS_CHARACTERS, blank=True)
    user_agent = models.CharField(_("browser"), max_length=USER_AGENT_CHARACTERS, blank=True)
    page_views = models.PositiveIntegerField(_("pages"), default=1)
    first_seen_at = models.DateTimeField(_("first seen"), default=timezone.now)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now)

    class Meta:
        db_table = "guest_sessions"
        verbose_name = _("guest")
        verbose_name_plural = _("guests")
        indexes = [
            # session_id is indexed by being unique
            models.Index(fields=["event"], name="guest_sessions_event_index"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(entered_by__in=["QR", "CODE", "LINK", "CLIENT"]),
                name="guest_sessions_entry_is_known",
                violation_error_message=_("A guest came by QR code, code, link or log-in."),
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or self.session_id[:8]

"""Who logs in, in which role, and what they are told."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from hafiportrait.lib.jobs import JobRow

FACT_CHARACTERS = 150


def studio_language() -> str:
    """Return the language in which the studio speaks to whoever has not chosen one."""
    return settings.LANGUAGE_CODE


class UserManager(BaseUserManager["User"]):
    """Makes people; the e-mail address is their name."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Return a new person; without a password the account cannot log in by one."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Return a new photographer."""
        fields.setdefault("full_name", email.partition("@")[0])
        return self.create_user(email, password, role=User.Role.ADMIN, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the person with this address, in whatever case it is typed."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A photographer of the studio or a client."""

    class Role(models.TextChoices):
        ADMIN = "ADMIN", _("Photographer")
        CLIENT = "CLIENT", _("Client")

    LANGUAGES = [("id", "Bahasa Indonesia"), ("en", "English")]

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(
        _("e-mail"), max_length=254, unique=True, error_messages={"unique": _("Already in use.")}
    )
    password = models.CharField(_("password"), max_length=128, db_column="password_hash")
    full_name = models.CharField(_("full name"), max_length=100)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.CLIENT)
    phone = models.CharField(_("phone"), max_length=20, null=True, blank=True)
    language = models.CharField(
        _("language"), max_length=2, choices=LANGUAGES, default=studio_language
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    last_login = models.DateTimeField(
        _("last log-in"), null=True, blank=True, db_column="last_login_at"
    )

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "users"
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="users_email_unique_in_any_case",
                violation_error_message=_("Somebody with this e-mail address exists already."),
            ),
            models.CheckConstraint(
                condition=Q(role__in=["ADMIN", "CLIENT"]),
                name="users_role_is_known",
                violation_error_message=_("A person is a photographer or a client."),
            ),
            models.CheckConstraint(
                condition=Q(language__in=["id", "en"]),
                name="users_language_is_known",
                violation_error_message=_("We speak Indonesian and English."),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self.email = self.email.strip().lower()

    @property
    def is_staff(self) -> bool:
        """Whether this person works in the admin."""
        return self.is_active and self.role == self.Role.ADMIN

    @property
    def is_superuser(self) -> bool:
        """Whether every permission is given; a studio has one kind of staff."""
        return self.is_staff

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Return whether this person may do it: photographers may."""
        return self.is_staff

    def has_perms(self, perm_list: Any, obj: object = None) -> bool:
        """Return whether this person may do all of it."""
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        """Return whether this person sees the app in the admin."""
        return self.is_staff

    def get_full_name(self) -> str:
        """Return the name as it is written in a letter."""
        return self.full_name

    def get_short_name(self) -> str:
        """Return the name as it is spoken."""
        return self.full_name


class Notification(JobRow):
    """What one person is told over one channel; a row first, and sent by a worker after."""

    class Channel(models.TextChoices):
        EMAIL = "EMAIL", _("E-mail")
        BELL = "BELL", _("In the admin")

    class Status(models.TextChoices):
        WAITING = "WAITING", _("Waiting")
        SENT = "SENT", _("Sent")
        SKIPPED = "SKIPPED", _("Not wanted")
        FAILED = "FAILED", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        User,
        verbose_name=_("person"),
        on_delete=models.CASCADE,
        db_index=False,
        related_name="notifications",
    )
    kind = models.CharField(_("kind"), max_length=40)
    fact = models.CharField(max_length=FACT_CHARACTERS)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    to = models.CharField(_("sent to"), max_length=254, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=User.LANGUAGES)
    context = models.JSONField(default=dict)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)

    class Meta:
        db_table = "notifications"
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes = [
            # Read by the workers; what was sent is not in it.
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="notifications_due_index"
            ),
            # Read by the sweep for lost leases.
            models.Index(
                fields=["claimed_at"],
                condition=Q(claimed_at__isnull=False),
                name="notifications_claimed_index",
            ),
            # Read by the bell.
            models.Index(
                fields=["user", "created_at"],
                condition=Q(channel="BELL", read_at=None),
                name="notifications_unread_index",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "fact", "channel"],
                name="notifications_once_per_fact",
                violation_error_message=_("This was told already."),
            ),
            models.CheckConstraint(
                condition=Q(channel__in=["EMAIL", "BELL"]),
                name="notifications_channel_is_known",
                violation_error_message=_("This channel is not known."),
            ),
            models.CheckConstraint(
                condition=Q(status__in=["WAITING", "SENT", "SKIPPED", "FAILED"]),
                name="notifications_status_is_known",
                violation_error_message=_("A notification waits, is sent, not wanted or failed."),
            ),
            models.CheckConstraint(
                condition=~Q(status="SENT") | Q(sent_at__isnull=False),
                name="notifications_sent_at_a_time",
                violation_error_message=_("What was sent was sent at a time."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} – {self.user}"


class MutedKind(models.Model):
    """A kind of notification of which a person wants no e-mail."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, db_index=False, related_name="muted_kinds"
    )
    kind = models.CharField(max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "muted_kinds"
        verbose_name = _("e-mail that is not wanted")
        verbose_name_plural = _("e-mails that are not wanted")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind"],
                name="muted_kinds_once",
                violation_error_message=_("This is not wanted already."),
            ),
        ]

    def __str__(self) -> str:
        return self.kind

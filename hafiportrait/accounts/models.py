"""Who logs in, and in which role."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


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

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(
        _("e-mail"), max_length=254, unique=True, error_messages={"unique": _("Already in use.")}
    )
    password = models.CharField(_("password"), max_length=128, db_column="password_hash")
    full_name = models.CharField(_("full name"), max_length=100)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.CLIENT)
    phone = models.CharField(_("phone"), max_length=20, null=True, blank=True)
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
                condition=models.Q(role__in=["ADMIN", "CLIENT"]),
                name="users_role_is_known",
                violation_error_message=_("A person is a photographer or a client."),
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

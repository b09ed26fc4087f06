"""What the photographer types about people."""

from __future__ import annotations

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.forms import SetUnusablePasswordMixin as Mixin
from django.utils.translation import gettext_lazy as _

from hafiportrait.accounts.models import User

PERSON_FIELDS = ("email", "full_name", "role", "phone")


class PersonCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]  # not generic when it runs
    """A new photographer or client, with a password or without."""

    usable_password = Mixin.create_usable_password_field(
        help_text=_("Without a password this person asks for a link by e-mail to choose one.")
    )

    class Meta:
        model = User
        fields = PERSON_FIELDS


class PersonChangeForm(UserChangeForm):  # type: ignore[type-arg]  # as above
    """A person who is there already."""

    class Meta:
        model = User
        fields = (*PERSON_FIELDS, "password", "is_active")
        widgets = {"phone": forms.TextInput(attrs={"type": "tel", "class": "vTextField"})}

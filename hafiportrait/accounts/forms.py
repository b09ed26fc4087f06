"""What the photographer types about people, and what people choose for themselves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.forms import SetUnusablePasswordMixin as Mixin
from django.utils.translation import gettext_lazy as _

from hafiportrait.accounts import notifications
from hafiportrait.accounts.models import User

PERSON_FIELDS = ("email", "full_name", "role", "phone", "language")


class PersonCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]  # not generic when it runs
    """A new photographer or client, with a password or without."""

    usable_password = Mixin.create_usable_password_field(
        help_text=_("Without a password this person asks for a link by e-mail to choose one.")
    )

    class Meta:
        model = User
        fields = PERSON_FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].required = False  # left out: the studio's


class PersonChangeForm(UserChangeForm):  # type: ignore[type-arg]  # as above
    """A person who is there already."""

    class Meta:
        model = User
        fields = (*PERSON_FIELDS, "password", "is_active")
        widgets = {"phone": forms.TextInput(attrs={"type": "tel", "class": "vTextField"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].required = False  # left out: as it is


class WantedLettersForm(forms.Form):
    """Which letters a person wants, of those that one can do without, and in which language."""

    language = forms.ChoiceField(label=_("Language of e-mails"), choices=User.LANGUAGES)
    kinds = forms.MultipleChoiceField(
        label=_("Send me e-mails"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, person: User, data: Any = None) -> None:
        muted = set(person.muted_kinds.values_list("kind", flat=True))
        offered = notifications.kinds_for(person)
        wanted = [kind.name for kind in offered if kind.name not in muted]
        super().__init__(data, initial={"language": person.language, "kinds": wanted})
        choices = self.fields["kinds"]
        choices.choices = [(kind.name, kind.label) for kind in offered]  # type: ignore[attr-defined]

"""What the photographer types about an event."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from events.codes import CODE_CHARACTERS_MAX, CODE_CHARACTERS_MIN, normalise_code, propose_code
from events.models import Event, OldSlug
from events.services import propose_slug

CODE_TYPED_CHARACTERS_MAX = 4 * CODE_CHARACTERS_MAX  # spaces, hyphens and full-width forms
EVENT_FIELDS = (
    "title",
    "event_date",
    "location",
    "client",
    "partners",
    "slug",
    "access_code",
    "status",
    "storage_expires_at",
    "allow_downloads",
    "download_size",
    "watermark_enabled",
    "keep_location",
    "allow_comments",
    "require_moderation",
    "description",
    "cover_in_preview",
    "storage_quota",
)


class EventAdminForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """An event; its address and its code are proposed where they are left blank."""

    instance: Event
    access_code = forms.CharField(
        label=_("Access code"),
        max_length=CODE_TYPED_CHARACTERS_MAX,
        required=False,
        help_text=_(
            "At least 8 letters and digits, not to be guessed from title, address or date. "
            "A changed code ends every guest's admission at once."
        ),
        widget=forms.TextInput(
            attrs={"class": "vTextField", "autocomplete": "off", "spellcheck": "false"}
        ),
    )

    class Meta:
        model = Event
        fields = EVENT_FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_new = self.instance._state.adding
        self.fields["slug"].required = False
        # Nothing typed is nothing, as in the other optional columns: "" would count as a change.
        description: Any = self.fields["description"]
        description.empty_value = None
        self.fields["access_code"].required = not self.is_new
        if self.is_new:
            self.fields["access_code"].initial = propose_code
            self.fields["slug"].help_text = _("Left blank: made of the title.")
        else:
            self.fields["slug"].help_text = _("Links with the former address lead to the new one.")

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"].lower()
        former = OldSlug.objects.filter(slug=slug).exclude(event=self.instance.pk).first()
        if former is not None:
            raise ValidationError(_("This address still leads to another event, which had it."))
        return slug

    def clean_access_code(self) -> str:
        code = normalise_code(self.cleaned_data["access_code"])
        if not code and self.is_new:
            return propose_code()
        if not CODE_CHARACTERS_MIN <= len(code) <= CODE_CHARACTERS_MAX:
            raise ValidationError(
                _("An access code has %(least)d to %(most)d characters."),
                params={"least": CODE_CHARACTERS_MIN, "most": CODE_CHARACTERS_MAX},
            )
        return code

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("slug") == "":
            cleaned["slug"] = self._slug_instead_of_none(cleaned.get("title", ""))
        return cleaned

    def _slug_instead_of_none(self, title: str) -> str:
        if self.is_new:
            return propose_slug(title) if title else ""
        return str(self.initial["slug"])

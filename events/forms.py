"""What a guest types at the door."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

CODE_TYPED_MAX = 200


class AccessCodeForm(forms.Form):
    """An access code, as it was typed; whether it opens anything is the view's to find out."""

    code = forms.CharField(
        label=_("Access code"),
        max_length=CODE_TYPED_MAX,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )
    next = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)

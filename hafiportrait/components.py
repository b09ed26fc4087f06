"""The studio's page of every component, light and dark: where a change of the looks is judged."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

# The two sets of tokens, as CSS classes; forms and ids are told apart by the same words.
SCHEMES = ("light", "dark")
COLOURS = [
    "ground",
    "ground-raised",
    "ground-pressed",
    "line",
    "line-strong",
    "text",
    "text-quiet",
    "gold",
    "gold-bright",
    "gold-text",
    "main",
    "problem",
    "success",
]
ICONS = [
    "heart",
    "heart-filled",
    "comment",
    "download",
    "share",
    "check",
    "close",
    "back",
    "next",
    "menu",
    "book",
    "play",
    "pause",
    "expand",
    "trash",
    "offline",
    "star",
    "plus",
    "qr",
    "select",
]
BUTTONS = (
    ("main", "download", _("Download photos")),
    ("", "select", _("Choose photos")),
    ("quiet", "share", _("Share")),
    ("danger", "trash", _("Delete")),
)
# A tile without a photo: what stands in for it is drawn by the page itself.
TILE = {
    "id": "00000000-0000-4000-8000-000000000000",
    "shape": "41",
    "sequence": 1,
    "photo_url": "#tile-",
    "width": 300,
    "height": 200,
    "alt": "DSC_0001.JPG",
    "liked": "true",
    "like_count": 12,
    "like_label": _("Like this photo"),
    "comment_count": 3,
    "choose_label": _("Choose photos"),
}


class SampleForm(forms.Form):
    """One field of each kind, some of them wrong."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("As others will read it beside your words.")
    )
    email = forms.EmailField(label=_("E-mail"))
    words = forms.CharField(label=_("Words"), widget=forms.Textarea({"rows": 3}), required=False)
    attendance = forms.ChoiceField(
        label=_("Attendance"),
        choices=[("YES", _("Attending")), ("NO", _("Not attending"))],
        widget=forms.RadioSelect,
    )
    is_remembered = forms.BooleanField(label=_("Remember my name"), required=False)


@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Show every component in both sets of colours; the admin's own door stands before it."""
    sample = {"name": "Sari", "email": "sari", "attendance": "YES"}
    sets = [
        {
            "scheme": scheme,
            "form": SampleForm(
                {f"{scheme}-{name}": value for name, value in sample.items()}, prefix=scheme
            ),
        }
        for scheme in SCHEMES
    ]
    return render(
        request,
        "admin/components.html",
        {"sets": sets, "colours": COLOURS, "icons": ICONS, "buttons": BUTTONS, "tile": TILE},
    )

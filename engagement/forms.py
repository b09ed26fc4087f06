"""What a guest types: words under a photo, or a wish in the guestbook."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from engagement.cleaning import one_line, several_lines
from engagement.models import (
    NAME_CHARACTERS,
    RELATION_CHARACTERS,
    WORDS_CHARACTERS,
    Comment,
)
from engagement.services import Words

EMAIL_CHARACTERS = 254
# Nothing that a browser fills in by itself, and what robots like to fill in.
TRAP = "subject"


class TooLong(MaxLengthValidator):
    """Says how long it may be, and how long it is."""

    message = ngettext_lazy(
        "At most %(limit_value)d character; this has %(show_value)d.",
        "At most %(limit_value)d characters; this has %(show_value)d.",
        "limit_value",
    )


class LineField(forms.CharField):
    """One line of text, without what nobody sees around it."""

    def __init__(self, *, most: int, **options: Any) -> None:
        super().__init__(strip=False, **options)
        self.widget.attrs["maxlength"] = most
        self.validators.append(TooLong(most))

    def to_python(self, value: Any) -> str:
        return one_line(super().to_python(value) or "")


class WordsField(forms.CharField):
    """Several lines of text. A browser is not told the limit: it would cut a long wish silently."""

    widget = forms.Textarea

    def __init__(self, *, most: int, **options: Any) -> None:
        super().__init__(strip=False, **options)
        self.validators.append(TooLong(most))

    def to_python(self, value: Any) -> str:
        return several_lines(super().to_python(value) or "")


class AddressField(forms.EmailField):
    """One e-mail address, in lower case."""

    def to_python(self, value: Any) -> str:
        return one_line(super().to_python(value) or "").lower()


class CommentForm(forms.Form):
    """What is said under a photo, and by whom. Nothing else of a comment comes from a request."""

    author_name = LineField(
        label=_("Your name"),
        most=NAME_CHARACTERS,
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
        error_messages={"required": _("Please write your name.")},
    )
    author_email = AddressField(
        label=_("E-mail (optional)"),
        required=False,
        max_length=EMAIL_CHARACTERS,
        help_text=_("Other guests never see it."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": _("This is not an e-mail address.")},
    )
    content = WordsField(
        label=_("Your comment"),
        most=WORDS_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "autocomplete": "off"}),
        error_messages={"required": _("Please write a few words.")},
    )

    @property
    def words(self) -> Words:
        """What a valid form says; suspect where the field was filled in that only robots see."""
        return Words(**self.cleaned_data, is_suspect=bool(self.data.get(TRAP, "").strip()))


class WishForm(CommentForm):
    """A wish in the guestbook: who one is to the couple, and whether one comes."""

    content = WordsField(
        label=_("Your wishes"),
        most=WORDS_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto", "autocomplete": "off"}),
        error_messages={"required": _("Please write a few words.")},
    )
    relation = LineField(
        label=_("How you know the couple (optional)"),
        most=RELATION_CHARACTERS,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )
    attendance = forms.ChoiceField(
        label=_("Attendance (optional)"),
        choices=[("", _("Not sure yet")), *Comment.Attendance.choices],
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose one of these.")},
    )
    field_order = ("author_name", "relation", "attendance", "content", "author_email")

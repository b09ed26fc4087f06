"""Sentences of packages that our own catalogue says better; nothing imports this.

The catalogue of a locale path wins over the packages' own, but `makemessages` keeps a sentence
only while a source names it: this is that source.

Indonesian writes its months out ("21 November 2026"), where Django's catalogue cuts some short.
"""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

MONTHS = (
    pgettext_lazy("abbrev. month", "Jan."),
    pgettext_lazy("abbrev. month", "Feb."),
    pgettext_lazy("abbrev. month", "Aug."),
    pgettext_lazy("abbrev. month", "Sept."),
    pgettext_lazy("abbrev. month", "Oct."),
    pgettext_lazy("abbrev. month", "Nov."),
    pgettext_lazy("abbrev. month", "Dec."),
)

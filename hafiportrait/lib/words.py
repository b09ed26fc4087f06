"""Sentences of Django and allauth that our own catalogue says better; nothing imports this.

Both ship an Indonesian catalogue without gaps, but some of it is not what a studio would write
to its clients. The catalogue of a locale path wins over the packages' own, and `makemessages`
keeps a sentence only while a source names it: this is that source.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop, ngettext_lazy, pgettext_lazy

# Indonesian writes its months out ("21 November 2026"); Django's catalogue cuts these short.
MONTHS = (
    pgettext_lazy("abbrev. month", "Jan."),
    pgettext_lazy("abbrev. month", "Feb."),
    pgettext_lazy("abbrev. month", "Aug."),
    pgettext_lazy("abbrev. month", "Sept."),
    pgettext_lazy("abbrev. month", "Oct."),
    pgettext_lazy("abbrev. month", "Nov."),
    pgettext_lazy("abbrev. month", "Dec."),
)

LOGGING_IN = (
    gettext_noop("The email address and/or password you specified are not correct."),
    gettext_noop("Please type your current password."),
    gettext_noop("Password successfully set."),
    gettext_noop("Email address"),
    gettext_noop("Bad Token"),
)

PASSWORDS = (
    gettext_noop("Your password can’t be too similar to your other personal information."),
    gettext_noop("Your password can’t be a commonly used password."),
    gettext_noop("Your password can’t be entirely numeric."),
    gettext_noop("Password confirmation"),
    gettext_noop("Enter the same password as before, for verification."),
    gettext_noop("Change password"),
    gettext_noop("Reset password"),
    gettext_noop("Password-based authentication"),
    gettext_noop("Enabled"),
    gettext_noop("Disabled"),
)

ADMIN = (
    gettext_noop("After you’ve created a user, you’ll be able to edit more user options."),
    gettext_noop("Change or view list link"),
    gettext_noop("Filter navigation items"),
    ngettext_lazy("Please correct the error below.", "Please correct the errors below.", 2),
    ngettext_lazy("%(counter)s result", "%(counter)s results", "counter"),
)

"""Access codes: how they are proposed, typed and compared."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import date

from django.utils.text import slugify

CODE_CHARACTERS_MIN = 8
CODE_CHARACTERS_MAX = 32
TYPED_CHARACTERS_MAX = 4 * CODE_CHARACTERS_MAX
# Without I, L, O, 0 and 1, which look alike on a printed card.
CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
# Full-width ASCII, as Asian keyboards type it (U+FF01 to U+FF5E), and our letters in capitals.
# `str.upper` and NFKC would forgive more: ı, ſ, ², Ⓐ.
PLAIN_FORMS = {0xFF01 + n: 0x21 + n for n in range(94)}
CAPITALS = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
SPACES_AND_HYPHENS = re.compile(r"[\s\-\u2010-\u2015\u2212]+")
YEARS = frozenset(str(year) for year in range(1950, 2100))
MONTHS = (
    ("JANUARY", "JANUARI"),
    ("FEBRUARY", "FEBRUARI"),
    ("MARCH", "MARET"),
    ("APRIL",),
    ("MAY", "MEI"),
    ("JUNE", "JUNI"),
    ("JULY", "JULI"),
    ("AUGUST", "AGUSTUS"),
    ("SEPTEMBER",),
    ("OCTOBER", "OKTOBER"),
    ("NOVEMBER", "NOPEMBER"),
    ("DECEMBER", "DESEMBER"),
)


def propose_code() -> str:
    """Return eight random characters: 31⁸ ≈ 8.5 · 10¹¹ codes, read out without a doubt."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_CHARACTERS_MIN))


def normalise_code(typed: str) -> str:
    """Return a code as it is stored, forgiving case, spaces, hyphens and full-width forms.

    Nothing else is forgiven: any other character stays, so the code opens nothing. What is too
    long to be a code is returned as an empty one, which no event has.
    """
    if len(typed) > TYPED_CHARACTERS_MAX:
        return ""
    return SPACES_AND_HYPHENS.sub("", typed.translate(PLAIN_FORMS)).translate(CAPITALS)


def is_guessable(code: str, *, title: str, slug: str, day: date | None) -> bool:
    """Return whether a code can be read off the invitation.

    That is: whether it is made of nothing but words of the title and the address, years, and
    forms of the event's day in the studio's time zone, in any order and number ("BUDIANI2026").
    """
    text = f"{title} {slug} {slugify(title)}"
    words = {_letters(word) for word in re.split(r"[\W_]+", text)} - {""}
    return _is_made_of(_letters(normalise_code(code)), words | YEARS | _day_forms(day))


def _letters(text: str) -> str:
    """Return the letters and digits of a text, in capitals."""
    return re.sub(r"[\W_]", "", text).upper()


def _day_forms(day: date | None) -> set[str]:
    if day is None:
        return set()
    names = MONTHS[day.month - 1]
    numbers = {f"{number:{form}}" for number in (day.day, day.month) for form in ("d", "02d")}
    return numbers | {f"{day.year % 100:02d}", *names, *(name[:3] for name in names)}


def _is_made_of(code: str, pieces: Iterable[str]) -> bool:
    """Return whether the code is a chain of these pieces."""
    known = tuple(pieces)
    reached = {0}
    for start in range(len(code)):
        if start in reached:
            reached |= {start + len(piece) for piece in known if code.startswith(piece, start)}
    return len(code) in reached

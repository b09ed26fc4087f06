"""Access codes: how they are proposed, typed and compared."""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import datetime

CODE_CHARACTERS_MIN = 8
CODE_CHARACTERS_MAX = 32
# Without I, L, O, 0 and 1, which look alike on a printed card.
CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
WORD_CHARACTERS_MIN = 4


def propose_code() -> str:
    """Return eight random characters: 31⁸ ≈ 8.5 · 10¹¹ codes, read out without a doubt."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_CHARACTERS_MIN))


def normalise_code(typed: str) -> str:
    """Return a code as it is stored, forgiving case, spaces, hyphens and full-width forms.

    Nothing else is forgiven: any other character stays, so the code opens nothing.
    """
    folded = unicodedata.normalize("NFKC", typed[: 4 * CODE_CHARACTERS_MAX])
    return re.sub(r"[\s\-\u2010-\u2015\u2212]+", "", folded).upper()


def is_guessable(code: str, *, title: str, slug: str, event_date: datetime | None) -> bool:
    """Return whether a code can be read off the invitation: slug, title, names or date.

    The words of the title count in any combination ("BUDIANI"), with or without a year.
    """
    plain = normalise_code(code)
    words = {normalise_code(word) for word in re.split(r"[\W_]+", f"{title} {slug}") if word}
    known = words | {normalise_code(title), normalise_code(slug), "".join(sorted(words))}
    known |= _dates(event_date)
    if plain in known or re.sub(r"[\W_]", "", plain) in {re.sub(r"[\W_]", "", k) for k in known}:
        return True
    return not _rest(plain, words | _dates(event_date))


def _dates(event_date: datetime | None) -> set[str]:
    if event_date is None:
        return set()
    patterns = ("%Y%m%d", "%d%m%Y", "%m%d%Y", "%d%m%y", "%y%m%d", "%Y", "%d", "%m", "%y")
    return {event_date.strftime(pattern) for pattern in patterns}


def _rest(code: str, words: set[str]) -> str:
    """Return what is left of a code once its known words are taken out, longest first."""
    for word in sorted(words, key=len, reverse=True):
        if word:
            code = code.replace(word, "")
    return code

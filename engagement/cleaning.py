"""What people type, made fit to be kept: nothing invisible around it, nothing that breaks a page.

Every script and every emoji stays as it was typed. Joiners inside words are kept, for Persian and
family emoji need them; what nobody can see is trimmed at both ends.
"""

from __future__ import annotations

import re
import unicodedata

NEW_LINES = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
LINES_TOGETHER = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*){2,}")
# Letters and marks by category, which fonts draw as nothing at all.
FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# They turn all that follows them around, and no keyboard types them.
OVERRIDES = frozenset("\u202d\u202e")
UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"})
# A sentence has one of `,;<>()[]` or a space between its links; a link has none. A bare domain
# begins where its first label does and nowhere later: tried from each of its labels, a thousand
# signs that stand for "a.m." (U+33C2) held the process for more than a second.
LINK = re.compile(
    r"(?:https?://|www\.)(?:(?!https?://|www\.)[^\s,;<>()\[\]])+"
    r"|(?<![a-z0-9-])(?<![a-z0-9-]\.)(?:[a-z0-9-]+\.)+"
    r"(?:app|biz|click|club|co|com|dev|id|info|io|link|ly|me|net|online|org|ru|shop|site|top|xyz)\b"
    r"(?:/[^\s,;<>()\[\]]*)?",
    re.IGNORECASE,
)


def one_line(text: str) -> str:
    """Return the text without what nobody sees around it, on one line."""
    return trimmed(NEW_LINES.sub("\n", text).replace("\n", " "))


def several_lines(text: str) -> str:
    """Return the text without what nobody sees around it; of empty lines at most one together."""
    return LINES_TOGETHER.sub("\n\n", trimmed(NEW_LINES.sub("\n", text)))


def trimmed(text: str) -> str:
    """Return the text without control characters, and without invisible ones at its ends."""
    kept = "".join(filter(_may_be_kept, text.replace("\t", " ")))
    start, end = 0, len(kept)
    while start < end and _is_unseen(kept[start]):
        start += 1
    while start < end and _is_unseen(kept[end - 1]) and not _ends_an_emoji(kept[end - 1]):
        end -= 1
    return kept[start:end]


def _may_be_kept(char: str) -> bool:
    if char == "\n":
        return True
    return char not in OVERRIDES and unicodedata.category(char) not in ("Cc", "Cs")


def _is_unseen(char: str) -> bool:
    is_unseen = unicodedata.category(char) in UNSEEN_CATEGORIES or char in FILLERS
    return is_unseen or _ends_an_emoji(char)


def _ends_an_emoji(char: str) -> bool:
    """Return whether it belongs to the character before it: a heart's colour, a flag's land."""
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0020" <= char <= "\U000e01ef"


def count_links(text: str) -> int:
    """Return how many links a text holds, also those that leave out "https://"."""
    return len(LINK.findall(unicodedata.normalize("NFKC", text)))


def same_words(first: str, second: str) -> bool:
    """Return whether two texts say the same, whatever their case and spaces."""
    return _plain(first) == _plain(second)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())

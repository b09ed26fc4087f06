"""File names that people gave, made fit for every system that may meet them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Bytes, because ext4 and Android count 255 of them and a Chinese character is three; the 15 left
# over are for what a browser appends while a download runs (".crdownload").
MAX_NAME_CHARACTERS = 120
MAX_NAME_BYTES = 240

_SEPARATORS = re.compile(r"[/\\]")
_FORBIDDEN_ON_WINDOWS = frozenset('<>:"|?*')
_EXTENSION = re.compile(r"\.\w{1,16}\Z")

# "Naming Files, Paths, and Namespaces" in the Windows API: devices, with any extension after them.
_WINDOWS_DEVICE = re.compile(
    r"(CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³])", re.IGNORECASE
)

# Joiners are invisible, yet emoji families and Persian words fall apart without them.
_JOINERS = "\u200c\u200d"
_WITHOUT_JOINERS = str.maketrans("", "", _JOINERS)
_NOT_AT_THE_EDGE = " ." + _JOINERS
_BEFORE_A_DOT = re.compile(rf"[{_NOT_AT_THE_EDGE}]+\.")
_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs"})
_VISIBLE_CLASSES = frozenset("LNPS")


def safe_name(name: str, *, fallback: str = "photo") -> str:
    """Return the file name `name` so that any system can store, show and send it.

    In: any text, even a path, control characters or lone surrogates. Out: one NFC path component
    of 1 to `MAX_NAME_CHARACTERS` characters and at most `MAX_NAME_BYTES` bytes of UTF-8, extension
    kept, without separators, `..`, control, bidirectional or Windows' forbidden characters, not
    the name of a Windows device, without dots or spaces at its ends. A stem of which nothing can
    be seen becomes `fallback`, which must be such a name itself. Cleaning twice changes nothing.
    """
    cleaned = unicodedata.normalize("NFC", "".join(map(_replacement, name)))
    component = _one_component(cleaned)
    if _WINDOWS_DEVICE.fullmatch(component.lstrip(_NOT_AT_THE_EDGE).partition(".")[0]):
        component = f"_{component}"
    stem, extension = _split_extension(component)
    if not extension:
        # The cut itself may end a long name in what reads as an extension.
        stem, extension = _split_extension(_cut(component, tail=""))
    stem = _cut(stem.lstrip(_NOT_AT_THE_EDGE), tail=extension)
    if not any(unicodedata.category(letter)[0] in _VISIBLE_CLASSES for letter in stem):
        stem = fallback
    return stem + extension


def numbered_name(name: str, number: int) -> str:
    """Return the safe name `name` with " (number)" before its extension.

    In: what `safe_name` returned. Out: again within both limits, the stem cut where it has to be.
    """
    stem, extension = _split_extension(name)
    tail = f" ({number}){extension}"
    return _cut(stem, tail=tail) + tail


def collision_key(path: str) -> str:
    """Return a text that is equal for two paths which Windows or macOS may take for one file.

    That is canonical caseless matching (Unicode 3.13, D145); HFS+ also overlooks joiners.
    """
    if path.isascii():
        return path.lower()
    folded = unicodedata.normalize("NFD", path).casefold()
    return unicodedata.normalize("NFD", folded).translate(_WITHOUT_JOINERS)


@lru_cache(maxsize=1024)
def _replacement(character: str) -> str:
    if character.isspace():
        return " "
    if character in _FORBIDDEN_ON_WINDOWS:
        return "_"
    if character in _JOINERS:
        return character
    return "" if unicodedata.category(character) in _DROPPED_CATEGORIES else character


def _one_component(path: str) -> str:
    """Join the parts of a path by underscores, and drop those that only climb (`..`)."""
    parts = (" ".join(part.split()) for part in _SEPARATORS.split(path))
    joined = "_".join(part for part in parts if part.strip(_NOT_AT_THE_EDGE))
    return _BEFORE_A_DOT.sub(".", joined).rstrip(_NOT_AT_THE_EDGE)


def _split_extension(name: str) -> tuple[str, str]:
    found = _EXTENSION.search(name)
    return (name[: found.start()], found.group()) if found else (name, "")


def _cut(stem: str, *, tail: str) -> str:
    """Shorten `stem` until it and `tail` together keep to both limits."""
    by_characters = stem[: MAX_NAME_CHARACTERS - len(tail)]
    by_bytes = by_characters.encode()[: MAX_NAME_BYTES - len(tail.encode())]
    return by_bytes.decode(errors="ignore").rstrip(_NOT_AT_THE_EDGE)

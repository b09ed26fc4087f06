"""What a camera wrote into a photo, as far as the product shows it: the time, and how it was taken.

EXIF is text from strangers. Of a hundred real camera files fifteen have NUL in their text, most
have bytes where text belongs and some have a number that is none, so everything here is picked
from an allow-list, checked and cleaned. Places, serial numbers and owners' names are never read.
"""

from __future__ import annotations

import math
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from numbers import Real

from PIL import ExifTags, Image, UnidentifiedImageError

TEXT_MAX_CHARS = 200
EARLIEST_YEAR = 1990
"""Digital cameras came later; what is older is a clock that was never set."""
CLOCK_SLACK = timedelta(days=2)
"""How far ahead a camera may be: time zones, and a clock set to the wrong side of midnight."""
OFFSET_MAX = timedelta(hours=14)
"""The easternmost time zone is UTC+14."""

Tags = Mapping[int, object]

_BROKEN_DATA = (
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
_DATE = re.compile(r"(\d{4})[:\-/.](\d\d)[:\-/.](\d\d)[ T](\d\d):(\d\d):(\d\d)(?!\d)", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of how a photo was taken.

    `taken_at` is aware where the camera wrote its offset from UTC; a naive time is in the studio's
    time zone, and None means that the camera said nothing believable. `metadata` is clean JSON:
    text of at most 200 printable characters, finite numbers and booleans under the eleven names
    of `METADATA_READERS`, so it stays below 8 KB.
    """

    taken_at: datetime | None = None
    metadata: dict[str, str | int | float | bool] = field(default_factory=dict)


def read_facts(im: Image.Image, *, at: datetime | None = None) -> Facts:
    """Read the time and the exposure from a photo's EXIF block.

    The image must have been loaded: `getexif()` decodes a PNG that was not, and hides its damage.
    `at` is the present moment (aware), by which times in the future are told; None takes the
    clock's. Whatever stands in the block, nothing is raised for it: what makes no sense is left
    out.
    """
    tags = _read_tags(im)
    metadata = {}
    for name, read in METADATA_READERS.items():
        value = read(tags)
        if value is not None:
            metadata[name] = value
    return Facts(taken_at=_taken_at(tags, at or datetime.now(UTC)), metadata=metadata)


def is_broken_data(error: Exception) -> bool:
    """Tell whether an error of Pillow's readers is about the bytes, not about the machine.

    Pillow answers broken files with nearly any built-in exception. "Disk full" and "input/output
    error" carry an errno, and a time limit arrives as a class of its own, so neither counts.
    """
    if isinstance(error, OSError):
        return type(error) in (OSError, UnidentifiedImageError) and error.errno is None
    return isinstance(error, _BROKEN_DATA)


def _read_tags(im: Image.Image) -> Tags:
    """Join the first directory and the EXIF directory into one; number ranges do not overlap."""
    tags: dict[int, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of corrupt blocks and reads on
        try:
            exif = im.getexif()
            tags.update(exif)
            tags.update(exif.get_ifd(ExifTags.IFD.Exif))
        except Exception as error:
            if not is_broken_data(error):
                raise
    return tags


def _text(value: object) -> str | None:
    """Give the printable text before the first NUL, with single spaces; None when none is left."""
    if isinstance(value, bytes):
        value = value[: 4 * TEXT_MAX_CHARS].decode("latin-1")
    if not isinstance(value, str):
        return None
    before_nul = value.partition("\0")[0][: 4 * TEXT_MAX_CHARS]
    printable = "".join(c if c.isprintable() else " " for c in before_nul)
    return " ".join(printable.split())[:TEXT_MAX_CHARS].strip() or None


def _number(value: object, lowest: float, highest: float) -> float | None:
    """Give a finite number within the limits (both included), else None; of several the first."""
    if isinstance(value, tuple) and value:
        value = value[0]
    if not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except (ArithmeticError, ValueError, TypeError):  # 10**400, or a fraction of nothing
        return None
    return number if math.isfinite(number) and lowest <= number <= highest else None


def _whole(value: object, lowest: int, highest: int) -> int | None:
    number = _number(value, lowest, highest)
    return None if number is None else round(number)


def _tenths(value: object, lowest: float, highest: float) -> float | None:
    number = _number(value, lowest, highest)
    return None if number is None else round(number, 1)


def _exposure_time(value: object) -> str | None:
    """Write seconds the way photographers do: "1/250", "0.5", "30"."""
    seconds = _number(value, 1e-6, 86_400)
    if seconds is None:
        return None
    # Cameras show a third of a second and longer as decimals.
    return f"{round(seconds, 1):g}" if seconds >= 0.3 else f"1/{round(1 / seconds)}"


def _flash_fired(value: object) -> bool | None:
    """Read bit 0 of the flash tag (EXIF 2.32, 4.6.5): fired or not; the rest is how."""
    flash = _whole(value, 0, 0xFFFF)
    return None if flash is None else bool(flash & 1)


def _offset_text(value: object) -> str | None:
    text = _text(value)
    return text if text and _offset(text) else None


METADATA_READERS: dict[str, Callable[[Tags], str | int | float | bool | None]] = {
    "make": lambda tags: _text(tags.get(ExifTags.Base.Make)),
    "model": lambda tags: _text(tags.get(ExifTags.Base.Model)),
    "lens": lambda tags: _text(tags.get(ExifTags.Base.LensModel)),
    "exposure_time": lambda tags: _exposure_time(tags.get(ExifTags.Base.ExposureTime)),
    "f_number": lambda tags: _tenths(tags.get(ExifTags.Base.FNumber), 0.1, 1_000),
    "iso": lambda tags: _whole(tags.get(ExifTags.Base.ISOSpeedRatings), 1, 10_000_000),
    "exposure_bias": lambda tags: _tenths(tags.get(ExifTags.Base.ExposureBiasValue), -20, 20),
    "focal_length": lambda tags: _tenths(tags.get(ExifTags.Base.FocalLength), 0.1, 10_000),
    "focal_length_35mm": lambda tags: _whole(
        tags.get(ExifTags.Base.FocalLengthIn35mmFilm), 1, 100_000
    ),
    "flash_fired": lambda tags: _flash_fired(tags.get(ExifTags.Base.Flash)),
    "utc_offset": lambda tags: _offset_text(tags.get(ExifTags.Base.OffsetTimeOriginal)),
}
"""The allow-list: lengths in millimetres, the bias in stops, the offset as "+07:00"."""

# Taken, digitised, changed: the first believable one of (time, fraction of a second, offset).
_TIMES = (
    (
        ExifTags.Base.DateTimeOriginal,
        ExifTags.Base.SubsecTimeOriginal,
        ExifTags.Base.OffsetTimeOriginal,
    ),
    (
        ExifTags.Base.DateTimeDigitized,
        ExifTags.Base.SubsecTimeDigitized,
        ExifTags.Base.OffsetTimeDigitized,
    ),
    (ExifTags.Base.DateTime, ExifTags.Base.SubsecTime, ExifTags.Base.OffsetTime),
)


def _taken_at(tags: Tags, at: datetime) -> datetime | None:
    for time_tag, fraction_tag, offset_tag in _TIMES:
        moment = _moment(tags.get(time_tag), tags.get(fraction_tag), tags.get(offset_tag))
        if moment and _is_believable(moment, at):
            return moment
    return None


def _moment(time: object, fraction: object, offset: object) -> datetime | None:
    """Join the three texts EXIF splits a moment into; naive where the offset is missing or odd."""
    found = _DATE.match(_text(time) or "")
    if not found:
        return None
    year, month, day, hour, minute, second = map(int, found.groups())
    try:
        moment = datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    digits = _text(fraction) or ""
    if digits.isascii() and digits.isdigit():
        moment = moment.replace(microsecond=int(digits[:6].ljust(6, "0")))
    return moment.replace(tzinfo=_offset(_text(offset) or ""))


def _offset(text: str) -> timezone | None:
    found = _OFFSET.fullmatch(text)
    if not found:
        return None
    sign, hours, minutes = found.groups()
    distance = timedelta(hours=int(hours), minutes=int(minutes))
    if distance > OFFSET_MAX:
        return None
    return timezone(-distance if sign == "-" else distance)


def _is_believable(moment: datetime, at: datetime) -> bool:
    known_zone = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.year >= EARLIEST_YEAR and known_zone <= at + CLOCK_SLACK

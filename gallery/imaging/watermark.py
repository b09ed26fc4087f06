"""The studio's name on a rendition: small, in a corner, readable on white dresses and at night."""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter, ImageFont

TEXT_SHARE = 0.035
"""Height of the letters as a share of the picture's mean side (the root of its area)."""
WIDEST_SHARE = 0.9
"""A long name is set smaller, so that with its margins it fits into this share of the width."""
SMALLEST_FONT_PX = 6
TEXT_OPACITY = 0.78
SHADOW_OPACITY = 0.62

# Pillow carries the Latin letters of Aileron, without accents.
_GLYPHS = frozenset(map(chr, range(0x20, 0x7F))) | frozenset("©«°±·»‘’“”…‹›™")
_SPELLINGS = {"–": "-", "—": "-", "ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ı": "i"}


def stamp(image: Image.Image, text: str) -> Image.Image:
    """Copy an RGB picture and write `text` near its lower right corner.

    White letters let the picture through and lie on a soft dark shadow of themselves, which is
    what keeps them readable on bright ground. Accents are dropped, as the font has none; where
    nothing that can be written is left, the mark is "©", never a picture without one.
    """
    stamped = image.copy()
    line = writable(text) or "©"
    font = _fitting_font(line, image.size)
    letters = _mask(line, font, stroke=0)
    heavy = _mask(line, font, stroke=max(1, round(font.size / 16)))
    shadow = heavy.filter(ImageFilter.GaussianBlur(max(1.0, font.size / 12)))
    # Both masks have the distance to the edges around them, so the shadow has room to fade.
    corner = (image.width - letters.width, image.height - letters.height)
    _lay(stamped, shadow, corner, "black", SHADOW_OPACITY)
    _lay(stamped, letters, corner, "white", TEXT_OPACITY)
    return stamped


def writable(text: str) -> str:
    """Spell `text` with the characters the font has, in one line with single spaces."""
    spelt: list[str] = []
    for character in text:
        if character not in _GLYPHS:
            character = _SPELLINGS.get(character) or unicodedata.normalize("NFKD", character)
        spelt.extend(part if part in _GLYPHS else " " * part.isspace() for part in character)
    return " ".join("".join(spelt).split())


def _fitting_font(line: str, size: tuple[int, int]) -> ImageFont.FreeTypeFont:
    wanted = max(SMALLEST_FONT_PX, TEXT_SHARE * math.sqrt(size[0] * size[1]))
    # A margin is as wide as the letters are high.
    width = _font(round(wanted)).getlength(line) + 2 * wanted
    fitting = wanted * min(1.0, WIDEST_SHARE * size[0] / width)
    return _font(max(SMALLEST_FONT_PX, round(fitting)))


@lru_cache(maxsize=32)
def _font(px: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(px)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType, which the watermark is written with")
    return font


def _mask(line: str, font: ImageFont.FreeTypeFont, *, stroke: int) -> Image.Image:
    """Draw the line as a mask (mode L) with the font's size in pixels as margin around it."""
    margin = round(font.size)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(line))
    mask = Image.new("L", (right - left + 2 * margin, bottom - top + 2 * margin))
    place = (margin - left, margin - top)
    ImageDraw.Draw(mask).text(place, line, font=font, fill=255, stroke_width=stroke)
    return mask


def _lay(
    image: Image.Image, mask: Image.Image, corner: tuple[int, int], colour: str, opacity: float
) -> None:
    image.paste(colour, corner, mask.point([round(level * opacity) for level in range(256)]))

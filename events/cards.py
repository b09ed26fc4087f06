"""The drawn preview card of a gallery: what a chat shows beside its link."""

from __future__ import annotations

import io
import textwrap
from functools import lru_cache

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

CARD_SIZE = (1200, 630)  # pixels; the shape that Open Graph readers expect
GROUND = "#121212"
TEXT = "#E5E5E5"
GOLD = "#C5A059"
TITLE_SIZES = (84, 68, 54, 44)  # pixels; the largest in which the title fits on three lines
LINE_WIDTH = 1000
LINES_LIMIT = 3


@lru_cache(maxsize=64)
def draw_card(title: str) -> bytes:
    """Return the card with this title as PNG bytes."""
    card = Image.new("RGB", CARD_SIZE, GROUND)
    draw = ImageDraw.Draw(card)
    size, lines = _fit(draw, title)
    font = ImageFont.load_default(size)
    draw.rectangle((40, 40, CARD_SIZE[0] - 41, CARD_SIZE[1] - 41), outline=GOLD, width=2)
    top = (CARD_SIZE[1] - len(lines) * size * 1.25) / 2 - 20
    for number, line in enumerate(lines):
        place = (CARD_SIZE[0] / 2, top + number * size * 1.25)
        draw.text(place, line, font=font, fill=TEXT, anchor="ma")
    small = ImageFont.load_default(34)
    place = (CARD_SIZE[0] / 2, CARD_SIZE[1] - 120)
    draw.text(place, settings.STUDIO_NAME, font=small, fill=GOLD, anchor="ma")
    file = io.BytesIO()
    card.save(file, "PNG", optimize=True)
    return file.getvalue()


def _fit(draw: ImageDraw.ImageDraw, title: str) -> tuple[int, list[str]]:
    for size in TITLE_SIZES:
        font = ImageFont.load_default(size)
        characters = max(8, int(LINE_WIDTH / draw.textlength("n", font=font)))
        lines = textwrap.wrap(title, characters)
        fits = all(draw.textlength(line, font=font) <= LINE_WIDTH for line in lines)
        if len(lines) <= LINES_LIMIT and fits:
            return size, lines
    return TITLE_SIZES[-1], textwrap.wrap(title, characters)[:LINES_LIMIT]

"""Pictures for the demo, drawn by Pillow: soft light, bokeh and blossoms, no camera needed.

Every picture follows from its number, so the demo looks the same everywhere.
"""

from __future__ import annotations

import io
import math
import random
from datetime import datetime

from PIL import ExifTags, Image, ImageChops, ImageDraw, ImageFilter

LANDSCAPE = (1800, 1200)
PORTRAIT = (1200, 1800)
SKETCH_DIVISOR = 3  # light is soft: it is drawn small and enlarged
QUALITY = 88
GRAIN = 9.0

Colour = tuple[int, int, int]

# Sky, horizon, ground, light: one mood for each part of the day.
MOODS: dict[str, tuple[Colour, Colour, Colour, Colour]] = {
    "morning": ((214, 219, 214), (244, 231, 214), (178, 168, 140), (255, 246, 226)),
    "blush": ((232, 201, 192), (250, 228, 214), (193, 140, 130), (255, 236, 224)),
    "garden": ((196, 208, 182), (235, 232, 200), (96, 118, 84), (255, 250, 214)),
    "golden": ((240, 190, 120), (253, 222, 160), (140, 86, 48), (255, 226, 150)),
    "dusk": ((72, 74, 110), (226, 150, 116), (48, 40, 60), (255, 198, 140)),
    "night": ((16, 18, 34), (44, 36, 48), (10, 10, 16), (255, 196, 110)),
}
DAY = ("morning", "blush", "garden", "golden", "dusk", "night")


def draw_picture(number: int, of: int, taken_at: datetime) -> bytes:
    """Return picture `number` of `of` as JPEG bytes, with its time in the EXIF data."""
    dice = random.Random(number * 7919)  # noqa: S311  # a picture, not a secret
    size = PORTRAIT if number % 5 in (1, 4) else LANDSCAPE
    mood = MOODS[DAY[min(len(DAY) - 1, number * len(DAY) // of)]]
    sketch = _backdrop((size[0] // SKETCH_DIVISOR, size[1] // SKETCH_DIVISOR), mood, dice)
    sketch = _bokeh(sketch, mood[3], dice)
    picture = sketch.resize(size, Image.Resampling.BICUBIC)
    subject = (_blossoms, _couple, _lanterns, _rings)[number % 4]
    picture = subject(picture, mood, dice)
    return _developed(picture, taken_at)


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    a, b, c = (round(x + (y - x) * share) for x, y in zip(one, other, strict=True))
    return a, b, c


def _backdrop(size: tuple[int, int], mood: tuple[Colour, ...], dice: random.Random) -> Image.Image:
    """Return sky, horizon and ground, melting into each other, with the light to one side."""
    sky, horizon, ground, light = mood[:4]
    width, height = size
    line = height * dice.uniform(0.55, 0.72)
    column = Image.new("RGB", (1, height))
    for y in range(height):
        far = y / line if y < line else (y - line) / (height - line)
        colour = _mix(sky, horizon, far**1.4) if y < line else _mix(horizon, ground, far**0.7)
        column.putpixel((0, y), colour)
    picture = column.resize(size)
    glow = Image.new("L", size)
    centre = (width * dice.choice((0.2, 0.8, 0.65)), line * dice.uniform(0.5, 0.95))
    reach = width * dice.uniform(0.25, 0.45)
    box = (centre[0] - reach, centre[1] - reach, centre[0] + reach, centre[1] + reach)
    ImageDraw.Draw(glow).ellipse(box, fill=190)
    glow = glow.filter(ImageFilter.GaussianBlur(width / 9))
    return Image.composite(Image.new("RGB", size, light), picture, glow)


def _bokeh(picture: Image.Image, light: Colour, dice: random.Random) -> Image.Image:
    """Return the picture with circles of light out of focus, the far ones small and soft."""
    width, height = picture.size
    for softness, count in ((9, 26), (4, 20), (1.2, 12)):
        layer = Image.new("RGB", picture.size)
        draw = ImageDraw.Draw(layer)
        for _ in range(count):
            radius = width * dice.uniform(0.012, 0.05)
            x, y = dice.uniform(0, width), dice.triangular(0, height, height * 0.35)
            colour = _mix((0, 0, 0), _mix(light, (255, 255, 255), dice.random() / 2), 0.32)
            box = (x - radius, y - radius, x + radius, y + radius)
            draw.ellipse(box, fill=colour, outline=_mix(colour, light, 0.25))
        soft = layer.filter(ImageFilter.GaussianBlur(softness))
        picture = ImageChops.screen(picture, soft)
    return picture


def _laid_over(picture: Image.Image, mask: Image.Image, colour: Colour, blur: float) -> Image.Image:
    soft = mask.filter(ImageFilter.GaussianBlur(blur)).resize(picture.size)
    return Image.composite(Image.new("RGB", picture.size, colour), picture, soft)


def _mask(picture: Image.Image) -> tuple[Image.Image, ImageDraw.ImageDraw, float]:
    """Return a half-size mask, its pen, and the length that shapes are measured in."""
    mask = Image.new("L", (picture.width // 2, picture.height // 2))
    return mask, ImageDraw.Draw(mask), min(mask.size)


def _blossoms(picture: Image.Image, mood: tuple[Colour, ...], dice: random.Random) -> Image.Image:
    """Return the picture with flowers, the near ones out of focus."""
    for depth, count in ((14.0, 5), (6.0, 5), (2.0, 3)):
        for _ in range(count):
            mask, draw, unit = _mask(picture)
            x = dice.uniform(0, mask.width)
            y = mask.height * dice.triangular(0.55, 1.05, 0.9)
            petal = unit * dice.uniform(0.05, 0.11)
            turn = dice.random()
            for number in range(6):
                angle = (number / 6 + turn) * 2 * math.pi
                px, py = x + math.cos(angle) * petal * 0.8, y + math.sin(angle) * petal * 0.7
                draw.ellipse((px - petal, py - petal, px + petal, py + petal), fill=170)
            tint = dice.choice(((255, 244, 240), (248, 214, 208), (255, 232, 210)))
            picture = _laid_over(picture, mask, _mix(tint, mood[1], 0.25), depth)
            mask, draw, _ = _mask(picture)
            heart = petal * 0.45
            draw.ellipse((x - heart, y - heart, x + heart, y + heart), fill=150)
            picture = _laid_over(picture, mask, _mix(mood[2], (197, 160, 89), 0.6), depth)
    return picture


def _couple(picture: Image.Image, mood: tuple[Colour, ...], dice: random.Random) -> Image.Image:
    """Return the picture with two people against the light."""
    mask, draw, unit = _mask(picture)
    x, foot = mask.width * dice.uniform(0.36, 0.62), mask.height * 1.02
    tall = unit * dice.uniform(0.5, 0.6)
    for side, height, width in ((-1, tall, 0.15), (1, tall * 0.93, 0.19)):
        centre, head = x + side * tall * 0.13, height * 0.075
        top = foot - height
        draw.ellipse((centre - head, top - head * 2.2, centre + head, top), fill=235)
        shoulder, hem = height * 0.11, height * (width if side < 0 else 0.3)
        draw.polygon(
            [
                (centre - shoulder, top + head * 0.7),
                (centre + shoulder, top + head * 0.7),
                (centre + hem, foot),
                (centre - hem, foot),
            ],
            fill=235,
        )
    return _laid_over(picture, mask, _mix(mood[2], (8, 8, 12), 0.72), 3.5)


def _lanterns(picture: Image.Image, mood: tuple[Colour, ...], dice: random.Random) -> Image.Image:
    """Return the picture with strings of lights across it."""
    for _ in range(3):
        mask, draw, unit = _mask(picture)
        start, sag = mask.height * dice.uniform(0.03, 0.3), unit * dice.uniform(0.12, 0.3)
        for number in range(15):
            share = number / 14
            x, y = share * mask.width, start + sag * 4 * share * (1 - share)
            lamp = unit * 0.017
            draw.ellipse((x - lamp, y - lamp, x + lamp, y + lamp), fill=255)
        halo = mask.filter(ImageFilter.GaussianBlur(unit / 30)).point(lambda v: min(255, v * 3))
        picture = _laid_over(picture, halo, mood[3], 1)
        picture = _laid_over(picture, mask, (255, 250, 232), 1.4)
    return picture


def _rings(picture: Image.Image, mood: tuple[Colour, ...], dice: random.Random) -> Image.Image:
    """Return the picture with two rings, close up."""
    cx, cy = dice.uniform(0.38, 0.6), dice.uniform(0.55, 0.7)
    for shift, gold in ((-0.085, (197, 160, 89)), (0.085, (226, 196, 140))):
        mask, draw, unit = _mask(picture)
        x, y = mask.width * cx + shift * unit, mask.height * cy + shift * unit * 0.3
        across, high = unit * 0.16, unit * 0.145
        draw.ellipse(
            (x - across, y - high, x + across, y + high), outline=255, width=int(unit / 32)
        )
        shade = ImageChops.offset(mask, int(unit / 90), int(unit / 50))
        picture = _laid_over(picture, shade.point(lambda v: v // 2), (30, 22, 16), unit / 60)
        picture = _laid_over(picture, mask, gold, 1.2)
        gleam, pen, _ = _mask(picture)
        box = (x - across * 0.97, y - high * 0.97, x + across * 0.97, y + high * 0.97)
        pen.arc(box, 200, 285, fill=255, width=int(unit / 90))
        picture = _laid_over(picture, gleam, (255, 248, 226), 1.6)
    return picture


def _developed(picture: Image.Image, taken_at: datetime) -> bytes:
    """Return the JPEG with a little grain, a soft vignette and the time that it was taken."""
    grain = Image.effect_noise(picture.size, GRAIN).convert("RGB")
    picture = ImageChops.overlay(picture, grain)
    shade = Image.radial_gradient("L").resize(picture.size).point(lambda v: max(0, v - 130) // 2)
    picture = Image.composite(Image.new("RGB", picture.size, (12, 10, 12)), picture, shade)
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Hafiportrait"
    exif[ExifTags.Base.Model] = "Demo"
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = taken_at.strftime("%Y:%m:%d %H:%M:%S")
    details[ExifTags.Base.OffsetTimeOriginal] = taken_at.isoformat()[-6:]
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY, exif=exif)
    return file.getvalue()

"""Draw the site's icons into `static/img`: a golden aperture on near-black.

Run from the project's root: `python -m scripts.draw_icons`.
"""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).resolve().parent.parent / "static" / "img"
GROUND, GOLD = "#121110", "#C5A059"
SIDE = 1024  # drawn large and made smaller, which smooths the edges
BLADES = 6
RADIUS, OPENING, LINE = 0.36, 0.17, 0.045  # parts of the side
# A phone cuts the maskable icon into its own shape, and leaves a circle of 0.4: with air around it.
MASKABLE = 0.8


def draw_aperture(scale: float = 1) -> Image.Image:
    """Return the icon at its full side: a ring, and six blades that leave an opening."""
    icon = Image.new("RGB", (SIDE, SIDE), GROUND)
    draw = ImageDraw.Draw(icon)
    radius, opening, line = RADIUS * scale, OPENING * scale, LINE * scale
    width = round(line * SIDE)
    for blade in range(BLADES):
        inner, outer = _at(opening, blade), _at(radius - line / 2, blade + 1)
        draw.line([inner, outer], fill=GOLD, width=width)
        draw.line([inner, _at(opening, blade + 1)], fill=GOLD, width=width, joint="curve")
    edge = SIDE * (0.5 - radius)
    draw.ellipse((edge, edge, SIDE - edge, SIDE - edge), outline=GOLD, width=width)
    return icon


def _at(distance: float, blade: int) -> tuple[float, float]:
    angle = 2 * math.pi * blade / BLADES - math.pi / 2
    return SIDE * (0.5 + distance * math.cos(angle)), SIDE * (0.5 + distance * math.sin(angle))


def main() -> None:
    """Write all icons."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    icon = draw_aperture()
    for side in (32, 180, 192, 512):
        _save(icon, f"icon-{side}", side)
    maskable = draw_aperture(MASKABLE)
    for side in (192, 512):
        _save(maskable, f"icon-maskable-{side}", side)
    icon.save(FOLDER / "favicon.ico", sizes=[(16, 16), (32, 32), (48, 48)])


def _save(icon: Image.Image, name: str, side: int) -> None:
    small = icon.resize((side, side), Image.Resampling.LANCZOS)
    small.save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()

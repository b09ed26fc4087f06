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


def draw_aperture() -> Image.Image:
    """Return the icon at its full side: a ring, and six blades that leave an opening."""
    icon = Image.new("RGB", (SIDE, SIDE), GROUND)
    draw = ImageDraw.Draw(icon)
    width = round(LINE * SIDE)
    for blade in range(BLADES):
        inner, outer = _at(OPENING, blade), _at(RADIUS - LINE / 2, blade + 1)
        draw.line([inner, outer], fill=GOLD, width=width)
        draw.line([inner, _at(OPENING, blade + 1)], fill=GOLD, width=width, joint="curve")
    edge = SIDE * (0.5 - RADIUS)
    draw.ellipse((edge, edge, SIDE - edge, SIDE - edge), outline=GOLD, width=width)
    return icon


def _at(distance: float, blade: int) -> tuple[float, float]:
    angle = 2 * math.pi * blade / BLADES - math.pi / 2
    return SIDE * (0.5 + distance * math.cos(angle)), SIDE * (0.5 + distance * math.sin(angle))


def main() -> None:
    """Write all icons."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    icon = draw_aperture()
    for name, side in (("icon-32", 32), ("icon-180", 180), ("icon-512", 512)):
        icon.resize((side, side), Image.Resampling.LANCZOS).save(
            FOLDER / f"{name}.png", optimize=True
        )
    icon.save(FOLDER / "favicon.ico", sizes=[(16, 16), (32, 32), (48, 48)])


if __name__ == "__main__":
    main()

"""Write `static/css/ratios.css`: one class per 1 % of aspect ratio, each setting `--r`.

A photo's shape cannot stand in a `style` attribute (the content security policy blocks it), so a
tile names the class that is nearest (`gallery.tiles.ratio_class`, which has the same step).

Run from the project's root: `python -m scripts.ratio_classes`.
"""

from __future__ import annotations

from pathlib import Path

STEP = 1.01
STEPS = 130  # up to 3.65 : 1 either way; what is longer is shown whole inside that shape
STYLESHEET = Path(__file__).resolve().parent.parent / "static" / "css" / "ratios.css"
HEAD = "/* Written by scripts/ratio_classes.py: the class of a photo's shape sets its ratio. */\n"


def class_name(step: int) -> str:
    """Return the class of a step: `r12` for 1.01¹² : 1, `rn12` for its inverse."""
    return f"rn{-step}" if step < 0 else f"r{step}"


def stylesheet() -> str:
    """Return the whole sheet; four decimals keep a tile of 2,400 px exact to a quarter pixel."""
    rules = (f".{class_name(n)}{{--r:{STEP**n:.4f}}}\n" for n in range(-STEPS, STEPS + 1))
    return HEAD + "@layer layout{\n" + "".join(rules) + "}\n"


def main() -> None:
    """Write the sheet to its place."""
    STYLESHEET.write_text(stylesheet(), encoding="utf-8")


if __name__ == "__main__":
    main()

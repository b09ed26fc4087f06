"""The colours of static/css/tokens.css: two whole sets, in which all is readable and visible."""

from __future__ import annotations

import re
from functools import cache

import pytest
from django.conf import settings

STYLES = settings.BASE_DIR / "static" / "css"
LIGHT = ":root,.on-light"
DARK = ':root:not([data-theme="light"])'
ALWAYS_DARK = '.on-dark,:root[data-theme="dark"]'
GROUNDS = ("ground", "ground-raised", "ground-pressed")
# What is read (WCAG 2.2, 1.4.3: 4.5 to 1) on what it stands.
TEXT_PAIRS = [
    *((text, ground) for text in ("text", "text-quiet", "gold-text") for ground in GROUNDS),
    *(("problem", ground) for ground in (*GROUNDS, "problem-ground")),
    *(("success", ground) for ground in ("ground", "ground-raised", "success-ground")),
    ("on-gold", "gold"),
    ("on-gold", "gold-bright"),
    ("on-main", "main"),
    ("on-main", "main-pressed"),
]
# What must be seen (1.4.11: 3 to 1): edges of controls, the ring around what has the focus.
EDGE_PAIRS = [
    *((edge, ground) for edge in ("line-strong", "gold-bright", "problem") for ground in GROUNDS),
    ("main", "ground"),
]
# Pages that the design system dresses; each shows colours by their names alone.
NAMED_ONLY = ("base", "components", "account", "admin", "upload", "specimens")
COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(", re.I)
every_set = pytest.mark.parametrize("selector", [LIGHT, DARK])

Rgb = tuple[float, float, float]


@cache
def declarations(selector: str) -> dict[str, str]:
    """Return the custom properties that the first rule with this selector sets."""
    source = re.sub(r"/\*.*?\*/", "", (STYLES / "tokens.css").read_text(), flags=re.S)
    for found, body in re.findall(r"([^{};]+)\{([^{}]*)\}", source):
        if re.sub(r",\s+", ",", found.strip()) == selector:
            return dict(re.findall(r"--([\w-]+):\s*([^;]+);", body))
    raise AssertionError(f"no rule for {selector}")


def rgb(colour: str) -> Rgb:
    """Return a colour written as #rrggbb, in parts of 1."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def over(colour: str, below: Rgb) -> Rgb:
    """Return what `rgb(r g b / a%)` looks like on an opaque colour."""
    *top, share = (float(number) for number in re.findall(r"[\d.]+", colour))
    part = share / 100
    red, green, blue = (t / 255 * part + b * (1 - part) for t, b in zip(top, below, strict=True))
    return red, green, blue


def luminance(colour: Rgb) -> float:
    """Return the relative luminance of WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Rgb, other: Rgb) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


class TokenTests:
    def test_black_on_white_is_twenty_one_to_one(self) -> None:
        assert contrast(rgb("#000000"), rgb("#ffffff")) == pytest.approx(21)

    @every_set
    @pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
    def test_text_is_readable(self, selector: str, text: str, ground: str) -> None:
        values = declarations(selector)

        assert contrast(rgb(values[text]), rgb(values[ground])) >= 4.5

    @every_set
    @pytest.mark.parametrize(("edge", "ground"), EDGE_PAIRS)
    def test_edges_and_the_focus_are_visible(self, selector: str, edge: str, ground: str) -> None:
        values = declarations(selector)

        assert contrast(rgb(values[edge]), rgb(values[ground])) >= 3

    @every_set
    @pytest.mark.parametrize("photo", ["#000000", "#ffffff"])
    def test_words_on_the_veil_are_readable_over_every_photo(
        self, selector: str, photo: str
    ) -> None:
        values = declarations(selector)

        assert contrast(rgb(values["text"]), over(values["veil"], rgb(photo))) >= 4.5

    def test_every_set_has_the_same_names(self) -> None:
        assert list(declarations(LIGHT)) == list(declarations(DARK))

    def test_what_is_always_dark_is_as_the_dark_page(self) -> None:
        assert declarations(ALWAYS_DARK) == declarations(DARK)

    def test_the_palette_is_the_studio_s(self) -> None:
        dark = declarations(DARK)

        palette = [dark[n] for n in ("ground", "ground-raised", "ground-pressed", "text", "gold")]
        assert palette == ["#121212", "#1e1e1e", "#2c2c2c", "#e5e5e5", "#c5a059"]

    def test_the_browser_s_own_bars_take_the_ground(self) -> None:
        base = (settings.BASE_DIR / "templates" / "base.html").read_text()

        metas = re.findall(r'name="theme-color"\s+content="(.+?)"\s+media="(.+?)"', base)
        assert metas == [
            (declarations(LIGHT)["ground"], "(prefers-color-scheme: light)"),
            (declarations(DARK)["ground"], "(prefers-color-scheme: dark)"),
        ]

    @pytest.mark.parametrize("name", NAMED_ONLY)
    def test_no_other_sheet_writes_a_colour(self, name: str) -> None:
        source = (STYLES / f"{name}.css").read_text()
        without = re.sub(r'url\(".*?"\)|var\(--shade, rgb\(.*?\)\)', "", source)

        assert COLOUR.findall(without) == []

    def test_every_name_that_a_sheet_uses_exists(self) -> None:
        sheets = {path.name: path.read_text() for path in STYLES.glob("*.css")}
        known = {name for text in sheets.values() for name in re.findall(r"(--[\w-]+)\s*:", text)}
        scripts = "".join(p.read_text() for p in (settings.BASE_DIR / "static/js").glob("*.js"))
        known |= set(re.findall(r"--[\w-]+", scripts))

        used = {
            (sheet, name)
            for sheet, text in sheets.items()
            for name in re.findall(r"var\((--[\w-]+)\)", text)
            if sheet not in ("admin.css", "upload.css")  # these name Django's own too
        }
        assert {(sheet, name) for sheet, name in used if name not in known} == set()

    def test_the_faces_are_light(self) -> None:
        fonts = settings.BASE_DIR / "node_modules"
        from hafiportrait.lib.packages import PACKAGE_FILES

        base = (settings.BASE_DIR / "templates" / "base.html").read_text()
        preloaded = re.findall(r"static '(vendor/fonts/[\w-]+\.woff2)'", base)
        sizes = [(fonts / PACKAGE_FILES[name]).stat().st_size for name in preloaded]
        assert len(sizes) == 2
        assert sum(sizes) <= 60 * 1024

from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from gallery.imaging.watermark import stamp, writable


def changed_box(image: Image.Image, text: str) -> tuple[int, int, int, int]:
    """Find the smallest box (left, top, right, bottom) around what the stamp changed."""
    box = ImageChops.difference(image, stamp(image, text)).getbbox()
    assert box is not None
    return box


def darkest_and_brightest(image: Image.Image) -> tuple[int, int]:
    colours = image.convert("L").tobytes()
    return min(colours), max(colours)


class StampTests:
    @pytest.mark.parametrize("size", [(800, 533), (533, 800), (2400, 1600), (800, 200)])
    def test_it_stands_near_the_lower_right_corner(self, size: tuple[int, int]) -> None:
        left, top, right, bottom = changed_box(Image.new("RGB", size, "grey"), "Hafiportrait")

        assert left > size[0] * 0.4
        assert top > size[1] * 0.75
        assert size[0] * 0.9 < right < size[0]
        assert size[1] * 0.85 < bottom < size[1]

    def test_the_picture_it_was_given_stays_clean(self) -> None:
        image = Image.new("RGB", (800, 533), "grey")

        stamp(image, "Hafiportrait")

        assert image.getcolors() == [(800 * 533, (128, 128, 128))]

    def test_it_is_dark_enough_to_read_on_white(self) -> None:
        darkest, _ = darkest_and_brightest(stamp(Image.new("RGB", (800, 533), "white"), "Hafi"))

        assert 60 < darkest < 160

    def test_it_is_bright_enough_to_read_on_black_and_lets_the_picture_through(self) -> None:
        _, brightest = darkest_and_brightest(stamp(Image.new("RGB", (800, 533), "black"), "Hafi"))

        assert 160 < brightest < 240

    def test_a_long_name_fits_into_the_picture(self) -> None:
        image = Image.new("RGB", (800, 533), "grey")

        left, _, right, _ = changed_box(image, "Hafi and Mira's Wedding Photography " * 2)

        assert 0 < left < 200
        assert right < 800

    def test_a_name_in_letters_the_font_has_not_still_leaves_a_mark(self) -> None:
        image = Image.new("RGB", (800, 533), "grey")

        assert stamp(image, "哈菲").tobytes() == stamp(image, "©").tobytes()

    @pytest.mark.parametrize("size", [(1, 1), (2400, 1), (1, 2400), (7, 5)])
    def test_a_picture_smaller_than_the_letters_is_no_trouble(self, size: tuple[int, int]) -> None:
        assert stamp(Image.new("RGB", size), "Hafiportrait").size == size


class WritableTests:
    def test_what_the_font_has_is_kept(self) -> None:
        assert writable("© Hafi & Co. “2026”") == "© Hafi & Co. “2026”"

    def test_accents_and_dashes_are_spelt_plainly(self) -> None:
        assert writable("Söhne – Café Ærø") == "Sohne - Cafe AEro"

    def test_lines_and_control_characters_become_single_spaces(self) -> None:
        assert writable(" Hafi\r\n\t\u3000portrait\0\u202e ") == "Hafi portrait"

    def test_letters_without_a_spelling_are_left_out(self) -> None:
        assert writable("Hafi 哈菲 📷") == "Hafi"

from __future__ import annotations

import unicodedata
from unittest import TestCase

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gallery.filenames import (
    MAX_NAME_BYTES,
    MAX_NAME_CHARACTERS,
    collision_key,
    numbered_name,
    safe_name,
)

# Every code point, lone surrogates included, with the dangerous ones drawn often.
DANGEROUS = './\\:*?"<>|\0\r\n\t \u202e\u2066\u200d\ufeff\ud800\u0301\u2028CONul1¹🙂'
ANY_CHARACTER = st.characters(codec=None)
ANY_TEXT = st.text(st.sampled_from(DANGEROUS) | ANY_CHARACTER, max_size=400) | st.text(
    ANY_CHARACTER, min_size=200, max_size=400
)


class SafeNameTests(TestCase):
    def assert_cleaned(self, expected: dict[str, str]) -> None:
        for name, cleaned in expected.items():
            with self.subTest(name=name):
                self.assertEqual(safe_name(name), cleaned)

    def test_an_ordinary_name_stays_as_it_is(self) -> None:
        names = [
            "DSC_0001.JPG",
            "IMG_20261107_143000.heic",
            "Budi & Ani.jpg",
            "D'Angelo (1).jpg",
            "Akad Nikah",
            "Bab 1. Siraman",
            "結婚式.jpg",
            "חתונה.jpg",
            "عروسی می\u200cخواهم.jpg",
            "👩\u200d❤️\u200d👨.jpg",
        ]

        self.assert_cleaned({name: name for name in names})

    def test_a_path_becomes_one_harmless_name(self) -> None:
        self.assert_cleaned(
            {
                "../../etc/passwd.jpg": "etc_passwd.jpg",
                "..\\..\\windows\\win.ini": "windows_win.ini",
                "/absolute.jpg": "absolute.jpg",
                "C:\\DCIM\\a.jpg": "C__DCIM_a.jpg",
                "Akad / Resepsi": "Akad_Resepsi",
                "..": "photo",
                ". .": "photo",
                "a..b...jpg": "a.b.jpg",
            }
        )

    def test_signs_that_deceive_or_break_are_removed(self) -> None:
        self.assert_cleaned(
            {
                "a\0.jpg": "a.jpg",
                "a\r\nSet-Cookie: b.jpg": "a Set-Cookie_ b.jpg",
                "photo\u202egpj.exe": "photogpj.exe",
                "\u2066a\u2069\u200e.jpg": "a.jpg",
                "\ufeffa\u00ad.jpg": "a.jpg",
                "a\u2028b.jpg": "a b.jpg",
                "a\ud800b.jpg": "ab.jpg",
                '<b>"x"|?*.jpg': "_b__x____.jpg",
                "e\u202e\u0301.jpg": "é.jpg",
            }
        )

    def test_dots_and_spaces_at_the_ends_go(self) -> None:
        self.assert_cleaned(
            {
                "  a .jpg": "a.jpg",
                "a.jpg. . ": "a.jpg",
                ".htaccess.jpg": "htaccess.jpg",
                "a  \t b.jpg": "a b.jpg",
                "\u200da\u200d.jpg": "a.jpg",
            }
        )

    def test_windows_devices_get_an_underscore(self) -> None:
        self.assert_cleaned(
            {
                "CON": "_CON",
                "nul.jpg": "_nul.jpg",
                "Com1.tar.gz": "_Com1.tar.gz",
                "LPT².jpg": "_LPT².jpg",
                "aux .x.jpg": "_aux.x.jpg",
                ".CON.jpg": "_.CON.jpg",
                "CONIN$.jpg": "_CONIN$.jpg",
                "Conny.jpg": "Conny.jpg",
                "COM10.jpg": "COM10.jpg",
            }
        )

    def test_an_invisible_stem_becomes_the_fallback(self) -> None:
        for stem in ["", "\0", "\u202e", " . ", "\u200d", "\u0301", "..", "/"]:
            with self.subTest(stem=stem):
                self.assertEqual(safe_name(f"{stem}.jpg", fallback="foto"), "foto.jpg")

    def test_letters_with_separate_accents_are_composed(self) -> None:
        decomposed = unicodedata.normalize("NFD", "Café Kénzô.jpg")

        self.assertEqual(safe_name(decomposed), "Café Kénzô.jpg")

    def test_three_hundred_characters_are_cut_before_the_extension(self) -> None:
        self.assertEqual(safe_name("a" * 300 + ".jpeg"), "a" * 115 + ".jpeg")

    def test_wide_letters_are_cut_by_bytes_and_never_in_two(self) -> None:
        self.assertEqual(safe_name("婚" * 300 + ".jpg"), "婚" * 78 + ".jpg")

    def test_a_cut_leaves_no_space_or_joiner_at_the_end(self) -> None:
        name = "a" * 114 + ". \u200d" + "b" * 200 + ".jpg"

        self.assertEqual(safe_name(name), "a" * 114 + ".jpg")

    def test_what_follows_the_last_dot_is_an_extension_only_if_it_is_short(self) -> None:
        self.assertEqual(safe_name("a." + "b" * 300), "a." + "b" * 118)

    @given(ANY_TEXT)
    @example("CON." + "x" * 300)
    @example("\u0301" * 200 + "a.jpg")
    @example("CON" + " ." * 80 + "x.jpg")
    @settings(deadline=None)
    def test_any_text_gives_a_name_within_all_limits(self, name: str) -> None:
        cleaned = safe_name(name)

        visible = cleaned.replace("\u200c", "").replace("\u200d", "")
        categories = {unicodedata.category(letter) for letter in visible}
        self.assertIn(len(cleaned), range(1, MAX_NAME_CHARACTERS + 1))
        self.assertIn(len(cleaned.encode()), range(1, MAX_NAME_BYTES + 1))
        self.assertEqual(set('/\\<>:"|?*') & set(cleaned), set())
        self.assertEqual({"Cc", "Cf", "Cs", "Zl", "Zp"} & categories, set())
        self.assertNotIn("..", cleaned)
        self.assertEqual(cleaned, cleaned.strip(" ."))
        self.assertTrue(unicodedata.is_normalized("NFC", cleaned))

    @given(ANY_TEXT)
    @example("\u0301" * 116 + ".abc;" + "d" * 200)
    @settings(deadline=None)
    def test_cleaning_twice_changes_nothing(self, name: str) -> None:
        cleaned = safe_name(name)

        self.assertEqual(safe_name(cleaned), cleaned)


class NumberedNameTests(TestCase):
    def test_the_number_stands_before_the_extension(self) -> None:
        self.assertEqual(numbered_name("DSC_0001.JPG", 2), "DSC_0001 (2).JPG")

    def test_a_name_without_extension_gets_it_at_the_end(self) -> None:
        self.assertEqual(numbered_name("Bab 1. Siraman", 3), "Bab 1. Siraman (3)")

    def test_a_full_name_gives_way_to_the_number(self) -> None:
        self.assertEqual(numbered_name("a" * 116 + ".jpg", 12), "a" * 111 + " (12).jpg")

    @given(ANY_TEXT, st.integers(2, 100_000))
    @settings(deadline=None)
    def test_it_is_a_safe_name_again(self, name: str, number: int) -> None:
        numbered = numbered_name(safe_name(name), number)

        self.assertEqual(safe_name(numbered), numbered)


class CollisionKeyTests(TestCase):
    def test_names_that_a_disk_may_take_for_one_share_a_key(self) -> None:
        same = {
            "A.JPG": "a.jpg",
            "É.jpg": "e\u0301.jpg",
            "STRASSE.jpg": "straße.jpg",
            "ΣΊΣΥΦΟΣ.jpg": "σίσυφος.jpg",
            "a\u200db.jpg": "ab.jpg",
        }

        for one, other in same.items():
            with self.subTest(one=one):
                self.assertEqual(collision_key(one), collision_key(other))

    def test_different_names_have_different_keys(self) -> None:
        names = ["a.jpg", "b.jpg", "e.jpg", "é.jpg", "a b.jpg", "ab.jpg"]

        self.assertEqual(len({collision_key(name) for name in names}), len(names))

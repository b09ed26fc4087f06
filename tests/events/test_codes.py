"""Access codes: what is forgiven in typing them, and which can be guessed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.codes import (
    CODE_ALPHABET,
    CODE_CHARACTERS_MAX,
    is_guessable,
    normalise_code,
    propose_code,
)

TITLE = "Pernikahan Budi & Ani"
SLUG = "budi-ani-wedding"
DAY = date(2026, 11, 7)
codes = st.text(CODE_ALPHABET, min_size=8, max_size=CODE_CHARACTERS_MAX)


def guessable(code: str, *, title: str = TITLE, slug: str = SLUG, day: date | None = DAY) -> bool:
    """Return whether a code of the wedding can be guessed."""
    return is_guessable(code, title=title, slug=slug, day=day)


class ProposeCodeTests:
    def test_it_is_eight_characters_that_look_like_no_other(self) -> None:
        proposed = {propose_code() for _ in range(500)}

        assert {len(code) for code in proposed} == {8}
        assert set("".join(proposed)) <= set(CODE_ALPHABET)
        assert set(CODE_ALPHABET) & set("ILO01") == set()

    def test_no_two_are_alike(self) -> None:
        assert len({propose_code() for _ in range(500)}) == 500

    def test_it_is_stored_as_it_is(self) -> None:
        code = propose_code()

        assert normalise_code(code) == code


class NormaliseCodeTests:
    @pytest.mark.parametrize(
        "typed",
        [
            "KEBAYA77",
            "kebaya77",
            " KEBAYA77\n",
            "KEBAYA 77",
            "k e b a y a 7 7",
            "KEBAYA-77",
            "KEBAYA–77",
            "KEBAYA—77",
            "KEBAYA\u201077",
            "KEBAYA−77",
            "KEBAYA\u00a077",
            "KEBAYA\u300077",
            "ＫＥＢＡＹＡ７７",
            "ｋｅｂａｙａ－７７",
        ],
    )
    def test_case_spaces_hyphens_and_full_width_forms_are_forgiven(self, typed: str) -> None:
        assert normalise_code(typed) == "KEBAYA77"

    @pytest.mark.parametrize(
        "typed",
        [
            "KEBAYA77.",
            "KEBAYA_77",
            "KEBAYA77\x00",
            "KEBAYA\u200b77",
            "KEBAYA\u00ad77",
            "KÉBAYA77",
            "KEBAYA⁷7",
            "KEBAYA７７７",
            "ⓀEBAYA77",
            "𝐊EBAYA77",
            "КEBAYA77",
            "KEBAYA٧٧",
            "KEBAYA77" + " " * 200 + "X",
            "",
        ],
    )
    def test_nothing_else_is_forgiven(self, typed: str) -> None:
        assert normalise_code(typed) != "KEBAYA77"

    @pytest.mark.parametrize(
        ("letter", "other"), [("ı", "I"), ("ſ", "S"), ("ß", "SS"), ("ﬁ", "FI")]
    )
    def test_a_letter_that_only_looks_related_stays(self, letter: str, other: str) -> None:
        assert normalise_code(letter * 8) != other * 8

    def test_what_is_too_long_for_a_code_is_none(self) -> None:
        assert normalise_code("A" * 129) == ""

    @given(st.text(max_size=200))
    def test_normalising_twice_changes_nothing_more(self, typed: str) -> None:
        once = normalise_code(typed)

        assert normalise_code(once) == once

    @given(codes, st.data())
    def test_spaces_hyphens_and_case_anywhere_are_forgiven(
        self, code: str, data: st.DataObject
    ) -> None:
        marks = st.text(" -\t\u2013\u3000", max_size=2)
        typed = "".join(letter.lower() + data.draw(marks) for letter in code)

        assert normalise_code(typed) == code


class IsGuessableTests:
    @pytest.mark.parametrize(
        "code",
        [
            "BUDIANIWEDDING",
            "WEDDINGBUDI",
            "PERNIKAHAN",
            "PERNIKAHANBUDIANI",
            "BUDIBUDI",
            "ANIBUDIANI",
            "BUDIANI2026",
            "2026BUDIANI",
            "BUDIANI2024",
            "BUDIANI1990",
            "budi-ani wedding",
        ],
    )
    def test_words_of_title_and_address_in_any_combination_are(self, code: str) -> None:
        assert guessable(code) is True

    @pytest.mark.parametrize(
        "code",
        [
            "20261107",
            "07112026",
            "11072026",
            "07.11.2026",
            "07112607",
            "2026-11-07",
            "7NOVEMBER",
            "07NOVEMBER2026",
            "NOV072026",
            "NOPEMBER2026",
            "BUDI071126",
            "ANI07112026",
            "20262026",
        ],
    )
    def test_forms_of_the_day_are(self, code: str) -> None:
        assert guessable(code) is True

    @pytest.mark.parametrize(
        "code",
        ["KEBAYA77", "BUDIANIX", "XBUDIANI", "BUDIANI77X", "PERNIKAHA", "BUD1ANI2026", "BUANIDI8"],
    )
    def test_a_code_with_anything_else_in_it_is_not(self, code: str) -> None:
        assert guessable(code) is False

    def test_accents_of_a_title_do_not_hide_its_words(self) -> None:
        assert guessable("ZOEDANGELO", title="Zoë & D'Angelo", slug="x") is True

    def test_a_title_in_another_script_is_known_too(self) -> None:
        assert guessable("王小明2026", title="王小明", slug="event") is True

    def test_without_a_day_the_words_still_are(self) -> None:
        assert guessable("BUDIANI2026", day=None) is True

    def test_nothing_but_signs_is(self) -> None:
        assert guessable("--------") is True

    def test_many_overlapping_words_are_told_quickly(self) -> None:
        title = " ".join("A" * n for n in range(1, 33))

        assert guessable("A" * 31 + "B", title=title) is False

    def test_proposed_codes_are_not(self) -> None:
        assert {guessable(propose_code()) for _ in range(500)} == {False}

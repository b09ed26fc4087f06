"""What people type, made fit to be kept."""

from __future__ import annotations

import signal
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.cleaning import count_links, one_line, same_words, several_lines

FAMILY = "👨‍👩‍👧‍👦"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
EMPTY = ["", " ", "\n\n", "\u200b", "\u2060\ufeff", "\u202e", "\x00", "\u3164", "\u2800\u115f"]
any_text = st.text(st.characters(), max_size=80)
STUCK_SECONDS = 20  # what takes milliseconds took minutes


class TrimmedTests:
    @pytest.mark.parametrize("nothing", [*EMPTY, "".join(EMPTY), "\ufe0f", "\U000e0067\u200d"])
    def test_what_nobody_sees_is_nothing(self, nothing: str) -> None:
        assert several_lines(nothing) == ""
        assert one_line(nothing) == ""

    @pytest.mark.parametrize(
        "words",
        [
            "Selamat menempuh hidup baru!",
            "Budi & Sarah",
            "D'Angelo",
            "<script>alert(1)</script>",
            "مبروك يا عروسين",
            "می‌خواهم",
            "恭喜恭喜",
            "ꦱꦸꦒꦼꦁ",
            "สุขสันต์วันแต่งงาน",
            f"{FAMILY} ❤️",
            SCOTLAND,
            "👍🏽",
            "e\u0301",
        ],
    )
    def test_every_script_and_emoji_stays(self, words: str) -> None:
        assert several_lines(words) == words
        assert one_line(f" \u200b\ufeff{words}\u202e\u200b\n") == words

    def test_lines_are_kept_and_many_empty_ones_are_one(self) -> None:
        assert several_lines("a\r\nb\rc\n\n\n \n\nd\u2028e") == "a\nb\nc\n\nd\ne"

    def test_a_name_is_one_line(self) -> None:
        assert one_line("Om\r\nBudi\tdan Tante") == "Om  Budi dan Tante".replace("  ", " ")

    def test_nothing_turns_the_page_around(self) -> None:
        assert one_line("Sari\u202egnp.exe") == "Sarignp.exe"

    @given(any_text)
    def test_whatever_comes_what_is_kept_can_be_stored_and_cleaned_again(self, text: str) -> None:
        kept = several_lines(text)

        kept.encode()
        assert several_lines(kept) == kept
        assert "\x00" not in kept
        assert {unicodedata.category(c) for c in kept if c != "\n"} & {"Cc", "Cs"} == set()


class LinkTests:
    @pytest.mark.parametrize(
        ("text", "links"),
        [
            ("Selamat! Semoga bahagia. Amin...", 0),
            ("Lihat https://example.com/a?b=c.", 1),
            ("https://www.example.com", 1),
            ("example.com, www.example.org dan toko.example.co.id/promo", 3),
            ("http://a.test,http://b.test,http://c.test", 3),
            ("http://a.testhttp://b.testhttp://c.test", 3),
            ("ＨＴＴＰ://ａ.test", 1),
            ("Jam 10.30 di Hotel XYZ.Sampai nanti", 0),
            ("Lihat...example.com", 1),
            (".example.com _example.org -example.net", 3),
            ("a.com.b.com.c.com", 1),
        ],
    )
    def test_links_are_counted(self, text: str, links: int) -> None:
        assert count_links(text) == links

    @pytest.mark.usefixtures("_an_alarm")
    @pytest.mark.parametrize(
        ("sign", "links"),
        [("\u33c2", 0), ("a.", 0), ("a..", 0), ("a-", 0), ("www.", 0), ("a.com ", 20_000)],
    )
    def test_a_text_of_one_sign_over_and_over_holds_nobody_up(self, sign: str, links: int) -> None:
        assert count_links(sign * 20_000) == links

    @pytest.fixture
    def _an_alarm(self) -> Iterator[None]:
        def ring(*_: object) -> None:
            raise TimeoutError("still counting")

        before = signal.signal(signal.SIGALRM, ring)
        signal.alarm(STUCK_SECONDS)
        yield
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class SameWordsTests:
    def test_case_and_spaces_make_no_other_words(self) -> None:
        assert same_words("Selamat  ya!\n", " selamat YA!") is True
        assert same_words("Selamat ya!", "Selamat!") is False

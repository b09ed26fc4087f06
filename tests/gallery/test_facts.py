from __future__ import annotations

import json
import math
import random
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gallery.imaging.facts import METADATA_READERS, Facts, read_facts
from tests import images
from tests.images import ascii_text, doubles, opaque, rationals, shorts

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WIB = timezone(timedelta(hours=7))
METADATA_MAX_BYTES = 16 * 1024


def facts_of(exif: bytes) -> Facts:
    image = Image.new("RGB", (8, 8))
    image.info["exif"] = exif
    return read_facts(image, at=NOW)


def metadata_of(*inner: images.Entry, first: list[images.Entry] | None = None) -> object:
    return facts_of(images.exif(first or [], inner)).metadata


class TakenAtTests:
    def test_a_time_without_an_offset_is_naive(self) -> None:
        facts = facts_of(images.exif_taken(b"2026:10:31 16:20:05"))

        assert facts.taken_at == datetime(2026, 10, 31, 16, 20, 5)

    def test_a_time_with_its_offset_is_aware(self) -> None:
        facts = facts_of(images.exif_taken(b"2026:10:31 16:20:05", offset=b"+07:00"))

        assert facts.taken_at == datetime(2026, 10, 31, 16, 20, 5, tzinfo=WIB)
        assert facts.metadata == {"utc_offset": "+07:00"}

    def test_west_of_greenwich_is_west(self) -> None:
        facts = facts_of(images.exif_taken(offset=b"-03:30"))

        assert facts.taken_at is not None
        assert facts.taken_at.utcoffset() == -timedelta(hours=3, minutes=30)

    @pytest.mark.parametrize(
        ("fraction", "microsecond"),
        [
            (b"1", 100_000),
            (b"05", 50_000),
            (b"123", 123_000),
            (b"1234567", 123_456),
            (b"7 ", 700_000),
        ],
    )
    def test_fractions_of_a_second_are_kept(self, fraction: bytes, microsecond: int) -> None:
        facts = facts_of(images.exif_taken(fraction=fraction))

        assert facts.taken_at == datetime(2026, 10, 31, 16, 20, 5, microsecond)

    @pytest.mark.parametrize("fraction", [b"abc", b"-5", b"\xb2", b"  "])
    def test_an_odd_fraction_is_left_out(self, fraction: bytes) -> None:
        facts = facts_of(images.exif_taken(fraction=fraction))

        assert facts.taken_at == datetime(2026, 10, 31, 16, 20, 5)

    @pytest.mark.parametrize("offset", [b"+25:00", b"07:00", b"+0700", b"   :  ", b"\xff\xff"])
    def test_an_odd_offset_leaves_the_time_naive(self, offset: bytes) -> None:
        facts = facts_of(images.exif_taken(offset=offset))

        assert facts == Facts(taken_at=datetime(2026, 10, 31, 16, 20, 5))

    @pytest.mark.parametrize(
        "time",
        [
            b"0000:00:00 00:00:00",
            b"    :  :     :  :  ",
            b"2026:13:01 10:00:00",
            b"2026:02:30 10:00:00",
            b"2026:10:31 25:00:00",
            b"2026:10:31",
            b"1989:12:31 23:59:59",
            b"2026:11:24 12:00:01",
            b"9999:12:31 23:59:59",
            b"last Saturday",
            b"",
            b"\xff" * 19,
        ],
    )
    def test_a_time_nobody_can_believe_is_none(self, time: bytes) -> None:
        assert facts_of(images.exif_taken(time)).taken_at is None

    def test_a_clock_one_day_ahead_is_believed(self) -> None:
        facts = facts_of(images.exif_taken(b"2026:11:22 23:00:00"))

        assert facts.taken_at == datetime(2026, 11, 22, 23)

    def test_a_time_of_the_wrong_type_is_none(self) -> None:
        exif = images.exif([], [shorts(0x9003, 2026, 10, 31, 16, 20, 5)])

        assert facts_of(exif).taken_at is None

    def test_bytes_are_read_as_text(self) -> None:
        exif = images.exif([], [opaque(0x9003, b"2026:10:31 16:20:05\0garbage")])

        assert facts_of(exif).taken_at == datetime(2026, 10, 31, 16, 20, 5)

    def test_the_time_of_digitising_stands_in_for_a_missing_one(self) -> None:
        exif = images.exif(
            [ascii_text(0x0132, b"2026:11:01 08:00:00")],
            [
                ascii_text(0x9003, b"0000:00:00 00:00:00"),
                ascii_text(0x9004, b"2026:10:31 16:20:05"),
                ascii_text(0x9012, b"+07:00"),
                ascii_text(0x9292, b"25"),
            ],
        )

        taken_at = datetime(2026, 10, 31, 16, 20, 5, 250_000, tzinfo=WIB)
        assert facts_of(exif).taken_at == taken_at

    def test_the_time_of_the_last_change_is_the_last_resort(self) -> None:
        exif = images.exif([ascii_text(0x0132, b"2026:11:01 08:00:00")])

        assert facts_of(exif).taken_at == datetime(2026, 11, 1, 8)


class MetadataTests:
    def test_a_good_camera_gives_all_and_nothing_private(self) -> None:
        assert facts_of(images.exif_camera()).metadata == {
            "make": "NIKON CORPORATION",
            "model": "NIKON Z 8",
            "lens": "NIKKOR Z 85mm f/1.8 S",
            "exposure_time": "1/250",
            "f_number": 2.8,
            "iso": 1600,
            "focal_length": 85.0,
            "focal_length_35mm": 85,
            "flash_fired": True,
            "utc_offset": "+07:00",
        }

    def test_a_photo_without_exif_has_no_facts(self) -> None:
        assert facts_of(b"") == Facts()

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            ((1, 8000), "1/8000"),
            ((10, 2500), "1/250"),
            ((1, 3), "0.3"),
            ((1, 4), "1/4"),
            ((13, 10), "1.3"),
            ((30, 1), "30"),
        ],
    )
    def test_the_exposure_reads_as_on_the_camera(self, seconds: tuple[int, int], text: str) -> None:
        assert metadata_of(rationals(0x829A, seconds)) == {"exposure_time": text}

    def test_a_flash_that_did_not_fire_is_told(self) -> None:
        assert metadata_of(shorts(0x9209, 0x10)) == {"flash_fired": False}

    def test_the_first_of_several_numbers_counts(self) -> None:
        assert metadata_of(shorts(0x8827, 400, 65_535)) == {"iso": 400}

    @pytest.mark.parametrize(
        "entry",
        [
            rationals(0x829D, (0, 0)),
            rationals(0x829D, (1, 0)),
            rationals(0x829D, (0, 1)),
            doubles(0x829D, math.nan),
            doubles(0x829D, math.inf),
            doubles(0x829D, -2.8),
            ascii_text(0x829D, b"f/2.8"),
            opaque(0x829D, b"\x02\x08"),
            rationals(0x829A, (4_000_000_000, 1)),
            shorts(0x8827, 0),
            ascii_text(0xA434, b"\0\0\0"),
            ascii_text(0xA434, b"   \t "),
            shorts(0xA434, 7),
            ascii_text(0x9011, b"+99:00"),
        ],
    )
    def test_what_makes_no_sense_is_left_out(self, entry: images.Entry) -> None:
        assert metadata_of(entry) == {}

    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            (b"NIKON\0\0\0old firmware", "NIKON"),
            (b"  Canon   EOS\r\n\x1b[31m ", "Canon EOS [31m"),
            (b"Caf\xe9", "Café"),
            (b"x" * 5000, "x" * 200),
        ],
    )
    def test_text_is_cleaned(self, raw: bytes, text: str) -> None:
        assert metadata_of(first=[ascii_text(0x010F, raw)]) == {"make": text}

    def test_text_in_bytes_is_text(self) -> None:
        assert metadata_of(opaque(0xA434, b"50mm\0\xff\xfe")) == {"lens": "50mm"}

    def test_surrogates_do_not_come_through(self) -> None:
        image = Image.new("RGB", (8, 8))
        exif = image.getexif()
        exif[0x010F] = "Nik\ud800on"
        exif[0x0110] = "\udfff"

        assert read_facts(image, at=NOW).metadata == {"make": "Nik on"}

    def test_the_largest_block_stays_small(self) -> None:
        image = Image.new("RGB", (8, 8))
        exif = image.getexif()
        for tag in range(0x10000):
            exif[tag] = "😀" * 1000

        metadata = read_facts(image, at=NOW).metadata

        assert set(metadata) == {"make", "model", "lens"}
        assert len(json.dumps(metadata)) < METADATA_MAX_BYTES

    def test_a_huge_number_is_left_out(self) -> None:
        image = Image.new("RGB", (8, 8))
        image.getexif()[0x829D] = 10**400

        assert read_facts(image, at=NOW).metadata == {}


class GarbageTests:
    @given(st.binary(max_size=400))
    @settings(max_examples=150, deadline=None, derandomize=True)
    def test_no_bytes_raise(self, garbage: bytes) -> None:
        self.assert_clean(facts_of(b"Exif\0\0" + garbage))

    @given(seed=st.integers(0, 2**32))
    @settings(max_examples=150, deadline=None, derandomize=True)
    def test_no_broken_block_raises(self, seed: int) -> None:
        dice = random.Random(seed)
        block = bytearray(images.exif_camera())
        for _ in range(dice.randrange(1, 12)):
            block[dice.randrange(14, len(block))] = dice.randrange(256)

        self.assert_clean(facts_of(bytes(block)))

    def assert_clean(self, facts: Facts) -> None:
        """Whatever it is, a database takes it."""
        assert set(facts.metadata) <= set(METADATA_READERS)
        text = json.dumps(facts.metadata, allow_nan=False)
        assert "\\u0000" not in text
        assert len(text) < METADATA_MAX_BYTES
        assert "".join(map(str, facts.metadata.values())).encode().decode().isprintable()
        assert facts.taken_at is None or facts.taken_at.year >= 1990

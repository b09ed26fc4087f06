from __future__ import annotations

import base64
import contextlib
import errno
import io
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile, JpegImagePlugin

from gallery.imaging.render import (
    DamagedImage,
    ImageProblem,
    NotAnImage,
    Rendered,
    TooManyPixels,
    planned_sizes,
    render,
)
from tests import images

Maker = Callable[..., bytes]

LIMIT = 120_000_000
BREAKABLE: list[Maker] = [images.jpeg, images.png, images.webp, images.heic]
TEAL = (0, 128, 128)
WHITE = (255, 255, 255)


def rendered(data: bytes, watermark: str | None = None, max_pixels: int = LIMIT) -> Rendered:
    return render(io.BytesIO(data), watermark=watermark, max_pixels=max_pixels)


def opened(result: Rendered, kind: str) -> Image.Image:
    [data] = [file.data for file in result.renditions if file.kind == kind]
    return Image.open(io.BytesIO(data))


def colour(image: Image.Image, x: float = 0.5, y: float = 0.5) -> tuple[int, int, int]:
    """Read one pixel; `x` and `y` are shares of the sides."""
    place = (int(x * (image.width - 1)), int(y * (image.height - 1)))
    red, green, blue = image.convert("RGB").crop((*place, place[0] + 1, place[1] + 1)).tobytes()
    return red, green, blue


def seen(data: bytes, kind: str = "w400") -> tuple[int, int, int]:
    return colour(opened(rendered(data), kind))


def near(expected: tuple[int, int, int], by: int = 4) -> object:
    """Compare equal to colours that differ by what a lossy encoder may change."""
    return pytest.approx(expected, abs=by)


class PlannedSizesTests:
    def test_a_large_photo_gets_every_size(self) -> None:
        assert planned_sizes(6000, 4000) == [
            ("w2400", (2400, 1600)),
            ("web", (2048, 1365)),
            ("w1600", (1600, 1067)),
            ("w800", (800, 533)),
            ("w400", (400, 267)),
        ]

    def test_the_long_side_counts_when_the_photo_stands(self) -> None:
        assert planned_sizes(4000, 6000)[0] == ("w2400", (1600, 2400))

    def test_a_photo_between_two_sizes_is_kept_once_at_its_own(self) -> None:
        assert planned_sizes(1000, 500) == [
            ("web", (1000, 500)),
            ("w1600", (1000, 500)),
            ("w800", (800, 400)),
            ("w400", (400, 200)),
        ]

    def test_a_photo_of_exactly_one_size_is_not_made_twice(self) -> None:
        assert planned_sizes(800, 600) == [
            ("web", (800, 600)),
            ("w800", (800, 600)),
            ("w400", (400, 300)),
        ]

    def test_a_tiny_photo_is_not_enlarged(self) -> None:
        assert planned_sizes(3, 2) == [("web", (3, 2)), ("w400", (3, 2))]

    def test_a_thread_of_a_picture_keeps_one_pixel(self) -> None:
        assert planned_sizes(12_000, 2) == [
            ("w2400", (2400, 1)),
            ("web", (2048, 1)),
            ("w1600", (1600, 1)),
            ("w800", (800, 1)),
            ("w400", (400, 1)),
        ]


class RenderTests:
    def test_files_are_what_they_say(self) -> None:
        result = rendered(images.jpeg((900, 600)))

        files = [(file.kind, file.mime, file.width, file.height) for file in result.renditions]
        assert files == [
            ("web", "image/jpeg", 900, 600),
            ("w1600", "image/webp", 900, 600),
            ("w800", "image/webp", 800, 533),
            ("w400", "image/webp", 400, 267),
        ]
        for file in result.renditions:
            image = Image.open(io.BytesIO(file.data))
            assert image.size == (file.width, file.height)
            assert image.get_format_mimetype() == file.mime

    def test_the_sources_own_size_is_told(self) -> None:
        result = rendered(images.jpeg((3000, 20)))

        assert (result.width, result.height) == (3000, 20)

    def test_the_placeholder_is_a_tiny_picture_of_the_photo(self) -> None:
        result = rendered(images.jpeg((600, 900), seed=1))

        head, _, body = result.placeholder.partition(",")
        assert head == "data:image/webp;base64"
        assert len(result.placeholder) < 300
        image = Image.open(io.BytesIO(base64.b64decode(body)))
        assert image.size == (13, 20)
        assert colour(image, 0.2, 0.2) == near(TEAL, by=12)

    def test_a_path_is_read_like_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "photo.bin"
        path.write_bytes(images.jpeg(seed=3))

        assert render(path, watermark=None, max_pixels=LIMIT) == rendered(images.jpeg(seed=3))

    def test_the_callers_file_stays_open(self) -> None:
        file = io.BytesIO(images.jpeg())

        render(file, watermark=None, max_pixels=LIMIT)

        assert not file.closed

    def test_a_large_jpeg_is_decoded_once_at_half_its_size(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        decoded = spy_on_decoding(monkeypatch)

        rendered(images.jpeg((6001, 61)))

        assert decoded == [(3001, 31)]

    def test_a_large_jpeg_on_its_side_is_decoded_once_at_half_its_size(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = images.oriented_jpeg(6, (62, 6000))
        decoded = spy_on_decoding(monkeypatch)

        result = rendered(data)

        assert decoded == [(3000, 31)]
        assert (result.width, result.height) == (62, 6000)

    def test_a_jpeg_below_twice_the_largest_size_is_decoded_in_full(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        decoded = spy_on_decoding(monkeypatch)

        rendered(images.jpeg((4799, 48)))

        assert decoded == [(4799, 48)]

    def test_the_web_size_is_no_step_on_the_way_to_smaller_ones(self) -> None:
        rough = Image.frombytes("RGB", (300, 3), random.Random(1).randbytes(2_700))
        source = rough.resize((2400, 24), Image.Resampling.BICUBIC)

        result = rendered(images.encoded(source, "PNG"))

        by_hand = source.resize((1600, 16), Image.Resampling.BICUBIC)
        expected = images.encoded(by_hand, "WEBP", quality=80, method=2)
        assert [file.data for file in result.renditions if file.kind == "w1600"] == [expected]

    def test_it_needs_no_django(self) -> None:
        script = (
            "import sys, gallery.imaging.render;"
            "print(sorted(name for name in sys.modules if name.split('.')[0] == 'django'))"
        )

        run = subprocess.run(
            [sys.executable, "-c", script], check=True, capture_output=True, text=True
        )

        assert run.stdout == "[]\n"


def spy_on_decoding(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Note the size of every JPEG whose pixels are decoded from now on."""
    decoded = []
    load = JpegImagePlugin.JpegImageFile.load

    def noting_load(im: JpegImagePlugin.JpegImageFile) -> object:
        if im.tile:
            decoded.append(im.size)
        return load(im)

    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load", noting_load)
    return decoded


class OrientationTests:
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_every_jpeg_stands_upright(self, orientation: int) -> None:
        result = rendered(images.oriented_jpeg(orientation, (96, 48)))

        self.assert_upright(result, (96, 48))

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_every_heic_is_turned_once(self, orientation: int) -> None:
        result = rendered(images.oriented_heic(orientation, (96, 48)))

        self.assert_upright(result, (96, 48))

    @pytest.mark.parametrize("orientation", [3, 6])
    def test_a_drafted_jpeg_stands_upright(self, orientation: int) -> None:
        result = rendered(images.oriented_jpeg(orientation, (5000, 700)))

        self.assert_upright(result, (5000, 700))

    def test_an_orientation_that_is_none_changes_nothing(self) -> None:
        odd = images.exif([images.shorts(0x0112, 9)])
        data = images.encoded(images.quadrant_picture((96, 48)), "JPEG", exif=odd)

        self.assert_upright(rendered(data), (96, 48))

    def test_an_orientation_of_the_wrong_type_changes_nothing(self) -> None:
        odd = images.exif([images.ascii_text(0x0112, b"six")])
        data = images.encoded(images.quadrant_picture((96, 48)), "JPEG", exif=odd)

        self.assert_upright(rendered(data), (96, 48))

    def assert_upright(self, result: Rendered, size: tuple[int, int]) -> None:
        """The upper left quarter is red and the others are white."""
        assert (result.width, result.height) == size
        for file in result.renditions:
            image = Image.open(io.BytesIO(file.data))
            assert (image.width > image.height) == (size[0] > size[1])
            assert colour(image, 0.25, 0.25) == near(images.RED, by=25)
            assert colour(image, 0.75, 0.25) == near(WHITE, by=25)
            assert colour(image, 0.25, 0.75) == near(WHITE, by=25)
            assert colour(image, 0.75, 0.75) == near(WHITE, by=25)


class MetadataTests:
    EXIF = images.exif_camera()
    ICC = images.p3_icc()

    def test_a_jpegs_comment_exif_xmp_and_profile_stay_behind(self) -> None:
        data = images.jpeg(
            exif=self.EXIF,
            icc=self.ICC,
            comment=b"<script>alert(1)</script>",
            xmp=b"<x:xmpmeta>Hafi</x:xmpmeta>",
        )

        self.assert_bare(rendered(data))

    def test_a_comment_stays_behind_without_a_profile_too(self) -> None:
        self.assert_bare(rendered(images.jpeg(comment=b"<script>alert(1)</script>")))

    @pytest.mark.parametrize("make", [images.png, images.webp, images.heic])
    def test_the_other_kinds_leave_nothing_either(self, make: Maker) -> None:
        self.assert_bare(rendered(make(exif=self.EXIF, icc=self.ICC)))

    def test_the_facts_are_read_all_the_same(self) -> None:
        makers: list[Maker] = [images.jpeg, images.png, images.webp, images.heic]

        read = [rendered(make(exif=self.EXIF)).facts.metadata["model"] for make in makers]

        assert read == ["NIKON Z 8"] * 4

    def assert_bare(self, result: Rendered) -> None:
        """A lossy WebP of one chunk; a JPEG of JFIF header, tables, frame and scan."""
        for file in result.renditions:
            if file.mime == "image/webp":
                assert webp_chunks(file.data) == [b"VP8 "]
            else:
                assert jpeg_markers(file.data) == [0xE0, 0xDB, 0xDB, 0xC0, *[0xC4] * 4, 0xDA]


def webp_chunks(data: bytes) -> list[bytes]:
    names, at = [], 12
    while at < len(data):
        names.append(data[at : at + 4])
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    return names


def jpeg_markers(data: bytes) -> list[int]:
    """List the markers up to the first scan."""
    markers, at = [], 2
    while 0xDA not in markers:
        markers.append(data[at + 1])
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return markers


class ColourTests:
    def test_adobe_rgb_becomes_srgb(self) -> None:
        data = images.png(color=(200, 100, 100), icc=images.adobe_rgb_icc())

        assert seen(data) == near((227, 100, 100))

    def test_p3_becomes_srgb(self) -> None:
        data = images.heic(color=(200, 100, 100), icc=images.p3_icc())

        assert seen(data) == near((216, 93, 97), by=6)

    def test_an_srgb_profile_changes_nothing(self) -> None:
        with_profile = rendered(images.png(seed=1, icc=images.srgb_icc()))

        assert with_profile == rendered(images.png(seed=1))

    def test_a_broken_profile_counts_as_srgb(self) -> None:
        assert seen(images.png(icc=images.broken_icc())) == near(TEAL)

    def test_a_profile_of_another_colour_space_counts_as_srgb(self) -> None:
        assert seen(images.png(icc=images.linear_grey_icc())) == near(TEAL)

    def test_grey_goes_by_its_profile(self) -> None:
        data = images.png(mode="L", color=128, icc=images.linear_grey_icc())

        assert seen(data) == near((188, 188, 188))

    def test_cmyk_goes_by_its_profile(self) -> None:
        magenta = images.jpeg(mode="CMYK", color=(0, 255, 0, 0), icc=images.grey_inks_icc())

        assert seen(magenta) == near((198, 198, 198))

    def test_cmyk_without_a_profile_is_mixed_plainly(self) -> None:
        assert seen(images.jpeg(mode="CMYK", color=(255, 0, 0, 0))) == near((0, 255, 255), by=8)


class OddButWholeTests:
    @pytest.mark.parametrize(
        ("data", "expected"),
        [
            (images.jpeg(progressive=True), TEAL),
            (images.jpeg(mode="L", color=77), (77, 77, 77)),
            (images.png(mode="L", color=77), (77, 77, 77)),
            (images.grey16_png(level=32_896), (128, 128, 128)),
            (images.rgb16_png((0, 32_896, 32_896)), TEAL),
            (images.palette_png(), TEAL),
            (images.transparent_palette_png(), WHITE),
            (images.colour_key_png(), WHITE),
            (images.png(mode="RGBA", color=(0, 0, 0, 0)), WHITE),
            (images.png(mode="RGBA", color=(255, 0, 0, 128)), (255, 127, 127)),
            (images.png(mode="LA", color=(0, 128)), (127, 127, 127)),
            (images.webp(mode="RGBA", color=(255, 0, 0, 128)), (255, 127, 127)),
            (images.webp(), TEAL),
            (images.heic(), TEAL),
            (images.mpo("teal", "maroon"), TEAL),
            (images.animated_webp("teal", "maroon"), TEAL),
        ],
        ids=[
            "progressive",
            "grey jpeg",
            "grey png",
            "16-bit grey",
            "16-bit colour",
            "palette",
            "transparent palette",
            "transparent colour",
            "transparent",
            "half transparent",
            "half transparent grey",
            "half transparent webp",
            "webp",
            "heic",
            "mpo",
            "animated webp",
        ],
    )
    def test_it_is_shown_right(self, data: bytes, expected: tuple[int, int, int]) -> None:
        assert seen(data) == near(expected)
        assert seen(data, "web") == near(expected)

    def test_a_jpeg_of_a_thousand_scans_is_slow_but_whole(self) -> None:
        data = images.progressive_bomb(scans=1_000, side=128)

        assert data.count(b"\xff\xda") == 1_000
        assert seen(data) == near((128, 128, 128))

    def test_bits_are_averaged_when_shrunk(self) -> None:
        assert seen(images.bilevel_png((4800, 240))) == near((127, 127, 127), by=10)

    def test_a_transparent_colour_does_not_bleed_when_shrunk(self) -> None:
        image = Image.new("RGBA", (1600, 800), (255, 0, 0, 0))
        image.paste((0, 0, 255, 255), (800, 0, 1600, 800))

        shrunk = opened(rendered(images.encoded(image, "PNG")), "w400")

        assert colour(shrunk, 0.25) == near(WHITE)
        assert colour(shrunk, 0.75) == near((0, 0, 255), by=8)

    def test_exif_that_makes_no_sense_does_not_matter(self) -> None:
        assert seen(images.jpeg(exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + b"\xff" * 60)) == near(TEAL)

    def test_metadata_that_pillow_warns_of_does_not_matter(self) -> None:
        data = images.mpo().replace(b"MPF\0", b"MPF\0" + b"\xff" * 8, 1)

        assert seen(data) == near(TEAL)


class RefusalTests:
    @pytest.mark.parametrize(
        "data",
        [
            images.truncated_jpeg(),
            images.cut(images.jpeg((3000, 40), seed=1), 0.9),
            images.cut(images.jpeg(progressive=True, seed=1), 0.9),
            images.cut(images.png((64, 48), seed=1), 0.6),
            images.cut(images.webp(seed=1), 0.6),
            images.cut(images.heic(seed=1), 0.9),
            images.jpeg()[:30],
            images.png()[:20],
            images.png().replace(b"IDAT", b"IDAX"),
        ],
        ids=[
            "jpeg",
            "drafted jpeg",
            "progressive",
            "png",
            "webp",
            "heic",
            "jpeg header",
            "png header",
            "png checksum",
        ],
    )
    def test_a_broken_photo_is_damaged(self, data: bytes) -> None:
        with pytest.raises(DamagedImage):
            rendered(data)

    @pytest.mark.parametrize(
        "data",
        [b"", images.html(), images.svg(), images.gif(), b"\0" * 5000, b"RIFF____WAVEfmt "],
        ids=["nothing", "html", "svg", "gif", "zeros", "sound"],
    )
    def test_what_never_was_a_photo_is_none(self, data: bytes) -> None:
        with pytest.raises(NotAnImage):
            rendered(data)

    def test_a_bomb_is_refused_by_its_header(self) -> None:
        bomb = images.png_bomb()
        started = time.perf_counter()

        with pytest.raises(TooManyPixels):
            rendered(bomb)

        assert time.perf_counter() - started < 1

    def test_a_photo_of_exactly_the_limit_is_taken(self) -> None:
        result = rendered(images.jpeg((64, 48)), max_pixels=64 * 48)

        assert (result.width, result.height) == (64, 48)

    @pytest.mark.parametrize("make", [images.jpeg, images.png, images.webp, images.heic])
    def test_one_pixel_too_many_is_refused_before_any_is_decoded(
        self, make: Maker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = make((64, 48))
        monkeypatch.setattr(ImageFile.ImageFile, "load", refuse_to_decode)

        with pytest.raises(TooManyPixels):
            rendered(data, max_pixels=64 * 48 - 1)

    @given(seed=st.integers(0, 2**32), make=st.sampled_from(BREAKABLE))
    @settings(max_examples=80, deadline=None, derandomize=True)
    def test_whatever_is_broken_gets_a_name(self, seed: int, make: Maker) -> None:
        data = bytearray(make(seed=1, exif=images.exif_camera(), icc=images.p3_icc()))
        dice = random.Random(seed)
        for _ in range(dice.randrange(1, 9)):
            data[dice.randrange(len(data))] = dice.randrange(256)

        # No other exception may come: that is the claim, shown files are as good.
        with contextlib.suppress(ImageProblem):
            assert rendered(bytes(data), max_pixels=1_000_000).renditions[-1].kind == "w400"


def refuse_to_decode(_im: ImageFile.ImageFile) -> NoReturn:
    raise AssertionError("pixels were decoded")


class TroubleOfTheMachineTests:
    @pytest.mark.parametrize(
        "trouble",
        [
            OSError(errno.EIO, "Input/output error"),
            OSError(errno.ENOSPC, "No space left on device"),
            MemoryError(),
            TimeoutError("the photo took too long"),
        ],
        ids=["unreadable", "disk full", "memory", "time"],
    )
    @pytest.mark.parametrize("after_bytes", [0, 2_000], ids=["header", "pixels"])
    def test_it_passes_through(self, trouble: Exception, after_bytes: int) -> None:
        rough = random.Random(1).randbytes(300 * 300 * 3)
        data = images.encoded(Image.frombytes("RGB", (300, 300), rough), "JPEG", quality=95)
        file = FailingFile(data, trouble, after_bytes)

        with pytest.raises(type(trouble)) as raised:
            render(file, watermark=None, max_pixels=LIMIT)

        assert raised.value is trouble

    def test_a_missing_file_is_not_a_broken_photo(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            render(tmp_path / "gone.jpg", watermark=None, max_pixels=LIMIT)


class FailingFile(io.BytesIO):
    """A file that lies on a failing disk: reading behind `good_bytes` raises `trouble`."""

    def __init__(self, data: bytes, trouble: Exception, good_bytes: int) -> None:
        super().__init__(data)
        self.trouble = trouble
        self.good_bytes = good_bytes

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() >= self.good_bytes:
            raise self.trouble
        return super().read(size)


class WatermarkedTests:
    def test_every_size_but_the_thumbnail_is_marked(self) -> None:
        data = images.jpeg((900, 600))

        plain, marked = rendered(data), rendered(data, watermark="Hafiportrait")

        changed = [
            ours.kind
            for ours, theirs in zip(plain.renditions, marked.renditions, strict=True)
            if ours != theirs
        ]
        assert changed == ["web", "w1600", "w800"]
        assert marked.placeholder == plain.placeholder

    def test_a_photo_smaller_than_a_thumbnail_is_marked_for_taking_home(self) -> None:
        data = images.jpeg((300, 200))

        plain, marked = rendered(data), rendered(data, watermark="Hafiportrait")

        assert plain.renditions[0] != marked.renditions[0]
        assert plain.renditions[1] == marked.renditions[1]

    def test_no_text_is_no_mark(self) -> None:
        assert rendered(images.jpeg(), watermark="") == rendered(images.jpeg())

"""From a photo as the camera wrote it to the files that browsers get.

A photo is decoded once, no larger than its largest rendition needs, and every smaller picture is
made from the one before. What leaves here is upright, sRGB and free of metadata.
"""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import pillow_heif
from PIL import ExifTags, Image, ImageChops, ImageCms, UnidentifiedImageError

from gallery.imaging.facts import Facts, is_broken_data, read_facts
from gallery.imaging.watermark import stamp

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
"""What is opened at all. MPO must not be listed: Pillow finds it by itself behind JPEG."""

RENDITION_SIDES = (400, 800, 1600, 2400)
"""Long sides in pixels of the WebP renditions, of the kinds w400 to w2400."""
WEBP_QUALITY = 80
WEBP_METHOD = 2
"""2.4 times cheaper than the default 4, for five per cent more bytes."""

WEB_KIND = "web"
WEB_SIDE = 2048
"""Long side in pixels of the JPEG that downloads give as the web size."""
WEB_QUALITY = 85

PLACEHOLDER_SIDE = 20
PLACEHOLDER_QUALITY = 30

UNMARKED_KINDS = frozenset({"w400"})
"""Thumbnails are too small to be worth stealing, and too small to carry a readable text."""

# Pillow's own fence, for whatever in this process opens a picture without asking us: it warns
# from here and refuses from twice as much. `render` has an exact limit of its own.
Image.MAX_IMAGE_PIXELS = 250_000_000

# One thread: as many photos are rendered at once as there are worker processes. No embedded
# thumbnails: a draft must never be answered by a picture that is not this one.
pillow_heif.register_heif_opener(decode_threads=1, thumbnails=False)

Size = tuple[int, int]
Box = tuple[float, float, float, float]


class ImageProblem(Exception):
    """A file that cannot become renditions, whatever one tries: trying again is no use."""


class NotAnImage(ImageProblem):
    """The file is of no kind that we read."""


class DamagedImage(ImageProblem):
    """The file is of a kind that we read, but incomplete or broken."""


class TooManyPixels(ImageProblem):
    """The header promises more pixels than the limit; none was decoded."""


@dataclass(frozen=True, kw_only=True)
class RenderedFile:
    """One encoded picture: `kind` is w400, w800, w1600, w2400 or web; sides in pixels."""

    kind: str
    width: int
    height: int
    data: bytes
    mime: str


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """All that is made of a photo, the largest file first.

    `width` and `height` are the source's, in pixels, as it stands upright. `placeholder` is a
    `data:` address of some 200 characters, fit for an `img`.
    """

    width: int
    height: int
    renditions: tuple[RenderedFile, ...]
    placeholder: str
    facts: Facts


@dataclass(frozen=True, kw_only=True)
class _Decoded:
    width: int
    height: int
    picture: Image.Image
    facts: Facts


def render(source: BinaryIO | Path, *, watermark: str | None, max_pixels: int) -> Rendered:
    """Make every rendition, the web size and the placeholder of one photo.

    `source` is a path or a seekable binary file, which is left open. `watermark` is the text for
    the web size and all renditions from w800 up, None for none. `max_pixels` is compared with the
    header before a pixel is decoded.

    Raises `NotAnImage`, `TooManyPixels` or `DamagedImage` for what lies in the file. An `OSError`
    of the machine (it has an errno) and `MemoryError` pass through: those may be tried again.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, of odd metadata in files that are whole
        decoded = _decode(source, max_pixels)
    picture = decoded.picture
    files = []
    for kind, size in planned_sizes(decoded.width, decoded.height):
        sized = picture
        if picture.size != size:
            sized = picture.resize(size, Image.Resampling.BICUBIC)
        text = None if kind in UNMARKED_KINDS else watermark
        files.append(_encode(kind, stamp(sized, text) if text else sized))
        if kind != WEB_KIND:  # 2400 to 2048 to 1600 would soften the last one (3 dB measured)
            picture = sized
    return Rendered(
        width=decoded.width,
        height=decoded.height,
        renditions=tuple(files),
        placeholder=_placeholder(picture),
        facts=decoded.facts,
    )


def planned_sizes(width: int, height: int) -> list[tuple[str, Size]]:
    """List (kind, (width, height)) of all files made of a photo of that size, the largest first.

    Nothing is enlarged: the first kind that the photo does not exceed is made at the photo's own
    size, and the kinds above it are left out. The web size is always there.
    """
    long_side = max(width, height)
    smaller = [side for side in RENDITION_SIDES if side < long_side]
    kinds = [(f"w{side}", side) for side in RENDITION_SIDES[: len(smaller) + 1]]
    kinds.append((WEB_KIND, WEB_SIDE))
    kinds.sort(key=lambda kind: kind[1], reverse=True)
    return [(kind, _fitted(width, height, side)) for kind, side in kinds]


def _fitted(width: int, height: int, side: int) -> Size:
    long_side = max(width, height)
    if side >= long_side:
        return width, height
    return max(1, round(width * side / long_side)), max(1, round(height * side / long_side))


def _decode(source: BinaryIO | Path, max_pixels: int) -> _Decoded:
    """Decode the photo as small as the largest file allows; the source's pixels die in here."""
    opened: AbstractContextManager[BinaryIO]
    opened = source.open("rb") if isinstance(source, Path) else nullcontext(source)
    with opened as file, _open(file, max_pixels) as im:
        size = im.size
        with _damage_named():
            box = _draft(im)
            im.load()
        # Only now: asking an unloaded PNG for its metadata decodes it and swallows its damage.
        facts = read_facts(im)
        turn = _turn(im)
        largest = planned_sizes(*size)[0][1]
        picture = _shrunk(im, largest, box)
        profile = im.info.get("icc_profile")
    if turn is not None:
        picture = picture.transpose(turn)
        size = size[::-1] if turn in _SIDEWAYS else size
    picture = _in_srgb(picture, profile)
    picture.info = {}  # else Pillow copies comments, dates and profiles into what it saves
    return _Decoded(width=size[0], height=size[1], picture=picture, facts=facts)


def _open(file: BinaryIO, max_pixels: int) -> Image.Image:
    with _damage_named():
        try:
            im = Image.open(file, formats=FORMATS)
        except Image.DecompressionBombError as error:
            raise TooManyPixels(f"more than {max_pixels} pixels") from error
        except UnidentifiedImageError as error:
            raise _unreadable(file) from error
    if im.width * im.height > max_pixels:
        im.close()
        raise TooManyPixels(f"{im.width} × {im.height} is more than {max_pixels} pixels")
    return im


def _unreadable(file: BinaryIO) -> ImageProblem:
    """Tell a broken photo from what never was one, by the mark at its beginning."""
    file.seek(0)
    head = file.read(16)
    accepts = [Image.OPEN[name][1] for name in FORMATS]
    if any(accept and accept(head) for accept in accepts):
        return DamagedImage("the header of the photo is broken")
    return NotAnImage("neither JPEG, PNG, WebP nor HEIC")


@contextmanager
def _damage_named() -> Iterator[None]:
    """Name whatever Pillow throws at broken bytes, and let the machine's own troubles pass."""
    try:
        yield
    except ImageProblem:
        raise
    except Exception as error:
        if not is_broken_data(error):
            raise
        raise DamagedImage(f"{type(error).__name__}: {error}"[:200]) from error


def _draft(im: Image.Image) -> Box | None:
    """Let libjpeg decode at a half, a quarter or an eighth, where that is still large enough.

    Must come before anything that loads pixels. The box has the photo's own aspect, rounded down:
    Pillow compares each side, and one pixel too many on the short one decodes everything. Returns
    the part of the decoded picture that holds the photo, None where nothing was scaled.
    """
    side = RENDITION_SIDES[-1]
    long_side = max(im.size)
    if im.format not in {"JPEG", "MPO"} or long_side <= side:
        return None
    drafted = im.draft(
        None, (max(1, im.width * side // long_side), max(1, im.height * side // long_side))
    )
    return drafted[1] if drafted else None


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What sets a picture upright, by its EXIF orientation (EXIF 2.32, 4.6.4 A)."""
_SIDEWAYS = {_TURNS[5], _TURNS[6], _TURNS[7], _TURNS[8]}


def _turn(im: Image.Image) -> Image.Transpose | None:
    """Find how to set the picture upright; None where it stands, or the tag makes no sense.

    HEIC pictures come upright from their decoder, and pillow_heif says 1 for them.
    """
    try:
        return _TURNS.get(im.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception as error:
        if not is_broken_data(error):
            raise
        return None


def _shrunk(im: Image.Image, size: Size, box: Box | None) -> Image.Image:
    """Resize to RGB, L or CMYK of eight bits, transparent parts laid on white."""
    im = _averageable(im)
    if im.mode in {"RGBA", "LA"}:
        return _shrunk_on_white(im, size)
    shrunk = im.resize(size, Image.Resampling.BICUBIC, box=box)
    if shrunk.mode.startswith("I"):
        # 16 bits. A bare convert("L") clips everything above 255 to white.
        return shrunk.point(lambda level: level * (1 / 256)).convert("L")
    return shrunk


def _averageable(im: Image.Image) -> Image.Image:
    """Convert modes whose values are no amounts of light: bits, palettes, a transparent colour."""
    if im.mode in {"La", "RGBa"}:
        return im.convert("LA" if im.mode == "La" else "RGBA")
    if im.mode in {"1", "L", "P", "PA", "RGB"} and im.has_transparency_data:
        return im.convert("RGBA")
    return im.convert({"1": "L", "P": "RGB"}[im.mode]) if im.mode in {"1", "P"} else im


def _shrunk_on_white(im: Image.Image, size: Size) -> Image.Image:
    """Resize band by band: Pillow's own way with alpha takes a second copy of the whole picture.

    For a PNG of 120 megapixels that is 740 MB at the most, instead of 1,060.
    """
    holes = im.getchannel("A").point(lambda alpha: 255 - alpha)
    im.paste("white", mask=holes)
    del holes
    names = im.getbands()[:-1]
    bands = [im.getchannel(name).resize(size, Image.Resampling.BICUBIC) for name in names]
    return Image.merge("RGB", bands) if len(bands) == 3 else bands[0]


def _in_srgb(picture: Image.Image, profile: object) -> Image.Image:
    """Convert to RGB by the embedded profile; without a usable one the values count as sRGB."""
    transform = _srgb_transform(profile, picture.mode) if isinstance(profile, bytes) else None
    return transform.apply(picture) if transform else picture.convert("RGB")


@lru_cache(maxsize=4)  # a wedding's photos come from two or three cameras
def _srgb_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Build the way from a profile to sRGB; None for broken or foreign ones and for sRGB itself."""
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return None if _changes_nothing(transform, mode) else transform


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Try the transform on a few hundred colours.

    Most profiles are one of many spellings of sRGB, and their names cannot be trusted; a whole
    picture costs as much as decoding it. Two levels of 255 are the rounding between two spellings.
    """
    if mode not in {"RGB", "L"}:
        return False
    swatch = _swatch(mode)
    difference = ImageChops.difference(transform.apply(swatch), swatch.convert("RGB"))
    return difference.point(lambda level: max(0, level - 2)).getbbox() is None


def _swatch(mode: str) -> Image.Image:
    if mode == "L":
        return Image.frombytes("L", (256, 1), bytes(range(256)))
    levels = range(0, 256, 51)
    colours = bytes(v for r in levels for g in levels for b in levels for v in (r, g, b))
    return Image.frombytes("RGB", (len(colours) // 3, 1), colours)


def _encode(kind: str, picture: Image.Image) -> RenderedFile:
    buffer = io.BytesIO()
    if kind == WEB_KIND:
        mime = "image/jpeg"
        picture.save(buffer, "JPEG", quality=WEB_QUALITY)
    else:
        mime = "image/webp"
        picture.save(buffer, "WEBP", quality=WEBP_QUALITY, method=WEBP_METHOD)
    return RenderedFile(
        kind=kind, width=picture.width, height=picture.height, data=buffer.getvalue(), mime=mime
    )


def _placeholder(picture: Image.Image) -> str:
    small = picture.resize(_fitted(*picture.size, PLACEHOLDER_SIDE), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=PLACEHOLDER_QUALITY)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()

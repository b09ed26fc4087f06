"""Small pictures, made as they are needed: whole ones, odd ones, broken ones and bombs.

Everything is deterministic bytes; a seed other than 0 puts its own pattern into the lower right
corner, so that two seeds never have one checksum. Sizes are (width, height) in pixels.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterable
from itertools import product

import pillow_heif
from PIL import Image, ImageCms

pillow_heif.register_heif_opener()

Size = tuple[int, int]
Colour = str | int | tuple[int, ...]
Entry = tuple[int, int, int, bytes]

RED = (254, 0, 0)
"""Red as JPEG gives it back."""


# Whole pictures, one function per kind of file.


def picture(
    size: Size = (64, 48), color: Colour = "teal", *, seed: int = 0, mode: str = "RGB"
) -> Image.Image:
    """Paint one colour; a seed adds its pattern of up to 16 × 16 pixels at the lower right."""
    image = Image.new(mode, size, color)
    if seed:
        side = min(16, *size)
        dots = Image.frombytes("RGB", (8, 8), random.Random(seed).randbytes(192))
        pattern = dots.resize((side, side), Image.Resampling.NEAREST).convert(mode)
        image.paste(pattern, (size[0] - side, size[1] - side))
    return image


def jpeg(
    size: Size = (64, 48),
    color: Colour = "teal",
    *,
    seed: int = 0,
    mode: str = "RGB",
    quality: int = 90,
    progressive: bool = False,
    exif: bytes = b"",
    icc: bytes | None = None,
    comment: bytes = b"",
    xmp: bytes = b"",
) -> bytes:
    return encoded(
        picture(size, color, seed=seed, mode=mode),
        "JPEG",
        quality=quality,
        progressive=progressive,
        exif=exif,
        icc_profile=icc,
        comment=comment,
        xmp=xmp,
    )


def png(
    size: Size = (64, 48),
    color: Colour = "teal",
    *,
    seed: int = 0,
    mode: str = "RGB",
    exif: bytes = b"",
    icc: bytes | None = None,
) -> bytes:
    return encoded(
        picture(size, color, seed=seed, mode=mode), "PNG", exif=exif or None, icc_profile=icc
    )


def webp(
    size: Size = (64, 48),
    color: Colour = "teal",
    *,
    seed: int = 0,
    mode: str = "RGB",
    exif: bytes = b"",
    icc: bytes | None = None,
) -> bytes:
    return encoded(
        picture(size, color, seed=seed, mode=mode),
        "WEBP",
        lossless=True,
        exif=exif,
        icc_profile=icc,
    )


def heic(
    size: Size = (64, 48),
    color: Colour = "teal",
    *,
    seed: int = 0,
    exif: bytes = b"",
    icc: bytes | None = None,
) -> bytes:
    """Encode by x265; an orientation in `exif` is written as the container's own rotation."""
    image = picture(size, color, seed=seed)
    if icc:
        image.info["icc_profile"] = icc
    return encoded(image, "HEIF", quality=90, exif=exif or None)


def gif(size: Size = (64, 48), color: Colour = "teal", *, seed: int = 0) -> bytes:
    return encoded(picture(size, color, seed=seed), "GIF")


def mpo(first: Colour = "teal", second: Colour = "maroon", size: Size = (64, 48)) -> bytes:
    """Make what Sony, Fuji and iPhones write: a JPEG with a second picture behind it."""
    frames = [picture(size, second)]
    return encoded(picture(size, first), "MPO", save_all=True, append_images=frames)


def animated_webp(
    first: Colour = "teal", second: Colour = "maroon", size: Size = (64, 48)
) -> bytes:
    frames = [picture(size, second)]
    return encoded(picture(size, first), "WEBP", save_all=True, append_images=frames, lossless=True)


def palette_png(size: Size = (64, 48), color: Colour = "teal", *, seed: int = 0) -> bytes:
    image = picture(size, color, seed=seed).convert("P", palette=Image.Palette.ADAPTIVE)
    return encoded(image, "PNG")


def transparent_palette_png(size: Size = (64, 48)) -> bytes:
    """Every pixel is the palette's first colour, black, which is declared transparent."""
    image = Image.new("P", size, 0)
    image.putpalette(bytes(3))
    return encoded(image, "PNG", transparency=0)


def colour_key_png(size: Size = (64, 48), color: tuple[int, int, int] = (0, 128, 128)) -> bytes:
    """Make an RGB picture without alpha, whose one colour is declared transparent."""
    return encoded(picture(size, color), "PNG", transparency=color)


def grey16_png(level: int = 32_896, size: Size = (64, 48)) -> bytes:
    return assembled_png(size, 16, 0, struct.pack(">H", level) * size[0])


def rgb16_png(color: tuple[int, int, int] = (0, 32_896, 32_896), size: Size = (64, 48)) -> bytes:
    return assembled_png(size, 16, 2, struct.pack(">3H", *color) * size[0])


def bilevel_png(size: Size = (64, 48)) -> bytes:
    """Make a picture of one bit a pixel: columns of black and white in turn, grey when shrunk."""
    image = Image.frombytes("1", size, bytes([0b01010101]) * ((size[0] + 7) // 8) * size[1])
    return encoded(image, "PNG")


def quadrant_picture(size: Size = (64, 48)) -> Image.Image:
    """Paint a white picture whose upper left quarter is red, so that one sees how it stands."""
    image = Image.new("RGB", size, "white")
    image.paste(RED, (0, 0, size[0] // 2, size[1] // 2))
    return image


_AS_STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera held so stores an upright scene: the inverse of what a viewer must do."""


def oriented_jpeg(orientation: int, size: Size = (64, 48)) -> bytes:
    """Store `quadrant_picture(size)` as a camera does that writes this EXIF orientation (1 to 8).

    `size` is the upright size; 5 to 8 lie on their side in the file.
    """
    turn = _AS_STORED[orientation]
    upright = quadrant_picture(size)
    stored = upright.transpose(turn) if turn is not None else upright
    return encoded(stored, "JPEG", quality=95, exif=exif([shorts(0x0112, orientation)]))


def oriented_heic(orientation: int, size: Size = (64, 48)) -> bytes:
    """Store `quadrant_picture(size)` as an iPhone does: turned, and the container says how."""
    turn = _AS_STORED[orientation]
    upright = quadrant_picture(size)
    stored = upright.transpose(turn) if turn is not None else upright
    return encoded(stored, "HEIF", quality=95, exif=exif([shorts(0x0112, orientation)]))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


# EXIF, entry by entry, so that a test may write what no camera should.


def ascii_text(tag: int, text: bytes) -> Entry:
    return tag, 2, len(text) + 1, text + b"\0"


def shorts(tag: int, *values: int) -> Entry:
    return tag, 3, len(values), struct.pack(f">{len(values)}H", *values)


def rationals(tag: int, *values: tuple[int, int]) -> Entry:
    return tag, 5, len(values), b"".join(struct.pack(">II", *value) for value in values)


def opaque(tag: int, data: bytes) -> Entry:
    """Write bytes of the type "undefined", which cameras use for nearly anything."""
    return tag, 7, len(data), data


def doubles(tag: int, *values: float) -> Entry:
    return tag, 12, len(values), struct.pack(f">{len(values)}d", *values)


def exif(
    first: Iterable[Entry] = (), inner: Iterable[Entry] = (), gps: Iterable[Entry] = ()
) -> bytes:
    """Assemble an APP1 payload: the first directory, the EXIF directory, the GPS directory."""
    inner, gps, first = list(inner), list(gps), list(first)
    # Two pointers are always there; an empty directory is odd, but legal enough for readers.
    inner_at = 8 + _directory_bytes([*first, _pointer(0x8769, 0), _pointer(0x8825, 0)])
    gps_at = inner_at + _directory_bytes(inner)
    first += [_pointer(0x8769, inner_at), _pointer(0x8825, gps_at)]
    body = _directory(first, 8) + _directory(inner, inner_at) + _directory(gps, gps_at)
    return b"Exif\0\0MM\0*" + struct.pack(">I", 8) + body


def exif_taken(
    time: bytes = b"2026:10:31 16:20:05", fraction: bytes = b"", offset: bytes = b""
) -> bytes:
    """Say when a picture was taken, as EXIF does in up to three texts."""
    entries = [ascii_text(0x9003, time)]
    if offset:
        entries.append(ascii_text(0x9011, offset))
    if fraction:
        entries.append(ascii_text(0x9291, fraction))
    return exif([], entries)


def exif_camera() -> bytes:
    """Write what a good camera writes, place, serial number and owner included."""
    first = [
        ascii_text(0x010F, b"NIKON CORPORATION"),
        ascii_text(0x0110, b"NIKON Z 8"),
        ascii_text(0x013B, b"Hafi"),
    ]
    inner = [
        rationals(0x829A, (1, 250)),
        rationals(0x829D, (28, 10)),
        shorts(0x8827, 1600),
        ascii_text(0x9003, b"2026:10:31 16:20:05"),
        ascii_text(0x9011, b"+07:00"),
        shorts(0x9209, 0x19),
        rationals(0x920A, (85, 1)),
        ascii_text(0x9291, b"120"),
        shorts(0xA405, 85),
        ascii_text(0xA430, b"Hafi"),
        ascii_text(0xA431, b"SERIAL-2001234"),
        ascii_text(0xA434, b"NIKKOR Z 85mm f/1.8 S"),
    ]
    return exif(first, inner, gps_entries())


def exif_gps() -> bytes:
    """Write nothing but a place in Bandung: 6° 54' 53.12" S, 107° 36' 35.44" E."""
    return exif(gps=gps_entries())


def gps_entries() -> list[Entry]:
    return [
        ascii_text(1, b"S"),
        rationals(2, (6, 1), (54, 1), (5312, 100)),
        ascii_text(3, b"E"),
        rationals(4, (107, 1), (36, 1), (3544, 100)),
    ]


def _pointer(tag: int, offset: int) -> Entry:
    return tag, 4, 1, struct.pack(">I", offset)


def _directory_bytes(entries: list[Entry]) -> int:
    return len(_directory(entries, 0))


def _directory(entries: list[Entry], at: int) -> bytes:
    """Lay out one TIFF directory that begins at `at`; values over 4 bytes follow behind it."""
    table, behind = b"", b""
    behind_at = at + 2 + 12 * len(entries) + 4
    for tag, kind, count, data in entries:
        value = data.ljust(4, b"\0")
        if len(data) > 4:
            value = struct.pack(">I", behind_at + len(behind))
            behind += data
        table += struct.pack(">HHI", tag, kind, count) + value
    return struct.pack(">H", len(entries)) + table + bytes(4) + behind


# Colour profiles, as small as they get.


def srgb_icc() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def adobe_rgb_icc() -> bytes:
    """Describe AdobeRGB (1998): its primaries adapted to D50, gamma 563/256."""
    columns = (
        (0.60974, 0.31111, 0.01947),
        (0.20528, 0.62567, 0.06087),
        (0.14919, 0.06322, 0.74457),
    )
    return _rgb_icc(columns, 563)


def p3_icc() -> bytes:
    """Describe the primaries of Display P3, adapted to D50, with a plain gamma of 2.2."""
    columns = (
        (0.51512, 0.24120, -0.00105),
        (0.29198, 0.69225, 0.04189),
        (0.15710, 0.06657, 0.78407),
    )
    return _rgb_icc(columns, 563)


def linear_grey_icc() -> bytes:
    """Describe grey without gamma, so that half the number is half the light."""
    return _icc(b"GRAY", b"XYZ ", {b"kTRC": _gamma(256)})


def grey_inks_icc() -> bytes:
    """Describe a press whose four inks are all the same grey: no colour survives this profile."""
    corners = product((0, 1), repeat=4)
    lab = bytes(v for corner in corners for v in (255 - 51 * sum(corner), 128, 128))
    ramp = bytes(range(256))
    identity = struct.pack(">9i", *(65_536 * (i in {0, 4, 8}) for i in range(9)))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + ramp * 4 + lab + ramp * 3
    return _icc(b"CMYK", b"Lab ", {b"A2B0": table})


def broken_icc() -> bytes:
    return srgb_icc()[:100] + b"\xff" * 60


def _rgb_icc(columns: tuple[tuple[float, ...], ...], gamma: int) -> bytes:
    tags = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(_xyz, columns), strict=True))
    tags |= {name: _gamma(gamma) for name in (b"rTRC", b"gTRC", b"bTRC")}
    return _icc(b"RGB ", b"XYZ ", tags)


def _xyz(values: Iterable[float]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65_536) for v in values))


def _gamma(in_256ths: int) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, in_256ths) + bytes(2)


def _icc(space: bytes, between: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Assemble an ICC 2.4 profile (ICC.1:2001-04): header, table of tags, tags."""
    tags = tags | {b"wtpt": _xyz((0.9642, 1.0, 0.8249))}
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    head = struct.pack(">II", at + len(body), 0) + struct.pack(">I", 0x02400000)
    head += kind + space + between + struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp"
    head += bytes(28) + _xyz((0.9642, 1.0, 0.8249))[8:]
    return head.ljust(128, b"\0") + table + body


# What must be refused.


def cut(data: bytes, share: float = 0.6) -> bytes:
    """Break a file off, as a card pulled too early does."""
    return data[: int(len(data) * share)]


def truncated_jpeg(seed: int = 1) -> bytes:
    """Make a JPEG whose header is whole and whose pixels end half-way."""
    rough = Image.frombytes("RGB", (64, 48), random.Random(seed).randbytes(64 * 48 * 3))
    return cut(encoded(rough, "JPEG", quality=90))


def html() -> bytes:
    return b"<!doctype html><html><body><script>alert(1)</script></body></html>"


def svg() -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def png_bomb(side: int = 50_000) -> bytes:
    """Make a PNG of `side` × `side` black pixels of one bit: some 300 KB that unpack to 312 MB."""
    row = bytes(1 + (side + 7) // 8)
    return assembled_png((side, side), 1, 0, row[1:])


def progressive_bomb(scans: int = 3_000, side: int = 2_048) -> bytes:
    """Make a small grey JPEG that draws its one flat picture in thousands of scans.

    After one scan of mean values every scan says "nothing here" for all blocks of one frequency,
    15 bits for 32,767 blocks, and yet the decoder walks through all blocks again. libjpeg only
    warns of scans that repeat each other.
    """
    blocks = ((side + 7) // 8) ** 2
    means = _scan(b"\0\0\0", "0" * blocks)
    empty = _scan(b"\x01\x3f\0", "011111111111111" * -(-blocks // 32_767))
    quantisation = b"\0" + b"\x01" * 64
    frame = struct.pack(">BHHB", 8, side, side, 1) + b"\x01\x11\0"
    one_code = b"\x01" + bytes(15)
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xDB, quantisation),
            _segment(0xC2, frame),
            _segment(0xC4, b"\0" + one_code + b"\0"),
            _segment(0xC4, b"\x10" + one_code + b"\xe0"),
            means,
            empty * (scans - 1),
            b"\xff\xd9",
        )
    )


def assembled_png(size: Size, depth: int, colour_type: int, row: bytes) -> bytes:
    """Assemble a PNG chunk by chunk whose rows are all equal, in time for the largest ones.

    A deflate block that ends with a full flush may be repeated as it is.
    """
    width, height = size
    at_once = max(n for n in range(1, 501) if height % n == 0)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    rows = (b"\0" + row) * at_once
    block = packer.compress(rows) + packer.flush(zlib.Z_FULL_FLUSH)
    times = height // at_once
    adler = _adler_of_repeats(rows, times)
    pixels = b"\x78\x9c" + block * times + b"\x03\0" + struct.pack(">I", adler)
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _adler_of_repeats(data: bytes, times: int) -> int:
    """Compute the Adler-32 of `data * times` without writing it out (RFC 1950, 8.2)."""
    prime, length = 65_521, len(data)
    once = zlib.adler32(data)
    added_low = ((once & 0xFFFF) - 1) % prime
    added_high = ((once >> 16) - length) % prime
    low = (1 + times * added_low) % prime
    high = (times * (length + added_high) + length * added_low * times * (times - 1) // 2) % prime
    return high << 16 | low


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def _scan(selection: bytes, bits: str) -> bytes:
    """Write one scan of the only component: its header, then the bits, padded with ones."""
    padded = bits + "1" * (-len(bits) % 8)
    data = int(padded, 2).to_bytes(len(padded) // 8, "big").replace(b"\xff", b"\xff\0")
    return _segment(0xDA, b"\x01\x01\0" + selection) + data

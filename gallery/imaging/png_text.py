"""The place inside PNG chunks: EXIF, XMP and IPTC in the many wrappings that programs give them.

PNG has `eXIf` and the text chunks `tEXt`, `zTXt` and `iTXt` (PNG 3, section 11.3). ImageMagick
writes EXIF and IPTC as hexadecimal "raw profiles", and EXIF fields as texts of their own.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import NamedTuple

from gallery.imaging import exif, iptc, xmp
from gallery.imaging.metadata import without_places

CHUNK_KINDS = {b"eXIf", b"tEXt", b"zTXt", b"iTXt"}
KEYWORD_LIMIT_BYTES = 79
# Photoshop's longest packets stay below; what inflates to more is dropped, not read.
INFLATED_LIMIT_BYTES = 8 << 20

_PROFILE = re.compile(rb"\s*(\w+)\s+\d+\s+([0-9a-fA-F\s]*)")
_HEX_LINE_CHARS = 72


class _Text(NamedTuple):
    """The text of a chunk, the bytes between keyword and text, and whether it is compressed."""

    head: bytes
    content: bytes
    is_packed: bool


def may_hold_place(kind: bytes, start: bytes) -> bool:
    """Tell from a chunk's kind and first 80 bytes whether it has to be looked into."""
    if kind == b"eXIf":
        return True
    keyword = start.partition(b"\0")[0]
    return keyword.lower() in _CLEANERS or xmp.is_place_name(keyword)


def without_place(kind: bytes, payload: bytes) -> bytes | None:
    """Return what a chunk should hold instead: the same bytes where it says no place.

    None means that the chunk has to go, because it is nothing but a place or cannot be read.
    """
    if kind == b"eXIf":
        return without_places(exif.blank_places, payload)
    keyword, _, rest = payload.partition(b"\0")
    clean = _CLEANERS.get(keyword.lower())
    text = _unwrap(kind, rest)
    if clean is None or text is None:
        return None
    content = clean(text.content)
    if content == text.content:
        return payload
    if content is None:
        return None
    packed = zlib.compress(content) if text.is_packed else content
    return b"".join((keyword, b"\0", text.head, packed))


def _unwrap(kind: bytes, rest: bytes) -> _Text | None:
    if kind == b"tEXt":
        return _Text(b"", rest, False)
    if kind == b"zTXt":
        return _inflate(rest[:1], rest[1:])
    # iTXt: compression flag and method, language, translated keyword, text.
    language, _, translated_and_text = rest[2:].partition(b"\0")
    translated, _, content = translated_and_text.partition(b"\0")
    head = b"".join((rest[:2], language, b"\0", translated, b"\0"))
    return _inflate(head, content) if rest.startswith(b"\1") else _Text(head, content, False)


def _inflate(head: bytes, packed: bytes) -> _Text | None:
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(packed, INFLATED_LIMIT_BYTES)
    except zlib.error:
        return None
    return _Text(head, content, True) if inflater.eof else None


def _clean_packet(content: bytes) -> bytes:
    return without_places(xmp.blank_places, content)


def _clean_profile(content: bytes) -> bytes | None:
    """Clean a raw profile: its name, its length, and its bytes as lines of hexadecimal digits."""
    profile = _PROFILE.fullmatch(content)
    if profile is None or len(digits := b"".join(profile[2].split())) % 2:
        return None
    data = bytes.fromhex(digits.decode("ascii"))
    cleaned = without_places(_PROFILE_CLEANERS.get(profile[1], exif.blank_places), data)
    if cleaned == data:
        return content
    digits = cleaned.hex().encode("ascii")
    lines = [digits[at : at + _HEX_LINE_CHARS] for at in range(0, len(digits), _HEX_LINE_CHARS)]
    return b"\n%b\n%8d\n%b\n" % (profile[1], len(cleaned), b"\n".join(lines))


_PROFILE_CLEANERS = {
    b"xmp": xmp.blank_places,
    b"iptc": iptc.blank_places,
    b"8bim": iptc.blank_places,
}
_CLEANERS: dict[bytes, Callable[[bytes], bytes | None]] = {
    b"xml:com.adobe.xmp": _clean_packet,
    b"raw profile type exif": _clean_profile,
    b"raw profile type app1": _clean_profile,
    b"raw profile type xmp": _clean_profile,
    b"raw profile type iptc": _clean_profile,
    b"raw profile type 8bim": _clean_profile,
}

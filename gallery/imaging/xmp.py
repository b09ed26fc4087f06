"""The place inside an XMP packet: places become spaces, the XML stays well-formed.

XMP (ISO 16684-1) is RDF in XML. A property is an attribute of `rdf:Description` or an element;
readers take both, so both are blanked, under whatever prefix a program gives the namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# exif:GPS…, drone-dji:Gps…, photoshop:City …, Iptc4xmpCore:Location, Iptc4xmpExt:LocationShown.
# The studio's own address (CiAdrCity and its like) is not where the photo was taken.
_PLACE_NAME = re.compile(
    rb"(?i:gps).*|(?i:latitude|longitude|longtitude)"
    rb"|City|State|ProvinceState|Country|CountryCode|CountryName|WorldRegion"
    rb"|Location|LocationCreated|LocationShown|Sublocation",
    re.DOTALL,
)
_TAG = re.compile(rb"<(/?)([^\s<>/=\"'!?]++)((?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)>")
_ATTRIBUTE = re.compile(rb"(?<=[\s\"'])([^\s=\"'<>/]++)\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+')")
# What neither is read as a property nor may hold one.
_PASSED_OVER = {b"<!--": b"-->", b"<?": b"?>", b"<![CDATA[": b"]]>"}

# A position that no tag explains, or text in two or four bytes a character.
_SIGNS_OF_GPS = re.compile(rb"(?i)gps_?(?:lat|lon|pos|dest)|g\x00+p\x00+s\x00")
_EMPTY_PACKET = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
_PACKET_START, _PACKET_END = b"<x:xmpmeta", b"</x:xmpmeta>"


def is_place_name(name: bytes) -> bool:
    """Tell whether a property, with or without its prefix, says where a photo was taken."""
    prefix, _, local = name.rpartition(b":")
    return prefix != b"xmlns" and _PLACE_NAME.fullmatch(local) is not None


def blank_places(packet: bytearray) -> None:
    """Blank every property that says where a photo was taken, in place, at the same length.

    A packet that still shows signs of a position afterwards, because it is broken or not UTF-8,
    becomes an empty one.
    """
    for start, end in _place_spans(bytes(packet)):
        packet[start:end] = b" " * (end - start)
    if _SIGNS_OF_GPS.search(packet):
        empty = _EMPTY_PACKET if len(packet) >= len(_EMPTY_PACKET) else b""
        packet[:] = empty.ljust(len(packet))


def blank_embedded_packets(block: bytearray) -> None:
    """Blank the places in the XMP packets that stand somewhere inside another block."""
    start = block.find(_PACKET_START)
    end = block.rfind(_PACKET_END) + len(_PACKET_END)
    if 0 <= start < end:
        packet = block[start:end]
        blank_places(packet)
        block[start:end] = packet


def _place_spans(packet: bytes) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of place attributes and of whole place elements, in order."""
    element, start, depth = b"", 0, 0
    for tag in _tags(packet):
        closes, name, attributes = tag.groups()
        is_empty = attributes.endswith(b"/")
        if depth:
            depth += _step(closes, is_empty) if name == element else 0
            if not depth:
                yield start, tag.end()
        elif closes or not is_place_name(name):
            yield from _place_attributes(tag)
        elif is_empty:
            yield tag.span()
        else:
            element, start, depth = name, tag.start(), 1
    if depth:
        yield start, len(packet)


def _step(closes: bytes, is_empty: bool) -> int:
    if closes:
        return -1
    return 0 if is_empty else 1


def _place_attributes(tag: re.Match[bytes]) -> Iterator[tuple[int, int]]:
    for attribute in _ATTRIBUTE.finditer(tag.string, *tag.span(3)):
        if is_place_name(attribute[1]):
            yield attribute.span()


def _tags(packet: bytes) -> Iterator[re.Match[bytes]]:
    position = packet.find(b"<")
    while position >= 0:
        tag = _TAG.match(packet, position)
        if tag is not None:
            yield tag
            position = tag.end()
        else:
            position = _behind_markup(packet, position)
        position = packet.find(b"<", position)


def _behind_markup(packet: bytes, position: int) -> int:
    for opening, closing in _PASSED_OVER.items():
        if packet.startswith(opening, position):
            end = packet.find(closing, position)
            return len(packet) if end < 0 else end + len(closing)
    return position + 1

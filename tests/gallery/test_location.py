from __future__ import annotations

import io
import struct
import zlib
from unittest import TestCase
from unittest.mock import patch
from xml.etree import ElementTree

import piexif
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from gallery.imaging.location import METADATA_LIMIT_BYTES, has_location, strip_location
from tests import images

GPS = ExifTags.IFD.GPSInfo
XMP_LABEL = b"http://ns.adobe.com/xap/1.0/\0"
EXTENDED_XMP_LABEL = b"http://ns.adobe.com/xmp/extension/\0"

NAMESPACES = (
    b'xmlns:x="adobe:ns:meta/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    b' xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    b' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    b' xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/"'
    b' xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"'
    b' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
)


def xmp(properties: bytes = b"", elements: bytes = b"") -> bytes:
    return b"".join(
        (
            b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta ',
            NAMESPACES,
            b'><rdf:RDF><rdf:Description rdf:about="" dc:format="image/jpeg" ',
            properties,
            b">",
            elements,
            b'</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>',
        )
    )


PLACE_PROPERTIES = b'exif:GPSLatitude="6,54.885S" photoshop:City="Bandung" dc:title="Budi"'
GPS_XMP = xmp(PLACE_PROPERTIES)


def iim(*datasets: tuple[int, bytes]) -> bytes:
    return b"".join(
        b"\x1c\2" + bytes([number]) + struct.pack(">H", len(value)) + value
        for number, value in datasets
    )


PLACES_IN_IPTC = iim((90, b"Bandung"), (105, b"Budi & Ani"), (92, b"Dago"), (101, b"Indonesia"))
PLACELESS_IPTC = iim((90, b" " * 7), (105, b"Budi & Ani"), (92, b" " * 4), (101, b" " * 9))


def photoshop_resources(iptc: bytes) -> bytes:
    other = b"8BIM\x03\xed\x03abc" + struct.pack(">I", 4) + bytes(4)
    return other + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(iptc)) + iptc


def segment(marker: int, payload: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def jpeg_with(*segments: tuple[int, bytes]) -> bytes:
    """Put segments right behind the start of a JPEG."""
    jpeg = images.jpeg()
    return jpeg[:2] + b"".join(segment(*each) for each in segments) + jpeg[2:]


def chunk(kind: bytes, payload: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + payload))
    return struct.pack(">I", len(payload)) + kind + payload + checksum


def png_with(*chunks: tuple[bytes, bytes]) -> bytes:
    """Put chunks between the header of a PNG and its pixels."""
    png = images.png()
    return png[:33] + b"".join(chunk(*each) for each in chunks) + png[33:]


def raw_profile(name: bytes, data: bytes) -> bytes:
    return b"\n%b\n%8d\n%b\n" % (name, len(data), data.hex().encode())


def little_endian_exif() -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "NIKON Z 8"
    exif[ExifTags.Base.Orientation] = 6
    exif[GPS] = {1: "S", 2: (6.0, 54.0, 53.12), 3: "E", 4: (107.0, 36.0, 35.44)}
    return exif.tobytes()


class LocationTestCase(TestCase):
    def stripped(self, data: bytes) -> bytes:
        """Strip a photo that has a place, and check what holds for every photo."""
        source, target = io.BytesIO(data), io.BytesIO()

        self.assertEqual(has_location(source), True)
        self.assertEqual(strip_location(source, target), True)

        result = target.getvalue()
        self.assertEqual(has_location(target), False)
        self.assert_untouched(result)
        return result

    def assert_untouched(self, data: bytes) -> None:
        source, target = io.BytesIO(data), io.BytesIO()

        self.assertEqual(has_location(source), False)
        self.assertEqual(strip_location(source, target), False)
        self.assertEqual(target.getvalue() == data, True)
        self.assertEqual(source.tell(), 0)

    def assert_same_picture(self, before: bytes, after: bytes) -> None:
        with Image.open(io.BytesIO(before)) as old, Image.open(io.BytesIO(after)) as new:
            self.assertEqual(new.tobytes() == old.tobytes(), True)
            self.assertEqual(exif_of(new), exif_of(old) | {"gps": {}})


def exif_of(image: Image.Image) -> dict[str, object]:
    exif = image.getexif()
    first = {tag: value for tag, value in exif.items() if tag not in {GPS, ExifTags.IFD.Exif}}
    return {"first": first, "inner": exif.get_ifd(ExifTags.IFD.Exif), "gps": exif.get_ifd(GPS)}


class ExifTests(LocationTestCase):
    def test_gps_leaves_every_container_and_the_rest_of_the_exif_stays(self) -> None:
        for make in (images.jpeg, images.png, images.webp, images.heic):
            with self.subTest(make.__name__):
                before = make(exif=images.exif_camera())

                after = self.stripped(before)

                self.assertEqual(len(after), len(before))
                self.assert_same_picture(before, after)

    def test_gps_leaves_exif_of_the_other_byte_order(self) -> None:
        before = images.jpeg(exif=little_endian_exif())

        after = self.stripped(before)

        self.assert_same_picture(before, after)

    def test_another_reader_sees_no_gps_either(self) -> None:
        before = piexif.load(images.jpeg(exif=images.exif_camera()))

        after = piexif.load(self.stripped(images.jpeg(exif=images.exif_camera())))

        pointer = {piexif.ImageIFD.GPSTag: 0}
        self.assertEqual(after["0th"] | pointer, before["0th"] | pointer)
        self.assertEqual((after["Exif"], after["GPS"]), (before["Exif"], {}))

    def test_the_numbers_are_gone_not_only_the_way_to_them(self) -> None:
        seconds = struct.pack(">II", 5312, 100)
        before = images.jpeg(exif=images.exif_gps())

        after = self.stripped(before)

        self.assertEqual([data.count(seconds) for data in (before, after)], [1, 0])

    def test_the_thumbnail_and_its_directory_stay(self) -> None:
        parts = {
            "0th": {piexif.ImageIFD.Make: b"Canon"},
            "GPS": {piexif.GPSIFD.GPSLatitude: ((6, 1), (54, 1), (5312, 100))},
            "1st": {piexif.ImageIFD.Orientation: 1},
            "thumbnail": images.jpeg((16, 16)),
        }
        before = images.jpeg(exif=piexif.dump(parts))

        after = piexif.load(self.stripped(before))

        self.assertEqual(
            after | {"GPS": {}, "0th": {}}, piexif.load(before) | {"GPS": {}, "0th": {}}
        )

    def test_gps_in_the_exif_of_a_thumbnail_goes_too(self) -> None:
        tag = 0xC7A1
        thumbnail = images.jpeg((16, 16), exif=images.exif_camera())
        before = images.jpeg(exif=images.exif([images.opaque(tag, thumbnail)]))

        with Image.open(io.BytesIO(self.stripped(before))) as after:
            self.assert_same_picture(thumbnail, after.getexif()[tag])

    def test_exif_over_two_segments_is_one(self) -> None:
        block = images.exif_camera()
        parts = [(0xE1, block[:100]), (0xE1, b"Exif\0\0" + block[100:])]
        before = jpeg_with(*parts)

        after = self.stripped(before)

        self.assert_same_picture(before, after)

    def test_an_empty_gps_directory_is_no_place(self) -> None:
        self.assert_untouched(images.jpeg(exif=images.exif([images.shorts(0x0112, 6)])))

    def test_a_photo_without_metadata_is_copied(self) -> None:
        for make in (images.jpeg, images.png, images.webp, images.heic, images.gif):
            with self.subTest(make.__name__):
                self.assert_untouched(make())


class BrokenExifTests(LocationTestCase):
    """The TIFF header is 8 bytes; entry and pointer positions count from its start."""

    def exif(self, *entries: tuple[int, int, int, int], rest: bytes = b"") -> bytes:
        table = b"".join(struct.pack(">HHII", *entry) for entry in entries)
        count = struct.pack(">H", len(entries))
        return b"MM\0*" + struct.pack(">I", 8) + count + table + bytes(4) + rest

    def strip_block(self, block: bytes) -> bytes:
        after = self.stripped(jpeg_with((0xE1, b"Exif\0\0" + block)))
        start = after.index(b"Exif\0\0") + 6
        return after[start : start + len(block)]

    def test_a_pointer_into_its_own_directory_takes_only_the_pointer(self) -> None:
        orientation = (0x0112, 3, 1, 6 << 16)

        after = self.strip_block(self.exif(orientation, (0x8825, 4, 1, 8)))

        self.assertEqual(after, self.exif(orientation, rest=bytes(12)))

    def test_a_directory_longer_than_the_block_is_read_as_far_as_it_goes(self) -> None:
        whole = self.exif((0x0112, 3, 1, 6 << 16), (0x8825, 4, 1, 38), rest=b"\xff\xff" + bytes(11))

        after = self.strip_block(whole + struct.pack(">HHII", 2, 5, 3, 8)[:11])

        self.assertEqual(after[:22], self.exif((0x0112, 3, 1, 6 << 16))[:22])

    def test_circles_of_directories_come_to_an_end(self) -> None:
        gps_at = 8 + 2 + 2 * 12 + 4
        gps = struct.pack(">HHHII", 1, 1, 2, 2, 0x53000000)
        circle = self.exif((0x8769, 4, 1, 8), (0x8825, 4, 1, gps_at), rest=gps)

        after = self.strip_block(circle)

        self.assertEqual(after, self.exif((0x8769, 4, 1, 8), rest=bytes(12) + bytes(len(gps))))

    def test_pointers_of_other_types_are_followed(self) -> None:
        gps_at = 8 + 2 + 12 + 4
        gps = struct.pack(">HHHII", 1, 1, 2, 2, 0x53000000)
        pointers = {
            "short": (self.exif((0x8825, 3, 1, gps_at << 16), rest=gps)),
            "several": (
                self.exif((0x8825, 4, 2, gps_at + 14), rest=gps + struct.pack(">II", gps_at, 0))
            ),
        }

        for name, block in pointers.items():
            with self.subTest(name):
                self.assertEqual(b"\x88\x25" in self.strip_block(block), False)

    def test_overlapping_directories_lose_every_pointer(self) -> None:
        """Closing the gap in one of these directories makes a new pointer in the other."""
        inner = (0x8769, 4, 1, 26)
        gps = [(0x8825, 4, 1, at) for at in (35, 28, 26)]
        block = self.exif(inner, *gps)[8:]
        overlapping = b"MM\0*\0\0\0\x08\0\x09" + block[2:26] + b"\0\4\0\r\0\x0e" + block[26:50]

        once = self.strip_block(overlapping)
        with patch("gallery.imaging.exif._ROUND_LIMIT", 1):
            impatient = self.strip_block(overlapping)

        self.assertEqual((b"\x88\x25" in once, any(once), any(impatient)), (False, True, False))

    @patch("gallery.imaging.metadata.ROUND_LIMIT", 1)
    def test_metadata_that_does_not_settle_is_blanked(self) -> None:
        block = images.exif_camera()[6:]

        self.assertEqual(self.strip_block(block), bytes(len(block)))

    def test_a_block_that_nobody_can_follow_is_blanked_when_it_points_to_gps(self) -> None:
        blocks = {
            "no byte order": b"XX" + self.exif((0x8825, 4, 1, 26))[2:],
            "directory outside": b"MM\0*\0\0\xff\xff" + self.exif((0x8825, 4, 1, 26)),
            "text": b"GPSLatitude=6.9,GPSLongitude=107.6",
        }

        for name, block in blocks.items():
            with self.subTest(name):
                self.assertEqual(self.strip_block(block), bytes(len(block)))

    def test_a_block_that_nobody_can_follow_stays_when_it_shows_no_gps(self) -> None:
        self.assert_untouched(jpeg_with((0xE1, b"Exif\0\0MM\0*\0\0\xff\xff" + bytes(20))))


class XmpTests(LocationTestCase):
    def packet(self, before: bytes) -> bytes:
        """Strip a packet inside a JPEG; it must stay XML of the same length."""
        after = self.stripped(jpeg_with((0xE1, XMP_LABEL + before)))
        start = after.index(XMP_LABEL) + len(XMP_LABEL)
        packet = after[start : start + len(before)]
        ElementTree.fromstring(packet)  # noqa: S314 - a packet of our own making
        return packet

    def assert_blanked(self, before: bytes, *places: bytes) -> None:
        expected = before
        for place in places:
            self.assertEqual(expected.count(place), 1)
            expected = expected.replace(place, b" " * len(place))
        self.assertEqual(self.packet(before), expected)

    def test_places_in_attributes_become_spaces(self) -> None:
        places = [
            b'exif:GPSLatitude="6,54.885S"',
            b"exif:GPSLongitude = '107,36.59E'",
            b'drone-dji:GpsLatitude="-6.9"',
            b'photoshop:City="Bandung"',
            b'photoshop:State="Jawa Barat"',
            b'photoshop:Country="Indonesia"',
            b'Iptc4xmpCore:Location="a > b"',
        ]

        self.assert_blanked(xmp(b" ".join([*places, b'dc:title="Budi &amp; Ani"'])), *places)

    def test_places_in_elements_become_spaces(self) -> None:
        places = [
            b"<exif:GPSLatitude>6,54.885S</exif:GPSLatitude>",
            b"<exif:GPSVersionID/>",
            b"<Iptc4xmpExt:LocationCreated><rdf:Bag><rdf:li><Iptc4xmpExt:LocationCreated/>"
            b'<Iptc4xmpExt:City>Bandung</Iptc4xmpExt:City><rdf:li dc:x=">"/></rdf:li></rdf:Bag>'
            b"</Iptc4xmpExt:LocationCreated>",
            b"<photoshop:City rdf:parseType='Resource'><photoshop:City>x</photoshop:City>"
            b"</photoshop:City>",
        ]

        self.assert_blanked(xmp(elements=b"<dc:x>Budi</dc:x>".join(places)), *places)

    def test_what_only_looks_like_a_place_stays(self) -> None:
        innocent = (
            b"<!-- <photoshop:City>x</photoshop:City> --><dc:rights>City: Bandung</dc:rights>"
            b'<Iptc4xmpCore:CreatorContactInfo Iptc4xmpCore:CiAdrCity="Bandung"/>'
            b"<![CDATA[<photoshop:City>]]>"
        )

        self.assert_untouched(jpeg_with((0xE1, XMP_LABEL + xmp(elements=innocent))))

    def test_a_packet_in_another_encoding_is_emptied_when_it_shows_gps(self) -> None:
        packet = GPS_XMP.decode().encode("utf-16")

        self.assertEqual(
            self.packet(packet).split(), [b"<x:xmpmeta", b'xmlns:x="adobe:ns:meta/"/>']
        )

    def test_a_broken_packet_loses_its_places(self) -> None:
        packets = {
            "never closed": b"<a><photoshop:City>Bandung",
            "no space between": b'<a exif:GPSLatitude="6.9147"photoshop:City="Bandung">',
            "no XML": b"GPSLatitude 6.9147",
            "open comment": b"<!-- <exif:GPSLatitude>6.9147</exif:GPSLatitude>",
            "stray marks": b"<<a<>' <photoshop:City>Bandung</photoshop:City>",
        }

        for name, packet in packets.items():
            with self.subTest(name):
                after = self.stripped(jpeg_with((0xE1, XMP_LABEL + packet)))
                self.assertEqual(
                    [word in after for word in (b"6.9147", b"Bandung")], [False, False]
                )

    def test_an_extended_packet_is_one_whatever_the_order_of_its_parts(self) -> None:
        name = b"0123456789ABCDEF0123456789ABCDEF"
        cut = GPS_XMP.index(b"GPSLat") + 3
        parts = [
            (0xE1, EXTENDED_XMP_LABEL + name + struct.pack(">II", len(GPS_XMP), at) + part)
            for at, part in ((cut, GPS_XMP[cut:]), (0, GPS_XMP[:cut]))
        ]

        after = self.stripped(jpeg_with(*parts))

        self.assertEqual([word in after for word in (b"6,54", b"Bandung", b"Budi")], [0, 0, 1])

    def test_xmp_inside_exif_is_stripped(self) -> None:
        exif = images.exif([images.opaque(0x02BC, GPS_XMP)])

        after = self.stripped(images.jpeg(exif=exif))

        self.assertEqual([word in after for word in (b"6,54", b"Bandung", b"Budi")], [0, 0, 1])

    def test_xmp_leaves_every_other_container(self) -> None:
        for kind in ("WEBP", "HEIF"):
            with self.subTest(kind):
                before = images.encoded(images.picture(), kind, xmp=GPS_XMP)

                after = self.stripped(before)

                self.assertEqual(
                    [word in after for word in (b"6,54", b"Bandung", b"Budi")], [0, 0, 1]
                )
                self.assert_same_picture(before, after)


class HeifTests(LocationTestCase):
    """Places in the table of this encoder are (start, one extent, offset 0, length)."""

    def test_items_that_share_their_bytes_are_cleaned_together(self) -> None:
        """The table says that the XMP item begins a hundred bytes early, inside the EXIF item."""
        whole = images.encoded(images.picture(), "HEIF", exif=images.exif_gps(), xmp=GPS_XMP)
        start, length = whole.index(b"<?xpacket"), len(GPS_XMP)
        place = struct.pack(">IHII", start, 1, 0, length)
        overlapping = struct.pack(">IHII", start - 100, 1, 0, length + 100)
        self.assertEqual(whole.count(place), 1)

        after = self.stripped(whole.replace(place, overlapping))

        words = [b"6,54", b"Bandung", struct.pack(">II", 5312, 100), b"Budi"]
        self.assertEqual([word in after for word in words], [False, False, False, True])


class IptcTests(LocationTestCase):
    def test_place_names_become_spaces_and_the_rest_stays(self) -> None:
        before = jpeg_with((0xED, b"Photoshop 3.0\0" + photoshop_resources(PLACES_IN_IPTC)))

        after = self.stripped(before)

        self.assertEqual(after, before.replace(PLACES_IN_IPTC, PLACELESS_IPTC))

    def test_resources_over_two_segments_are_one(self) -> None:
        resources = photoshop_resources(PLACES_IN_IPTC)
        cut = resources.index(b"dung")
        parts = [(0xED, b"Photoshop 3.0\0" + part) for part in (resources[:cut], resources[cut:])]

        after = self.stripped(jpeg_with(*parts))

        self.assertEqual([word in after for word in (b"Ban", b"dung", b"Budi")], [0, 0, 1])

    def test_a_dataset_of_extended_length_is_read(self) -> None:
        city = b"\x1c\2\x5a\x80\4" + struct.pack(">I", 7) + b"Bandung"
        before = jpeg_with((0xED, b"Photoshop 3.0\0" + photoshop_resources(city)))

        after = self.stripped(before)

        self.assertEqual(after, before.replace(b"Bandung", b" " * 7))

    def test_resources_cut_off_anywhere_are_no_error(self) -> None:
        resources = photoshop_resources(PLACES_IN_IPTC)

        for length in range(len(resources)):
            with self.subTest(length=length):
                data = jpeg_with((0xED, b"Photoshop 3.0\0" + resources[:length]))
                target = io.BytesIO()
                strip_location(io.BytesIO(data), target)
                self.assert_untouched(target.getvalue())


class FurtherPictureTests(LocationTestCase):
    def test_the_second_picture_of_an_mpo_loses_its_place(self) -> None:
        second = images.jpeg(color="maroon", exif=images.exif_camera())
        before = images.mpo() + bytes(500) + second

        after = self.stripped(before)

        self.assert_same_picture(second, after[-len(second) :])
        self.assertEqual(after[: -len(second)], before[: -len(second)])

    def test_the_video_of_a_motion_photo_loses_its_place(self) -> None:
        position = b"+6.9147+107.6098/"
        place = b"\xa9xyz\0\x11\x15\xc7" + position
        video = b"....udta" + struct.pack(">I", 4 + len(place)) + place + b"....mdat"
        box = struct.pack(">I", 8 + len(video)) + b"mpvd" + video
        blanked = video.replace(place, b"free" + bytes(len(place) - 4))

        for photo, wrapped in ((images.jpeg(), video), (images.heic(), box)):
            after = self.stripped(photo + wrapped)

            self.assertEqual(after, photo + wrapped.replace(video, blanked))


class PngTests(LocationTestCase):
    def chunks_after(self, *chunks: tuple[bytes, bytes]) -> bytes:
        """Strip a PNG with these chunks and return what stands in their place, checked."""
        after = self.stripped(png_with(*chunks))
        with Image.open(io.BytesIO(after)) as image:
            image.load()
            self.assertEqual(image.tobytes(), images.picture().tobytes())
        return after[33 : after.index(b"IDAT") - 4]

    def test_xmp_is_stripped_in_every_text_chunk(self) -> None:
        keyword = b"XML:com.adobe.xmp\0"
        chunks = {
            "plain": (b"tEXt", keyword + GPS_XMP),
            "packed": (b"zTXt", keyword + b"\0" + zlib.compress(GPS_XMP)),
            "international": (b"iTXt", keyword + b"\0\0en\0\0" + GPS_XMP),
            "both": (b"iTXt", keyword + b"\1\0en\0XMP\0" + zlib.compress(GPS_XMP)),
        }

        for name, before in chunks.items():
            with self.subTest(name):
                after = self.chunks_after(before)
                packet = (
                    after
                    if b"Budi" in after
                    else zlib.decompress(after[after.index(b"x\x9c") : -4])
                )
                words = [word in packet for word in (b"6,54", b"Bandung", b"Budi")]
                self.assertEqual((after[4:8], words), (before[0], [False, False, True]))

    def test_raw_profiles_are_stripped(self) -> None:
        profiles = {
            b"exif": images.exif_camera(),
            b"APP1": images.exif_camera(),
            b"xmp": GPS_XMP,
            b"iptc": PLACES_IN_IPTC,
            b"8bim": photoshop_resources(PLACES_IN_IPTC),
        }

        for name, data in profiles.items():
            text = b"Raw profile type " + name + b"\0\0" + zlib.compress(raw_profile(name, data))
            with self.subTest(name):
                after = self.chunks_after((b"zTXt", text))
                profile = zlib.decompress(after[after.index(b"x\x9c") : -4])
                _, kind, length, *lines = profile.split(b"\n")
                self.assertEqual((kind, int(length)), (name, len(data)))
                self.assertEqual(len(bytes.fromhex(b"".join(lines).decode())), len(data))

    def test_the_orientation_in_a_raw_profile_stays(self) -> None:
        exif = images.exif([images.shorts(0x0112, 6)], gps=images.gps_entries())
        before = png_with((b"tEXt", b"Raw profile type exif\0" + raw_profile(b"exif", exif)))

        with Image.open(io.BytesIO(self.stripped(before))) as after:
            after.load()
            self.assertEqual(after.getexif()[ExifTags.Base.Orientation], 6)
            self.assertEqual(after.getexif().get_ifd(GPS), {})

    def test_texts_that_are_places_are_dropped(self) -> None:
        left = self.chunks_after(
            (b"tEXt", b"exif:GPSLatitude\x006/1, 54/1"),
            (b"iTXt", b"Location\0\0\0\0\0Bandung"),
            (b"tEXt", b"Title\0Budi"),
        )

        self.assertEqual(left, chunk(b"tEXt", b"Title\0Budi"))

    def test_metadata_that_cannot_be_read_is_dropped(self) -> None:
        xmp_keyword, exif_keyword = b"XML:com.adobe.xmp\0\0", b"Raw profile type exif\0"
        unreadable = {
            "no deflate": (b"zTXt", xmp_keyword + b"GPSLatitude"),
            "cut": (b"zTXt", xmp_keyword + zlib.compress(GPS_XMP)[:-10]),
            "bomb": (b"zTXt", xmp_keyword + zlib.compress(bytes(20_000_000))),
            "too long": (b"eXIf", bytes(METADATA_LIMIT_BYTES + 1)),
            "odd digits": (b"tEXt", exif_keyword + b"\nexif\n 2\nabc\n"),
            "no digits": (b"tEXt", exif_keyword + b"Bandung"),
        }

        for name, broken in unreadable.items():
            with self.subTest(name):
                self.assertEqual(self.chunks_after(broken), b"")

    def test_texts_without_a_place_stay(self) -> None:
        placeless = images.exif([images.shorts(0x0112, 6)])

        self.assert_untouched(
            png_with(
                (b"tEXt", b"Title\0Budi in Bandung"),
                (b"tEXt", b"XML:com.adobe.xmp\0"),
                (b"zTXt", b"XML:com.adobe.xmp\0\0" + zlib.compress(xmp(), 1)),
                (b"tEXt", b"Raw profile type exif\0" + raw_profile(b"exif", placeless)),
            )
        )


class HugeMetadataTests(LocationTestCase):
    def test_metadata_beyond_the_limit_is_blanked_unread(self) -> None:
        gps = segment(0xE1, images.exif_gps())
        filler = segment(0xE1, XMP_LABEL + b"x" * 65_000)
        jpeg = images.jpeg(exif=images.exif_gps())
        before = jpeg[:2] + filler * (METADATA_LIMIT_BYTES // 65_000 + 1) + gps + jpeg[2:]

        after = self.stripped(before)

        self.assertEqual([data.count(b"MM\0*") for data in (before, after)], [2, 0])


class AnyBytesTests(LocationTestCase):
    """Whatever a file holds, stripping it raises nothing and leaves no place that we can find."""

    WHOLE = (
        jpeg_with(
            (0xE1, images.exif_camera()),
            (0xE1, XMP_LABEL + GPS_XMP),
            (0xED, b"Photoshop 3.0\0" + photoshop_resources(PLACES_IN_IPTC)),
        ),
        png_with(
            (b"eXIf", images.exif_camera()[6:]), (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + GPS_XMP)
        ),
        images.encoded(images.picture(), "WEBP", exif=images.exif_camera(), xmp=GPS_XMP),
        images.encoded(images.picture(), "HEIF", exif=images.exif_camera(), xmp=GPS_XMP),
    )

    @given(
        whole=st.sampled_from(WHOLE),
        changes=st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 255)), max_size=12),
        length=st.integers(12, 6_000),
    )
    def test_changed_photos_lose_their_place(
        self, whole: bytes, changes: list[tuple[int, int]], length: int
    ) -> None:
        data = bytearray(whole[:length])
        for position, value in changes:
            data[position % len(data)] = value
        target = io.BytesIO()

        changed = strip_location(io.BytesIO(data), target)

        self.assertEqual(changed, target.getvalue() != data)
        self.assertEqual(has_location(target), False)
        if not data.startswith(b"\x89PNG"):
            self.assertEqual(len(target.getvalue()), len(data))

    @given(
        start=st.sampled_from(
            [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"\0\0\0\x14ftyp"]
        ),
        rest=st.binary(max_size=200),
    )
    def test_random_bytes_are_copied(self, start: bytes, rest: bytes) -> None:
        self.assert_untouched(start + rest)

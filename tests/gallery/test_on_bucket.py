"""The whole way of a photo with a bucket instead of a disk, against a real S3 API on loopback.

moto checks no signatures: that a link opens without ours being right proves no access rule.
"""

from __future__ import annotations

import hashlib
import io
import re
import uuid
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest
from django.test import Client
from PIL import Image
from pytest_django import Settings

from events.models import Event
from gallery.models import Photo
from gallery.storage import photo_storage
from gallery.uploads import receive_photo
from hafiportrait.lib import jobs
from tests import images
from tests.gallery.s3_server import serve_s3

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def s3_address() -> Iterator[str]:
    with serve_s3() as address:
        yield address


@pytest.fixture(autouse=True)
def _on_bucket(s3_address: str, settings: Settings) -> None:
    bucket = f"wedding-{uuid.uuid4().hex}"
    with urlopen(Request(f"{s3_address}/{bucket}", method="PUT")):  # noqa: S310  # our loopback
        pass
    settings.PHOTO_STORAGE = "s3"
    settings.STORAGES = settings.STORAGES | {
        "photos": {
            "BACKEND": "gallery.storage.BucketPhotoStorage",
            "OPTIONS": {
                "bucket_name": bucket,
                "access_key": "an-access-key",
                "secret_key": "a-secret-key",
                "endpoint_url": s3_address,
                "region_name": "us-east-1",
            },
        }
    }


@pytest.fixture
def original() -> bytes:
    return images.jpeg((900, 600), exif=images.exif_gps())


@pytest.fixture
def photo(event: Event, original: bytes) -> Photo:
    spooled = photo_storage().incoming() / "upload-1"
    spooled.write_bytes(original)
    received = receive_photo(
        event=event,
        spooled=spooled,
        sha256=hashlib.sha256(original).hexdigest(),
        size=len(original),
        name="DSC_1.JPG",
        uploaded_by=None,
        storage=photo_storage(),
    )
    jobs.run_until_idle(seconds=60)
    received.photo.refresh_from_db()
    return received.photo


def fetched(address: str) -> bytes:
    with urlopen(address) as answer:  # noqa: S310  # our loopback
        data: bytes = answer.read()
    return data


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


class BucketTests:
    def test_a_photo_becomes_ready_and_the_original_is_untouched(
        self, photo: Photo, original: bytes
    ) -> None:
        assert photo.status == Photo.Status.READY
        assert b"".join(photo_storage().read(photo.storage_key, 0, 10**6)) == original

    def test_the_page_s_pictures_come_straight_from_the_bucket(
        self, sari: Client, photo: Photo, s3_address: str
    ) -> None:
        page = sari.get("/e/budi-ani/").content.decode()

        address = re.findall(r'<img class="grid__photo"[^>]* src="([^"]+)"', page)[0]
        address = address.replace("&amp;", "&")
        assert address.startswith(s3_address)
        assert Image.open(io.BytesIO(fetched(address))).size == (400, 267)

    def test_links_are_the_same_inside_their_window(self, sari: Client, photo: Photo) -> None:
        def links() -> list[str]:
            page = sari.get(f"/e/budi-ani/photos/{photo.pk}/").content.decode()
            return re.findall(r'srcset="([^"]+)"', page)

        assert links()
        assert links() == links()

    def test_a_download_leads_to_the_bucket_without_the_place(
        self, sari: Client, photo: Photo
    ) -> None:
        answer = sari.get(f"/e/budi-ani/photos/{photo.pk}/download/")

        assert answer.status_code == 302
        data = fetched(answer["Location"])
        assert len(data) == photo.delivery_size
        assert not Image.open(io.BytesIO(data)).getexif().get_ifd(0x8825)

    def test_a_zip_comes_through_us_whole_and_in_part(self, sari: Client, photo: Photo) -> None:
        address = sari.post("/e/budi-ani/download/", {"all": "1"})["Location"]

        whole = body(sari.get(address))
        part = body(sari.get(address, headers={"range": "bytes=100-199"}))

        assert part == whole[100:200]
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            assert archive.testzip() is None
            assert archive.namelist() == ["DSC_1.JPG"]

    def test_local_media_links_lead_nowhere(self, sari: Client, photo: Photo) -> None:
        assert sari.get("/media/1.g1.AAAA/a/b/1/w400.webp").status_code == 404

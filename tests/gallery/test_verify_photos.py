"""The command that lists lost and cut files, and mends what can be made again."""

from __future__ import annotations

import hashlib
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from events.models import Event
from gallery.models import Photo
from gallery.storage import photo_storage
from hafiportrait.lib import jobs
from tests.factories import PhotoFactory
from tests.images import exif_gps, jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def photo(event: Event) -> Photo:
    data = jpeg((500, 400), exif=exif_gps())
    made: Photo = PhotoFactory.create(
        event=event,
        filename="DSC_1.JPG",
        file_size=len(data),
        checksum=hashlib.sha256(data).hexdigest(),
    )
    photo_storage().store_bytes(made.storage_key, data, content_type="image/jpeg")
    jobs.run_until_idle(seconds=60)
    made.refresh_from_db()
    return made


def verify(*words: str) -> list[str]:
    """Return the lines that the command prints, its complaint at the end."""
    out = StringIO()
    try:
        call_command("verify_photos", *words, stdout=out)
    except CommandError as complaint:
        out.write(str(complaint))
    return out.getvalue().splitlines()


def overwrite(key: str, data: bytes) -> None:
    photo_storage().store_bytes(key, data, content_type="image/jpeg")


class VerifyPhotosTests:
    def test_whole_files_are_said_to_be_whole(self, photo: Photo) -> None:
        assert verify("--deep") == ["Every file is what its row says."]

    def test_a_lost_original_is_listed_and_flagged(self, photo: Photo) -> None:
        photo_storage().remove([photo.storage_key])

        lines = verify("budi-ani")

        photo.refresh_from_db()
        assert lines == [
            f"DSC_1.JPG is missing: {photo.storage_key}",
            "1 damaged files; 0 photos made again.",
        ]
        assert photo.damaged_at is not None

    def test_an_original_that_came_back_is_flagged_no_more(self, photo: Photo) -> None:
        data = b"".join(photo_storage().read(photo.storage_key, 0, photo.file_size))
        photo_storage().remove([photo.storage_key])
        verify()

        overwrite(photo.storage_key, data)
        verify()

        photo.refresh_from_db()
        assert photo.damaged_at is None

    def test_a_cut_original_is_listed(self, photo: Photo) -> None:
        overwrite(photo.storage_key, b"cut")

        assert verify()[0] == f"DSC_1.JPG has another size: {photo.storage_key}"

    def test_only_a_deep_look_finds_other_content_of_equal_size(self, photo: Photo) -> None:
        overwrite(photo.storage_key, b"x" * photo.file_size)

        assert verify() == ["Every file is what its row says."]
        assert verify("--deep")[0] == f"DSC_1.JPG has other content: {photo.storage_key}"

    @pytest.mark.parametrize("column", ["thumbnail_key", "delivery_key"])
    def test_what_was_made_of_the_original_is_made_again(self, photo: Photo, column: str) -> None:
        photo_storage().remove([getattr(photo, column)])

        assert verify()[-1] == "1 damaged files; 1 photos made again."
        jobs.run_until_idle(seconds=60)

        photo.refresh_from_db()
        assert photo.damaged_at is None
        assert verify("--deep") == ["Every file is what its row says."]

    def test_an_unknown_event_is_said(self, photo: Photo) -> None:
        assert verify("nobody") == ["There is no event nobody."]

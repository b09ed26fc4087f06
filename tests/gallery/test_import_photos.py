from __future__ import annotations

import errno
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from events.models import Event
from gallery.models import Photo
from gallery.storage import DiskPhotoStorage, photo_storage
from hafiportrait.accounts.models import User
from hafiportrait.lib.errors import StorageDown
from tests import images
from tests.factories import ChapterFactory

MEGABYTE = 1 << 20


@pytest.fixture(autouse=True)
def _english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A memory card with two photos in folders, and what systems leave on cards."""
    files = {
        "DCIM/100/DSC_0001.JPG": images.jpeg(seed=1),
        "DCIM/101/IMG_0002.HEIC": images.heic(seed=2),
        "DCIM/101/._IMG_0002.HEIC": b"resource fork",
        ".Trashes/501/DSC_0003.JPG": images.jpeg(seed=3),
        "__MACOSX/DSC_0004.JPG": images.jpeg(seed=4),
        "DCIM/Thumbs.db": b"thumbnails",
    }
    for place, data in files.items():
        path = tmp_path / "card" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "card"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "wedding.zip"


def run(event: Event | str, source: Path, **options: Any) -> str:
    out = io.StringIO()
    slug = event.slug if isinstance(event, Event) else event
    call_command("import_photos", slug, str(source), stdout=out, **options)
    return out.getvalue()


def run_with_refusals(event: Event, source: Path) -> list[str]:
    """Import and return the lines, the last of which is the error that the shell sees."""
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("import_photos", event.slug, str(source), stdout=out)
    assert caught.value.returncode == 1
    return [*out.getvalue().splitlines(), str(caught.value)]


def filenames() -> list[str]:
    return sorted(Photo.objects.values_list("filename", flat=True))


def stored_count() -> int:
    return len(list(photo_storage().walk()))


def leftovers() -> list[Path]:
    return list(photo_storage().incoming().iterdir())


class ImportFolderTests:
    def test_a_folder_is_taken_in_with_all_below_it(self, event: Event, card: Path) -> None:
        output = run(event, card)

        assert output == "2 new, 0 already there, 0 refused.\n"
        assert filenames() == ["DSC_0001.JPG", "IMG_0002.HEIC"]
        assert stored_count() == 2
        assert leftovers() == []

    def test_the_files_on_the_card_stay(self, event: Event, card: Path) -> None:
        run(event, card)

        original = (card / "DCIM/100/DSC_0001.JPG").read_bytes()
        photo = Photo.objects.get(filename="DSC_0001.JPG")
        with photo_storage().open(photo.storage_key) as kept:
            assert kept.read() == original == images.jpeg(seed=1)

    def test_a_second_run_adds_nothing(self, event: Event, card: Path) -> None:
        run(event, card)

        output = run(event, card)

        assert output == "0 new, 2 already there, 0 refused.\n"
        assert (Photo.objects.count(), stored_count()) == (2, 2)

    def test_refused_files_are_named_and_the_rest_goes_on(self, event: Event, card: Path) -> None:
        (card / "DCIM/notes.txt").write_bytes(b"second shooter: Mira")
        (card / "DCIM/100/DSC_0000.JPG").write_bytes(images.truncated_jpeg())
        (card / "DCIM/empty.jpg").write_bytes(b"")

        lines = run_with_refusals(event, card)

        assert lines == [
            "DCIM/100/DSC_0000.JPG: The file is incomplete. Copy it from the card again.",
            "DCIM/empty.jpg: The file is empty.",
            "DCIM/notes.txt: "
            "This is not a photo that we can read. We read JPEG, PNG, WebP and HEIC.",
            "2 new, 0 already there, 3 refused.",
        ]
        assert filenames() == ["DSC_0001.JPG", "IMG_0002.HEIC"]
        assert leftovers() == []

    def test_a_file_over_the_limit_is_refused(
        self, event: Event, tmp_path: Path, settings: Any
    ) -> None:
        settings.MAX_UPLOAD_MB = 1
        (tmp_path / "large.jpg").write_bytes(images.jpeg().ljust(MEGABYTE + 1, b"\0"))

        lines = run_with_refusals(event, tmp_path)

        assert lines[0] == "large.jpg: The file is larger than 1 MB."
        assert (stored_count(), leftovers()) == (0, [])


class ImportZipTests:
    def test_members_are_taken_in_whatever_path_they_name(
        self, event: Event, archive: Path, tmp_path: Path
    ) -> None:
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("day/DSC_0001.JPG", images.jpeg(seed=1))
            packed.writestr("../../outside.jpg", images.jpeg(seed=2))
            packed.writestr("/etc/absolute.jpg", images.jpeg(seed=3))
            packed.writestr("__MACOSX/day/._DSC_0001.JPG", b"resource fork")
            packed.mkdir("empty folder")

        output = run(event, archive)

        assert output == "3 new, 0 already there, 0 refused.\n"
        assert filenames() == ["DSC_0001.JPG", "absolute.jpg", "outside.jpg"]
        assert [path.name for path in tmp_path.iterdir()] == ["wedding.zip"]

    def test_a_member_that_unpacks_to_more_than_the_limit_is_refused(
        self, event: Event, archive: Path, settings: Any
    ) -> None:
        settings.MAX_UPLOAD_MB = 1
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("bomb.jpg", images.jpeg().ljust(50 * MEGABYTE, b"\0"))
            packed.writestr("photo.jpg", images.jpeg())

        lines = run_with_refusals(event, archive)

        assert archive.stat().st_size < 100_000
        assert lines == [
            "bomb.jpg: The file is larger than 1 MB.",
            "1 new, 0 already there, 1 refused.",
        ]
        assert leftovers() == []

    def test_a_member_that_lies_about_its_size_is_refused(
        self, event: Event, archive: Path, settings: Any
    ) -> None:
        settings.MAX_UPLOAD_MB = 1
        size = 5 * MEGABYTE
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("bomb.jpg", images.jpeg().ljust(size, b"\0"))
        truth, lie = size.to_bytes(4, "little"), (1000).to_bytes(4, "little")
        archive.write_bytes(archive.read_bytes().replace(truth, lie))

        lines = run_with_refusals(event, archive)

        assert lines[-1] == "0 new, 0 already there, 1 refused."
        assert (stored_count(), leftovers()) == (0, [])

    def test_an_encrypted_member_is_refused(self, event: Event, archive: Path) -> None:
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("secret.jpg", images.jpeg())
        data = bytearray(archive.read_bytes())
        data[6] |= 1
        data[data.index(b"PK\x01\x02") + 8] |= 1
        archive.write_bytes(data)

        lines = run_with_refusals(event, archive)

        assert lines[0] == "secret.jpg: The file is encrypted."

    @pytest.mark.parametrize(
        "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2]
    )
    def test_a_damaged_member_is_refused(self, event: Event, archive: Path, method: int) -> None:
        with zipfile.ZipFile(archive, "w", method) as packed:
            packed.writestr("damaged.jpg", images.jpeg(seed=1))
            packed.writestr("whole.jpg", images.jpeg(seed=2))
        data = bytearray(archive.read_bytes())
        data[200:220] = b"\x55" * 20
        archive.write_bytes(data)

        lines = run_with_refusals(event, archive)

        assert lines[0].startswith("damaged.jpg: The file cannot be read: ")
        assert lines[1:] == ["1 new, 0 already there, 1 refused."]
        assert filenames() == ["whole.jpg"]

    def test_a_broken_zip_is_one_clear_line(self, event: Event, archive: Path) -> None:
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("photo.jpg", images.jpeg())
        archive.write_bytes(archive.read_bytes().replace(b"PK\x01\x02", b"PK\x01\x03"))

        with pytest.raises(CommandError, match=r"wedding\.zip"):
            run(event, archive)


class ImportOptionTests:
    def test_chapter_and_person_are_named(self, event: Event, card: Path, mira: User) -> None:
        chapter = ChapterFactory.create(event=event, title="Resepsi", slug="resepsi-malam")

        run(event, card, chapter="resepsi", user="MIRA@example.com")

        photos = Photo.objects.all()
        assert {(photo.chapter, photo.uploaded_by) for photo in photos} == {(chapter, mira)}

    def test_the_chapter_may_be_named_by_its_address(self, event: Event, card: Path) -> None:
        chapter = ChapterFactory.create(event=event, title="Resepsi", slug="resepsi-malam")

        run(event, card, chapter="resepsi-malam")

        assert {photo.chapter for photo in Photo.objects.all()} == {chapter}

    def test_the_event_may_be_named_by_its_id(self, event: Event, card: Path) -> None:
        run(str(event.pk), card)

        assert Photo.objects.filter(event=event).count() == 2

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"chapter": "else"}, "The event has no chapter else; it has: akad."),
            (
                {"user": "nobody@example.com"},
                "There is nobody with the address nobody@example.com.",
            ),
        ],
    )
    def test_what_is_not_there_is_said_at_once(
        self, event: Event, card: Path, options: dict[str, str], message: str
    ) -> None:
        ChapterFactory.create(event=event, slug="akad")
        ChapterFactory.create(slug="else")

        with pytest.raises(CommandError) as caught:
            run(event, card, **options)

        assert str(caught.value) == message
        assert not Photo.objects.exists()

    @pytest.mark.parametrize("wanted", ["nowhere", "00000000-0000-0000-0000-000000000000"])
    def test_an_unknown_event_is_said_at_once(self, db: None, card: Path, wanted: str) -> None:
        with pytest.raises(CommandError, match="There is no event"):
            run(wanted, card)

    @pytest.mark.parametrize("place", ["missing", "card/DCIM/100/DSC_0001.JPG"])
    def test_only_folders_and_zips_are_read(self, event: Event, card: Path, place: str) -> None:
        with pytest.raises(CommandError, match="neither a folder nor a ZIP"):
            run(event, card.parent / place)


class ImportFaultTests:
    @pytest.mark.parametrize(
        "failure", [OSError(errno.ENOSPC, "No space left on device"), StorageDown("no answer")]
    )
    def test_an_outage_stops_the_run_and_the_next_one_goes_on(
        self, event: Event, card: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception
    ) -> None:
        def fail(storage: DiskPhotoStorage, key: str, path: Path, *, content_type: str) -> None:
            raise failure

        with monkeypatch.context() as outage:
            outage.setattr(DiskPhotoStorage, "store_file", fail)
            with pytest.raises(CommandError, match="Run the same command again"):
                run(event, card)
        assert (Photo.objects.count(), stored_count(), leftovers()) == (0, 0, [])

        assert run(event, card) == "2 new, 0 already there, 0 refused.\n"

    def test_an_event_without_room_refuses_the_rest(self, event: Event, card: Path) -> None:
        event.storage_quota = len(images.jpeg(seed=1))
        event.save()

        lines = run_with_refusals(event, card)

        assert lines[-1] == "1 new, 0 already there, 1 refused."

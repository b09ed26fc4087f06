from __future__ import annotations

import errno
import io
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from events.models import Event
from gallery.models import Photo
from gallery.storage import DiskPhotoStorage, photo_storage
from gallery.upload_views import LINGER_SECONDS
from gallery.uploads import SPOOL_PREFIX, Spool
from hafiportrait.accounts.models import User
from hafiportrait.lib.errors import StorageDown
from tests import images
from tests.factories import NOBODY, ChapterFactory, EventFactory, UserFactory

JSON: dict[str, Any] = {"headers": {"accept": "application/json"}}
PAGE: dict[str, Any] = {"headers": {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}}
MEGABYTE = 1 << 20
LogIn = Callable[[User], Client]


def upload_url(event: Event) -> str:
    return f"/admin/gallery/photo/upload/{event.pk}/"


def sent(data: bytes, name: str = "DSC_0001.JPG") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "image/jpeg")


def upload(
    client: Client, event: Event, data: bytes, name: str = "DSC_0001.JPG", **form: Any
) -> Any:
    return client.post(upload_url(event), {"file": sent(data, name), **form}, **JSON)


def upload_raw(
    client: Client,
    event: Event,
    body: bytes = b"",
    *,
    length: str = "",
    source: Any = None,
    connected: Any = None,
) -> Any:
    """Post a body as it is; it claims to have `length` bytes and may come from a broken source."""
    odd: dict[str, Any] = {"CONTENT_LENGTH": length, "gunicorn.socket": connected}
    if source is not None:
        odd["wsgi.input"] = source
    return client.generic(
        "POST", upload_url(event), body, content_type=MULTIPART_CONTENT, **JSON, **odd
    )


def body_of(name: bytes, data: bytes) -> bytes:
    """Write a form as a browser does, with a name that Django's client would not send."""
    boundary = BOUNDARY.encode()
    head = b'Content-Disposition: form-data; name="file"; filename="' + name + b'"'
    return b"--%b\r\n%b\r\n\r\n%b\r\n--%b--\r\n" % (boundary, head, data, boundary)


def error_code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def leftovers() -> list[str]:
    return [path.name for path in photo_storage().incoming().iterdir()]


def nothing_was_kept() -> bool:
    return not Photo.objects.exists() and not list(photo_storage().walk()) and not leftovers()


@pytest.fixture(autouse=True)
def _password_is_enough(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def studio(hafi: User, log_in: LogIn) -> Client:
    """The photographer's browser."""
    return log_in(hafi)


class Unreadable(io.BytesIO):
    """A body that must not be read."""

    def read(self, *args: Any) -> bytes:
        raise AssertionError("the body was read")


class HungUp(io.BytesIO):
    """A body whose sender is gone before its end."""

    def read(self, *args: Any) -> bytes:
        raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")


class DeadStorage(DiskPhotoStorage):
    def store_file(self, key: str, path: Path, *, content_type: str) -> None:
        raise StorageDown("no answer")


class FullDisk(DiskPhotoStorage):
    def store_file(self, key: str, path: Path, *, content_type: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def store_in(settings: Any) -> Callable[[type[DiskPhotoStorage]], None]:
    """Return a function that puts another storage in the place of the real one."""

    def replace(kind: type[DiskPhotoStorage]) -> None:
        here = {
            "BACKEND": f"{__name__}.{kind.__name__}",
            "OPTIONS": settings.STORAGES["photos"]["OPTIONS"],
        }
        settings.STORAGES = settings.STORAGES | {"photos": here}

    return replace


class PhotoUploadTests:
    def test_a_photo_is_answered_with_its_id_and_status(
        self, studio: Client, event: Event, hafi: User
    ) -> None:
        data = images.jpeg()

        response = upload(studio, event, data)

        photo = Photo.objects.get()
        assert response.status_code == 201
        assert response.json() == {"id": str(photo.pk), "status": "PENDING"}
        assert (photo.event, photo.uploaded_by) == (event, hafi)
        with photo_storage().open(photo.storage_key) as kept:
            assert kept.read() == data
        assert leftovers() == []

    def test_a_script_that_takes_anything_gets_json(self, studio: Client, event: Event) -> None:
        response = studio.post(upload_url(event), {"file": sent(images.jpeg())})

        assert response.status_code == 201
        assert response.json() == {"id": str(Photo.objects.get().pk), "status": "PENDING"}

    def test_the_same_content_is_answered_with_the_same_id(
        self, studio: Client, event: Event
    ) -> None:
        first = upload(studio, event, images.jpeg()).json()

        second = upload(studio, event, images.jpeg(), name="other.jpg")

        assert second.status_code == 200
        assert second.json() == first | {"duplicate": True}
        assert Photo.objects.count() == 1
        assert leftovers() == []

    def test_it_lands_in_the_chapter(self, studio: Client, event: Event) -> None:
        chapter = ChapterFactory.create(event=event, slug="akad")

        upload(studio, event, images.jpeg(seed=1), chapter="akad")
        upload(studio, event, images.jpeg(seed=2), chapter=str(chapter.pk))

        assert [photo.chapter for photo in Photo.objects.all()] == [chapter, chapter]

    def test_another_events_chapter_is_refused(self, studio: Client, event: Event) -> None:
        chapter = ChapterFactory.create()

        response = upload(studio, event, images.jpeg(), chapter=str(chapter.pk))

        assert error_code(response) == (400, "chapter")
        assert nothing_was_kept()

    def test_an_archived_event_takes_photos_in(self, studio: Client) -> None:
        event = EventFactory.create(status=Event.Status.ARCHIVED)

        assert upload(studio, event, images.jpeg()).status_code == 201

    def test_it_costs_five_queries_and_a_transaction(
        self, studio: Client, event: Event, django_assert_num_queries: Any
    ) -> None:
        # Session, person, the event before and after the body, the same content; then the row
        # between the two ends of its savepoint.
        with django_assert_num_queries(8):
            upload(studio, event, images.jpeg())

    @pytest.mark.django_db(transaction=True)
    def test_eight_at_the_same_instant_are_one_photo(self, log_in: LogIn) -> None:
        event = EventFactory.create()
        client = log_in(UserFactory.create(role=User.Role.ADMIN))
        barrier = threading.Barrier(8)

        def send(number: int) -> tuple[int, str]:
            browser = Client()
            browser.cookies = client.cookies
            barrier.wait()
            try:
                response = upload(browser, event, images.jpeg())
                return response.status_code, response.json()["id"]
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            answers = sorted(pool.map(send, range(8)))

        photo = Photo.objects.get()
        assert answers == [(200, str(photo.pk))] * 7 + [(201, str(photo.pk))]
        assert [file.key for file in photo_storage().walk()] == [photo.storage_key]
        assert leftovers() == []


class PhotoUploadRefusalTests:
    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"", "empty"),
            (images.html(), "unsupported"),
            (images.svg(), "unsupported"),
            (images.gif(), "unsupported"),
            (images.truncated_jpeg(), "incomplete"),
            (images.png_bomb(), "too_many_pixels"),
        ],
        ids=["empty", "html", "svg", "gif", "cut", "bomb"],
    )
    def test_what_is_no_photo_is_unsupported(
        self, studio: Client, event: Event, data: bytes, code: str
    ) -> None:
        assert error_code(upload(studio, event, data)) == (415, code)
        assert nothing_was_kept()

    def test_what_only_decoding_shows_is_taken_in(self, studio: Client, event: Event) -> None:
        assert upload(studio, event, images.progressive_bomb()).status_code == 201

    def test_a_wrong_checksum_is_refused(self, studio: Client, event: Event) -> None:
        response = upload(studio, event, images.jpeg(), sha256="0" * 64)

        assert error_code(response) == (400, "checksum")
        assert nothing_was_kept()

    @pytest.mark.parametrize(
        "form",
        [{}, {"file": ""}, {"photo": sent(images.jpeg())}],
        ids=["nothing", "no file in it", "another field"],
    )
    def test_no_file_is_refused(self, studio: Client, event: Event, form: dict[str, Any]) -> None:
        response = studio.post(upload_url(event), form, **JSON)

        assert error_code(response) == (400, "no_file")
        assert nothing_was_kept()

    def test_several_files_are_refused(self, studio: Client, event: Event) -> None:
        several = [sent(images.jpeg(seed=1)), sent(images.jpeg(seed=2)), sent(images.jpeg(seed=3))]

        response = studio.post(upload_url(event), {"file": several}, **JSON)

        assert error_code(response) == (400, "several_files")
        assert nothing_was_kept()

    def test_a_file_in_another_field_does_not_harm(self, studio: Client, event: Event) -> None:
        form = {"file": sent(images.jpeg()), "zz": sent(b"something else")}

        response = studio.post(upload_url(event), form, **JSON)

        assert response.status_code == 201
        assert leftovers() == []

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            (b"../../etc/passwd.jpg", "passwd.jpg"),
            (b"a\0b.jpg", "ab.jpg"),
            ("\u202egpj.exe".encode(), "gpj.exe"),
            (b"%22quoted%22.jpg", "%22quoted%22.jpg"),
            (b"one%0D%0Atwo.jpg", "one%0D%0Atwo.jpg"),
            ("pesta 💍.jpg".encode(), "pesta 💍.jpg"),
            (b"x" * 300 + b".jpg", "x" * 116 + ".jpg"),
        ],
    )
    def test_names_of_every_sort_are_taken(
        self, studio: Client, event: Event, name: bytes, shown: str
    ) -> None:
        body = body_of(name, images.jpeg())

        response = upload_raw(studio, event, body, length=str(len(body)))

        assert response.status_code == 201
        assert Photo.objects.get().filename == shown

    @pytest.mark.parametrize("name", [b"x" * 2000, b"\xff\xfe.jpg"], ids=["long", "no text"])
    def test_a_name_that_no_header_holds_is_refused(
        self, studio: Client, event: Event, name: bytes
    ) -> None:
        body = body_of(name, images.jpeg())

        response = upload_raw(studio, event, body, length=str(len(body)))

        assert response.status_code == 400
        assert nothing_was_kept()

    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            ("multipart/form-data; boundary=" + "x" * 300, b"--x--"),
            ("multipart/form-data", b"no boundary"),
            ("application/json", b"[]"),
            ("text/plain", b"photo"),
        ],
    )
    def test_another_body_is_refused(
        self, studio: Client, event: Event, content_type: str, body: bytes
    ) -> None:
        response = studio.post(upload_url(event), body, content_type=content_type, **JSON)

        assert response.status_code == 400
        assert nothing_was_kept()

    def test_a_browsers_form_gets_its_page_back(self, studio: Client, event: Event) -> None:
        english = {"headers": PAGE["headers"] | {"accept-language": "en"}}

        response = studio.post(upload_url(event), {"file": sent(images.gif())}, **english)

        assert response.status_code == 415
        assert response.templates[0].name == "gallery/admin/upload.html"
        assert "This is not a photo that we can read." in response.content.decode()


class PhotoUploadLimitTests:
    @pytest.fixture(autouse=True)
    def _one_megabyte(self, settings: Any) -> None:
        settings.MAX_UPLOAD_MB = 1

    def test_a_body_that_says_it_is_too_large_is_not_read(
        self, studio: Client, event: Event
    ) -> None:
        response = upload_raw(studio, event, length=str(2 * MEGABYTE), source=Unreadable())

        assert error_code(response) == (413, "too_large")
        assert response["Connection"] == "close"

    def test_a_sender_that_is_still_sending_is_heard_out_after_the_answer(
        self, studio: Client, event: Event
    ) -> None:
        source = io.BytesIO(bytes(2 * MEGABYTE))
        time_outs: list[float] = []

        response = upload_raw(
            studio,
            event,
            length=str(2 * MEGABYTE),
            source=source,
            connected=SimpleNamespace(settimeout=time_outs.append),
        )

        assert error_code(response) == (413, "too_large")
        assert source.read() == b""
        assert 0 < min(time_outs) <= max(time_outs) <= LINGER_SECONDS

    def test_a_sender_that_stalls_is_not_waited_for(self, studio: Client, event: Event) -> None:
        response = upload_raw(
            studio,
            event,
            length=str(2 * MEGABYTE),
            source=HungUp(),
            connected=SimpleNamespace(settimeout=lambda seconds: None),
        )

        assert error_code(response) == (413, "too_large")

    def test_a_file_just_over_the_limit_is_refused(self, studio: Client, event: Event) -> None:
        response = upload(studio, event, images.jpeg().ljust(MEGABYTE + 1, b"\0"))

        assert error_code(response) == (413, "too_large")
        assert nothing_was_kept()

    def test_a_file_at_the_limit_is_taken(self, studio: Client, event: Event) -> None:
        assert upload(studio, event, images.jpeg().ljust(MEGABYTE, b"\0")).status_code == 201

    def test_a_body_that_is_larger_than_it_says_is_cut_off(
        self, studio: Client, event: Event
    ) -> None:
        body = encode_multipart(BOUNDARY, {"file": sent(images.jpeg().ljust(3 * MEGABYTE, b"\0"))})

        response = upload_raw(studio, event, body, length=str(MEGABYTE))

        assert response.status_code == 400
        assert nothing_was_kept()

    @pytest.mark.parametrize("length", ["", "-1", "many"])
    def test_a_body_of_unknown_length_is_refused(
        self, studio: Client, event: Event, length: str
    ) -> None:
        response = upload_raw(studio, event, length=length, source=Unreadable())

        assert error_code(response) == (411, "length_required")

    def test_text_fields_have_a_limit_too(
        self, studio: Client, event: Event, settings: Any
    ) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

        response = upload(studio, event, images.jpeg(), sha256="0" * 2000)

        assert error_code(response) == (413, "too_large")
        assert nothing_was_kept()

    def test_a_full_event_reads_no_body(self, studio: Client, event: Event) -> None:
        data = images.jpeg()
        Event.objects.filter(pk=event.pk).update(storage_quota=len(data))
        upload(studio, event, data)

        response = upload_raw(studio, event, length="100", source=Unreadable())

        assert error_code(response) == (413, "quota")

    def test_what_the_quota_does_not_leave_reads_no_body(
        self, studio: Client, event: Event
    ) -> None:
        Event.objects.filter(pk=event.pk).update(storage_quota=100_000)

        response = upload_raw(studio, event, length="500000", source=Unreadable())

        assert error_code(response) == (413, "quota")

    def test_the_last_photo_over_the_quota_is_refused(self, studio: Client, event: Event) -> None:
        Event.objects.filter(pk=event.pk).update(storage_quota=100)

        response = upload(studio, event, images.jpeg())

        assert error_code(response) == (413, "quota")
        assert nothing_was_kept()


class PhotoUploadFaultTests:
    def test_a_disk_that_fills_up_in_the_middle_answers_507(
        self, studio: Client, event: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write = Spool.write

        def fill_up(spool: Spool, data: bytes) -> None:
            if spool.size:
                raise OSError(errno.ENOSPC, "No space left on device")
            write(spool, data)

        monkeypatch.setattr(Spool, "write", fill_up)

        response = upload(studio, event, images.jpeg().ljust(MEGABYTE, b"\0"))

        assert error_code(response) == (507, "no_room")
        assert nothing_was_kept()

    def test_a_disk_without_room_for_the_last_bytes_answers_507(
        self, studio: Client, event: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def finish(spool: Spool) -> None:
            raise OSError(errno.EDQUOT, "Disk quota exceeded")

        monkeypatch.setattr(Spool, "finish", finish)

        response = upload(studio, event, images.jpeg())

        assert error_code(response) == (507, "no_room")
        assert nothing_was_kept()

    def test_a_disk_that_is_full_already_answers_507(
        self, studio: Client, event: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def incoming(storage: DiskPhotoStorage) -> Path:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as full:
            full.setattr(DiskPhotoStorage, "incoming", incoming)
            response = upload(studio, event, images.jpeg())

        assert error_code(response) == (507, "no_room")
        assert nothing_was_kept()

    @pytest.mark.parametrize(
        "failure", [StorageDown("no answer"), OSError(errno.EROFS, "Read-only file system")]
    )
    def test_a_disk_that_is_broken_answers_503(
        self,
        studio: Client,
        event: Event,
        monkeypatch: pytest.MonkeyPatch,
        failure: Exception,
    ) -> None:
        def fail(storage: DiskPhotoStorage) -> Path:
            raise failure

        with monkeypatch.context() as broken:
            broken.setattr(DiskPhotoStorage, "incoming", fail)
            response = upload(studio, event, images.jpeg())

        assert error_code(response) == (503, "unavailable")
        assert nothing_was_kept()

    def test_a_disk_that_is_full_in_the_end_answers_507(
        self, studio: Client, event: Event, store_in: Any
    ) -> None:
        store_in(FullDisk)

        response = upload(studio, event, images.jpeg())

        assert error_code(response) == (507, "no_room")
        assert nothing_was_kept()

    def test_a_storage_that_is_down_answers_503(
        self, studio: Client, event: Event, store_in: Any
    ) -> None:
        store_in(DeadStorage)

        response = upload(studio, event, images.jpeg())

        assert error_code(response) == (503, "unavailable")
        assert int(response["Retry-After"]) > 0
        assert nothing_was_kept()

    def test_a_sender_that_hangs_up_leaves_nothing(self, studio: Client, event: Event) -> None:
        body = encode_multipart(BOUNDARY, {"file": sent(images.jpeg().ljust(MEGABYTE, b"\0"))})

        response = upload_raw(studio, event, body[: len(body) // 2], length=str(len(body) // 2))

        assert error_code(response) == (400, "no_file")
        assert nothing_was_kept()

    def test_a_connection_that_breaks_leaves_nothing(self, studio: Client, event: Event) -> None:
        response = upload_raw(studio, event, length="1000", source=HungUp())

        assert response.status_code == 400
        assert nothing_was_kept()

    def test_a_killed_upload_has_a_name_that_the_sweep_knows(self) -> None:
        spool = Spool(photo_storage().incoming())

        assert [name.startswith(SPOOL_PREFIX) for name in leftovers()] == [True]
        spool.discard()


class PhotoUploadDoorTests:
    def test_a_stranger_is_led_to_the_log_in(self, dimas: Client, event: Event) -> None:
        response = upload(dimas, event, images.jpeg())

        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/")
        assert nothing_was_kept()

    def test_a_guest_is_led_to_the_log_in(self, sari: Client, event: Event) -> None:
        assert upload(sari, event, images.jpeg()).status_code == 302
        assert sari.get(upload_url(event)).status_code == 302
        assert nothing_was_kept()

    def test_a_client_is_refused_before_the_body_is_read(
        self, budi: User, log_in: LogIn, event: Event
    ) -> None:
        response = upload_raw(log_in(budi), event, length="1000", source=Unreadable())

        assert error_code(response) == (403, "forbidden")

    @pytest.mark.parametrize("page", ["", "known/", "progress/"])
    def test_a_client_sees_no_upload_page(
        self, budi: User, log_in: LogIn, event: Event, page: str
    ) -> None:
        assert log_in(budi).get(upload_url(event) + page).status_code in {302, 403, 404}

    def test_staff_without_a_second_factor_enrols_first(
        self, studio: Client, event: Event, settings: Any
    ) -> None:
        settings.SECOND_FACTOR_REQUIRED = True

        assert upload(studio, event, images.jpeg()).status_code == 302
        assert nothing_was_kept()

    def test_a_form_without_its_token_is_refused(self, hafi: User, event: Event) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(hafi, backend="allauth.account.auth_backends.AuthenticationBackend")

        response = upload(browser, event, images.jpeg())

        assert error_code(response) == (403, "csrf")
        assert nothing_was_kept()

    def test_the_token_may_come_in_the_form_or_in_a_header(self, hafi: User, event: Event) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(hafi, backend="allauth.account.auth_backends.AuthenticationBackend")
        page = browser.get(upload_url(event))
        token = str(page.context["csrf_token"])
        header = {"headers": JSON["headers"] | {"x-csrftoken": token}}

        in_form = upload(browser, event, images.jpeg(seed=1), csrfmiddlewaretoken=token)
        in_header = browser.post(upload_url(event), {"file": sent(images.jpeg(seed=2))}, **header)

        assert (in_form.status_code, in_header.status_code) == (201, 201)

    @pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
    def test_wrong_methods_are_refused(self, studio: Client, event: Event, method: str) -> None:
        assert getattr(studio, method)(upload_url(event)).status_code == 405

    @pytest.mark.parametrize("junk", [NOBODY, "junk", "0", "%00", "9" * 400])
    def test_unknown_events_are_not_found(self, studio: Client, junk: str) -> None:
        url = f"/admin/gallery/photo/upload/{junk}/"

        assert studio.get(url).status_code == 404
        assert studio.post(url, {"file": sent(images.jpeg())}, **JSON).status_code == 404
        assert studio.get(f"{url}progress/").status_code == 404
        assert (
            studio.post(f"{url}known/", b"[]", content_type="application/json").status_code == 404
        )


class UploadPageTests:
    def test_it_works_as_a_plain_form(self, studio: Client, event: Event) -> None:
        response = studio.post(upload_url(event), {"file": sent(images.jpeg())}, **PAGE)

        assert (response.status_code, response["Location"]) == (303, upload_url(event))
        assert "DSC_0001.JPG" in studio.get(upload_url(event)).content.decode()
        assert Photo.objects.count() == 1

    def test_it_offers_the_events_own_chapters(self, studio: Client, event: Event) -> None:
        ChapterFactory.create(event=event, title="Resepsi", slug="resepsi")
        ChapterFactory.create(title="Of somebody else", slug="else")

        page = studio.get(upload_url(event)).content.decode()

        assert '<option value="resepsi">Resepsi</option>' in page
        assert "Of somebody else" not in page

    def test_its_script_finds_everything_in_the_page(self, studio: Client, event: Event) -> None:
        page = studio.get(upload_url(event)).content.decode()

        assert 'data-uppy="/static/vendor/uppy/uppy.js"' in page
        assert f'data-known="{upload_url(event)}known/"' in page
        assert f'data-progress="{upload_url(event)}progress/"' in page
        assert 'id="upload-texts" type="application/json"' in page

    @pytest.mark.parametrize(("language", "pack"), [("id", "vendor/uppy/id_ID.js"), ("en", "")])
    def test_the_dashboard_speaks_the_visitors_language(
        self, studio: Client, event: Event, language: str, pack: str
    ) -> None:
        page = studio.get(upload_url(event), headers={"accept-language": language})

        expected = f'data-locale-pack="/static/{pack}"' if pack else 'data-locale-pack=""'
        assert expected in page.content.decode()


class PhotoKnownTests:
    def ask(self, client: Client, event: Event, claims: Any) -> Any:
        body = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
        url = f"{upload_url(event)}known/"
        return client.post(url, body, content_type="application/json", **JSON)

    def test_it_names_what_is_there(self, studio: Client, event: Event) -> None:
        upload(studio, event, images.jpeg(), name="a.jpg")
        photo = Photo.objects.get()
        there = {"name": "b.jpg", "size": 1, "sha256": photo.checksum}
        not_there = {"name": "a.jpg", "size": photo.file_size, "sha256": "0" * 64}

        response = self.ask(studio, event, [there, not_there])

        found = there | {"id": str(photo.pk), "status": "PENDING"}
        assert response.json() == {"known": [found]}

    def test_without_a_checksum_it_goes_by_name_and_size(
        self, studio: Client, event: Event
    ) -> None:
        upload(studio, event, images.jpeg(), name="a.jpg")
        size = Photo.objects.get().file_size

        response = self.ask(studio, event, [{"name": "a.jpg", "size": size}])

        assert [entry["name"] for entry in response.json()["known"]] == ["a.jpg"]

    @pytest.mark.parametrize("count", [1, 3])
    def test_it_costs_four_queries(
        self, studio: Client, event: Event, count: int, django_assert_num_queries: Any
    ) -> None:
        claims = []
        for seed in range(count):
            upload(studio, event, images.jpeg(seed=seed))
        for photo in Photo.objects.all():
            claims.append({"name": "a.jpg", "size": 1, "sha256": photo.checksum})

        with django_assert_num_queries(4):
            response = self.ask(studio, event, claims)

        assert len(response.json()["known"]) == count

    @pytest.mark.parametrize(
        "claims",
        [
            b"",
            b"{",
            b"\xff",
            b"[" * 100_000,
            {},
            "text",
            [1],
            [{}],
            [{"name": 1, "size": 1}],
            [{"name": "a", "size": "1"}],
            [{"name": "a", "size": 1, "sha256": "short"}],
            [{"name": "a", "size": 1, "sha256": ["0" * 64]}],
        ],
    )
    def test_anything_else_is_a_bad_request(
        self, studio: Client, event: Event, claims: Any
    ) -> None:
        assert self.ask(studio, event, claims).status_code == 400

    def test_odd_names_are_not_there(self, studio: Client, event: Event) -> None:
        claims = [{"name": name, "size": 1} for name in ("a\0b", "\ud800", "x" * 5000, "")]

        assert self.ask(studio, event, claims).json() == {"known": []}

    def test_too_many_at_a_time_are_refused(self, studio: Client, event: Event) -> None:
        claims = [{"name": "a.jpg", "size": 1}] * 501

        assert error_code(self.ask(studio, event, claims)) == (413, "too_many")
        assert error_code(self.ask(studio, event, b" " * 3_000_000)) == (413, "too_many")

    def test_a_stranger_learns_nothing(self, dimas: Client, event: Event) -> None:
        assert self.ask(dimas, event, []).status_code == 302

    def test_it_is_asked_by_post(self, studio: Client, event: Event) -> None:
        assert studio.get(f"{upload_url(event)}known/").status_code == 405


class PhotoStatusTests:
    def test_it_says_how_far_a_photo_is(self, studio: Client, event: Event) -> None:
        upload(studio, event, images.jpeg())
        photo = Photo.objects.get()

        response = studio.get(f"/admin/gallery/photo/{photo.pk}/status/")

        assert response.json() == {"id": str(photo.pk), "status": "PENDING", "error": ""}

    def test_it_says_why_a_photo_failed(self, studio: Client, event: Event) -> None:
        upload(studio, event, images.jpeg())
        photo = Photo.objects.get()
        Photo.objects.update(status="FAILED", error="No reason that anybody translated.")

        response = studio.get(f"/admin/gallery/photo/{photo.pk}/status/")

        assert response.json() == {
            "id": str(photo.pk),
            "status": "FAILED",
            "error": "No reason that anybody translated.",
        }

    @pytest.mark.parametrize("junk", [NOBODY, "junk", "0"])
    def test_an_unknown_photo_is_not_found(self, studio: Client, junk: str) -> None:
        assert studio.get(f"/admin/gallery/photo/{junk}/status/").status_code == 404
        assert studio.post(f"/admin/gallery/photo/{junk}/retry/").status_code == 404

    def test_a_deleted_photo_is_not_found(self, studio: Client, event: Event) -> None:
        upload(studio, event, images.jpeg())
        photo = Photo.objects.get()
        Photo.objects.update(deleted_at=photo.uploaded_at)

        assert studio.get(f"/admin/gallery/photo/{photo.pk}/status/").status_code == 404

    def test_a_client_is_refused(
        self, studio: Client, budi: User, log_in: LogIn, event: Event
    ) -> None:
        upload(studio, event, images.jpeg())
        url = f"/admin/gallery/photo/{Photo.objects.get().pk}/status/"

        assert log_in(budi).get(url).status_code in {302, 403, 404}

    def test_wrong_methods_are_refused(self, studio: Client, event: Event) -> None:
        upload(studio, event, images.jpeg())
        address = f"/admin/gallery/photo/{Photo.objects.get().pk}"

        assert studio.post(f"{address}/status/").status_code == 405
        assert studio.get(f"{address}/retry/").status_code == 405


class PhotoRetryTests:
    @pytest.fixture
    def failed(self, studio: Client, event: Event) -> Photo:
        upload(studio, event, images.jpeg())
        Photo.objects.update(status="FAILED", error="Damaged.", attempts=3, due_at=None)
        return Photo.objects.get()

    def test_a_failed_photo_waits_again(self, studio: Client, failed: Photo) -> None:
        response = studio.post(f"/admin/gallery/photo/{failed.pk}/retry/", **JSON)

        failed.refresh_from_db()
        assert response.json() == {"id": str(failed.pk), "status": "PENDING", "error": ""}
        assert (failed.status, failed.attempts, failed.error) == ("PENDING", 0, "")
        assert failed.due_at is not None

    def test_a_browser_goes_back_to_the_photo(self, studio: Client, failed: Photo) -> None:
        response = studio.post(f"/admin/gallery/photo/{failed.pk}/retry/", **PAGE)

        assert response.status_code == 303
        assert response["Location"] == f"/admin/gallery/photo/{failed.pk}/change/"

    def test_a_ready_photo_stays_ready(self, studio: Client, failed: Photo) -> None:
        Photo.objects.update(
            status="READY", sequence=1, delivery_size=1, delivery_crc32=0, attempts=0, error=""
        )

        response = studio.post(f"/admin/gallery/photo/{failed.pk}/retry/", **JSON)

        assert response.json()["status"] == "READY"


class PhotoProgressTests:
    def progress(self, client: Client, event: Event) -> Any:
        return client.get(f"{upload_url(event)}progress/", **JSON).json()

    def test_an_empty_event_has_nothing_in_work(self, studio: Client, event: Event) -> None:
        assert self.progress(studio, event) == {
            "ready": 0,
            "waiting": 0,
            "failed": 0,
            "failures": [],
        }

    def test_it_counts_the_events_living_photos(self, studio: Client, event: Event) -> None:
        for seed in range(5):
            upload(studio, event, images.jpeg(seed=seed), name=f"{seed}.jpg")
        upload(studio, EventFactory.create(), images.jpeg())
        photos = Photo.objects.filter(event=event)
        photos.filter(filename="1.jpg").update(status="PROCESSING")
        photos.filter(filename="2.jpg").update(
            status="READY", sequence=1, delivery_size=1, delivery_crc32=0
        )
        photos.filter(filename="3.jpg").update(status="FAILED", error="Too bad.")
        photos.filter(filename="4.jpg").update(deleted_at=photos[0].uploaded_at)

        failed = photos.get(filename="3.jpg")
        assert self.progress(studio, event) == {
            "ready": 1,
            "waiting": 2,
            "failed": 1,
            "failures": [
                {
                    "id": str(failed.pk),
                    "status": "FAILED",
                    "error": "Too bad.",
                    "name": "3.jpg",
                    "retry": f"/admin/gallery/photo/{failed.pk}/retry/",
                }
            ],
        }

    @pytest.mark.parametrize("count", [1, 3])
    def test_it_costs_five_queries(
        self, studio: Client, event: Event, count: int, django_assert_num_queries: Any
    ) -> None:
        for seed in range(count):
            upload(studio, event, images.jpeg(seed=seed))
        Photo.objects.update(status="FAILED", error="Too bad.")

        with django_assert_num_queries(5):
            self.progress(studio, event)

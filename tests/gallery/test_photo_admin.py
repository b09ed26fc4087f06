"""Photos in the photographer's admin: looked through, hidden, tried again, deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone

from events.models import Event
from gallery import upload_views
from gallery.admin import PhotoAdmin
from gallery.models import Photo
from hafiportrait.accounts.models import User
from tests.factories import ChapterFactory, EventFactory, PhotoFactory, ready_photo

pytestmark = pytest.mark.django_db

LogIn = Callable[[User], Client]
LIST = "/admin/gallery/photo/"


def page_of(photo: Photo) -> str:
    return f"{LIST}{photo.pk}/change/"


def act(browser: Client, action: str, *photos: Photo, **more: Any) -> Any:
    """Carry out an action of the list on some photos."""
    chosen = [str(photo.pk) for photo in photos]
    return browser.post(LIST, {"action": action, "_selected_action": chosen, **more}, follow=True)


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def typed(photo: Photo, **changes: Any) -> dict[str, Any]:
    form = {
        "caption": photo.caption,
        "chapter": str(photo.chapter_id or ""),
        "visibility": photo.visibility,
        "display_order": str(photo.display_order),
        "renditions-TOTAL_FORMS": "0",
        "renditions-INITIAL_FORMS": "0",
    }
    return form | changes


def write_files(photo: Photo, media_root: Path) -> list[Path]:
    keys = [photo.storage_key, *photo.renditions.values_list("key", flat=True)]
    files = [media_root / key for key in keys]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"picture")
    return files


@pytest.fixture
def studio(hafi: User, log_in: LogIn, settings: Any) -> Client:
    """The photographer's browser; the second factor has tests of its own."""
    settings.SECOND_FACTOR_REQUIRED = False
    client = log_in(hafi)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def photo(event: Event) -> Photo:
    return ready_photo(event)


class PhotoListTests:
    def test_guests_are_asked_to_log_in(self, photo: Photo, sari: Client) -> None:
        response = act(sari, "hide_from_guests", photo)

        assert response.redirect_chain[-1][0].startswith("/accounts/login/")
        assert Photo.objects.get().visibility == Photo.Visibility.EVERYONE

    def test_the_client_is_refused(self, photo: Photo, budi: User, log_in: LogIn) -> None:
        response = act(log_in(budi), "delete_selected", photo, post="yes")

        assert response.status_code == 403
        assert Photo.objects.get().deleted_at is None

    def test_deleted_photos_are_gone(self, photo: Photo, event: Event, studio: Client) -> None:
        gone = PhotoFactory.create(event=event, deleted_at=timezone.now())

        page = studio.get(LIST)

        assert [row.pk for row in page.context["cl"].result_list] == [photo.pk]
        assert studio.get(page_of(gone)).status_code == 404

    def test_a_ready_photo_shows_a_picture_that_opens(
        self, photo: Photo, studio: Client, media_root: Path
    ) -> None:
        write_files(photo, media_root)

        page = studio.get(LIST).content.decode()

        link = page.partition('<img src="/media/')[2].partition('"')[0]
        picture = studio.get(f"/media/{link}")
        assert picture.status_code == 200
        assert b"".join(picture) == b"picture"

    def test_a_photo_in_work_shows_none(self, event: Event, studio: Client) -> None:
        PhotoFactory.create(event=event)

        page = studio.get(LIST).content.decode()

        assert (page.count('<img src="/media/'), page.count('class="no-picture"')) == (0, 1)

    def test_what_is_special_stands_beside_the_status(self, event: Event, studio: Client) -> None:
        ready_photo(event, is_cover=True, is_featured=True, damaged_at=timezone.now())

        page = studio.get(LIST).content.decode()

        assert page.count("Ready · cover · featured · file damaged") == 1

    def test_photos_are_not_added_by_a_form(self, studio: Client) -> None:
        assert studio.get(f"{LIST}add/").status_code == 403

    def test_the_upload_pages_stand_below_it(self, event: Event, studio: Client) -> None:
        upload = reverse("admin:gallery_photo_upload", args=[event.pk])

        assert upload == f"{LIST}upload/{event.pk}/"
        assert studio.get(upload).status_code == 200

    def test_an_upload_is_looked_at_before_its_body_is_read(self, event: Event) -> None:
        view: Any = resolve(reverse("admin:gallery_photo_upload", args=[event.pk])).func

        assert view.before_body is upload_views.gate


class PhotoActionTests:
    def test_photos_are_hidden_from_guests(
        self, photo: Photo, event: Event, studio: Client, sari: Client
    ) -> None:
        event.refresh_from_db()

        response = act(studio, "hide_from_guests", photo)

        assert said(response) == ["One photo is hidden from guests now."]
        assert Photo.objects.get().visibility == Photo.Visibility.CLIENT
        assert Event.objects.get().gallery_version == event.gallery_version + 1
        assert sari.get(photo.get_absolute_url()).status_code == 404

    def test_photos_are_shown_to_guests(self, event: Event, studio: Client, sari: Client) -> None:
        photo = ready_photo(event, visibility=Photo.Visibility.CLIENT)

        response = act(studio, "show_to_guests", photo)

        assert said(response) == ["One photo is shown to guests now."]
        assert sari.get(photo.get_absolute_url()).status_code == 200

    def test_failed_photos_are_tried_again_and_others_are_not(
        self, photo: Photo, event: Event, studio: Client
    ) -> None:
        failed = PhotoFactory.create(event=event, status="FAILED", attempts=3, due_at=None)

        response = act(studio, "retry_failed", photo, failed)

        failed.refresh_from_db()
        assert said(response) == ["One photo is tried again."]
        assert (failed.status, failed.attempts) == (Photo.Status.PENDING, 0)
        assert failed.due_at is not None
        assert Photo.objects.get(pk=photo.pk).status == Photo.Status.READY

    def test_one_photo_becomes_the_cover(self, photo: Photo, event: Event, studio: Client) -> None:
        ready_photo(event, is_cover=True)

        response = act(studio, "make_cover", photo)

        assert said(response) == [f"{photo.filename} is the cover now."]
        assert list(Photo.objects.filter(is_cover=True)) == [photo]

    def test_two_photos_or_one_in_work_are_no_cover(
        self, photo: Photo, event: Event, studio: Client
    ) -> None:
        waiting = PhotoFactory.create(event=event)

        answers = [said(act(studio, "make_cover", *some)) for some in ([photo, waiting], [waiting])]

        assert answers == [["A cover is one photo that is ready."]] * 2
        assert Photo.objects.filter(is_cover=True).count() == 0

    def test_actions_are_not_done_on_get(self, photo: Photo, studio: Client) -> None:
        studio.get(LIST, {"action": "hide_from_guests", "_selected_action": str(photo.pk)})

        assert Photo.objects.get().visibility == Photo.Visibility.EVERYONE


class PhotoDeletionTests:
    def test_the_list_asks_first(self, photo: Photo, studio: Client) -> None:
        response = act(studio, "delete_selected", photo)

        assert dict(response.context["model_count"]) == {"photos": 1}
        assert Photo.objects.get().deleted_at is None

    def test_deleted_from_the_list_row_and_files_go(
        self,
        photo: Photo,
        studio: Client,
        media_root: Path,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        files = write_files(photo, media_root)

        with django_capture_on_commit_callbacks(execute=True):
            act(studio, "delete_selected", photo, post="yes")

        assert Photo.objects.get().deleted_at is not None
        assert [file.exists() for file in files] == [False] * len(files)

    def test_deleted_on_its_own_page_row_and_files_go(
        self,
        photo: Photo,
        studio: Client,
        media_root: Path,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        files = write_files(photo, media_root)

        with django_capture_on_commit_callbacks(execute=True):
            studio.post(f"{LIST}{photo.pk}/delete/", {"post": "yes"})

        assert Photo.objects.get().deleted_at is not None
        assert [file.exists() for file in files] == [False] * len(files)


class PhotoPageTests:
    def test_the_client_is_refused(self, photo: Photo, budi: User, log_in: LogIn) -> None:
        response = log_in(budi).post(page_of(photo), typed(photo, caption="Ours"), follow=True)

        assert response.status_code == 403
        assert Photo.objects.get().caption == ""

    def test_a_caption_makes_cached_pages_old(
        self, photo: Photo, event: Event, studio: Client
    ) -> None:
        event.refresh_from_db()

        response = studio.post(page_of(photo), typed(photo, caption="Ijab kabul"))

        assert response.status_code == 302
        assert Photo.objects.get().caption == "Ijab kabul"
        assert Event.objects.get().gallery_version == event.gallery_version + 1

    def test_a_photo_is_hidden_on_its_page(
        self, photo: Photo, studio: Client, sari: Client
    ) -> None:
        studio.post(page_of(photo), typed(photo, visibility="CLIENT"))

        assert sari.get(photo.get_absolute_url()).status_code == 404

    def test_what_a_worker_writes_meanwhile_is_kept(
        self, event: Event, studio: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        photo = PhotoFactory.create(event=event)
        save = PhotoAdmin.save_model

        def save_while_a_worker_fails(*args: Any) -> None:
            Photo.objects.update(status=Photo.Status.FAILED, attempts=3)
            save(*args)

        monkeypatch.setattr(PhotoAdmin, "save_model", save_while_a_worker_fails)

        studio.post(page_of(photo), typed(photo, caption="Ijab kabul"))

        photo.refresh_from_db()
        assert (photo.caption, photo.status, photo.attempts) == (
            "Ijab kabul",
            Photo.Status.FAILED,
            3,
        )

    def test_only_chapters_of_its_event_are_offered(self, photo: Photo, studio: Client) -> None:
        own = ChapterFactory.create(event=photo.event, title="Akad")
        other = ChapterFactory.create(event=EventFactory.create())

        response = studio.post(page_of(photo), typed(photo, chapter=str(other.pk)))
        studio.post(page_of(photo), typed(photo, chapter=str(own.pk)))

        assert list(response.context["adminform"].form.errors) == ["chapter"]
        assert Photo.objects.get().chapter == own

    def test_facts_are_not_typed(self, photo: Photo, studio: Client) -> None:
        form = typed(photo, caption="Ijab", status="FAILED", filename="x.jpg", is_cover="on")

        studio.post(page_of(photo), form)

        found = Photo.objects.get()
        assert (found.caption, found.status, found.filename, found.is_cover) == (
            "Ijab",
            Photo.Status.READY,
            photo.filename,
            False,
        )

    def test_it_says_why_it_failed_and_how_it_was_taken(self, event: Event, studio: Client) -> None:
        photo = PhotoFactory.create(
            event=event,
            status="FAILED",
            due_at=None,
            error="The file is damaged and cannot be read.",
            metadata={"model": "Z 8", "f_number": 2.8, "make": "<Nikon>"},
        )

        text = studio.get(page_of(photo)).content.decode()

        assert text.count("The file is damaged and cannot be read.") == 1
        assert text.count('<span class="fact">Make: &lt;Nikon&gt;</span>') == 1
        assert text.count('<span class="fact">Aperture: 2.8</span>') == 1

"""A body that no form of ours sends: refused unread, and not before what comes first."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from engagement.limits import FORM_BYTES_LIMIT
from engagement.models import Comment
from events.models import Event
from gallery.models import Photo
from tests.factories import NOBODY, EventFactory, ready_photo

pytestmark = pytest.mark.django_db

BOOK = "/e/budi-ani/guestbook/"


class Unread:
    """A body that nobody may read."""

    def read(self, *_: object) -> bytes:
        """Fail the test."""
        raise AssertionError("the body was read")

    readline = read


def send(browser: Client, address: str, *, length: int = 2 * FORM_BYTES_LIMIT) -> Any:
    """Post so many bytes, which the site may not read; the token would be among them."""
    browser.handler.enforce_csrf_checks = True
    said: dict[str, Any] = {
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(length),
        "wsgi.input": Unread(),
    }
    return browser.generic("POST", address, **said)


def of(photo: Photo | str, page: str) -> str:
    return f"/e/budi-ani/photos/{photo.pk if isinstance(photo, Photo) else photo}/{page}/"


@pytest.fixture
def photo(event: Event) -> Photo:
    return ready_photo(event)


@pytest.fixture
def closed(event: Event) -> Event:
    """The wedding, whose comments are switched off."""
    Event.objects.filter(pk=event.pk).update(allow_comments=False)
    return event


class SmallFormTests:
    @pytest.mark.parametrize("page", ["like", "comments"])
    def test_it_is_too_large(self, sari: Client, photo: Photo, page: str) -> None:
        answer = send(sari, of(photo, page))

        assert (answer.status_code, answer["Connection"]) == (413, "close")

    def test_for_the_guestbook_too(self, sari: Client) -> None:
        assert send(sari, BOOK).status_code == 413

    def test_a_form_of_the_largest_size_is_read(self, sari: Client, photo: Photo) -> None:
        with pytest.raises(AssertionError, match="the body was read"):
            send(sari, of(photo, "like"), length=FORM_BYTES_LIMIT)

    @pytest.mark.parametrize("page", ["like", "comments"])
    @pytest.mark.parametrize("where", ["nowhere", "hidden", "elsewhere"])
    def test_first_the_photo_is_looked_for(
        self, sari: Client, event: Event, page: str, where: str
    ) -> None:
        photos: dict[str, Photo | str] = {
            "nowhere": NOBODY,
            "hidden": ready_photo(event, visibility=Photo.Visibility.CLIENT),
            "elsewhere": ready_photo(EventFactory.create()),
        }

        answer = send(sari, of(photos[where], page))

        assert (answer.status_code, answer["Connection"]) == (404, "close")

    def test_then_whether_comments_are_open(
        self, sari: Client, photo: Photo, closed: Event
    ) -> None:
        addresses = [of(photo, "comments"), BOOK, of(NOBODY, "comments"), of(photo, "like")]

        found = [send(sari, address).status_code for address in addresses]

        assert found == [403, 403, 404, 413]

    def test_only_the_own_comment_is_there_to_be_deleted(
        self, sari: Client, photo: Photo, event: Event
    ) -> None:
        sari.post(of(photo, "comments"), {"author_name": "Sari", "content": "Cantik sekali!"})
        own = Comment.objects.get()
        foreign = Comment.objects.create(
            event=event, author_name="Joko", content="Selamat!", session_id="x"
        )

        ids = [own.pk, foreign.pk, NOBODY]
        found = [send(sari, f"/e/budi-ani/comments/{name}/delete/").status_code for name in ids]

        assert found == [413, 404, 404]
        assert Comment.objects.count() == 2


class DoorTests:
    def test_the_door_comes_before_all_of_it(self, dimas: Client, closed: Event) -> None:
        dimas.get("/masuk/")

        assert send(dimas, of(NOBODY, "comments")).status_code == 403

    def test_a_draft_is_not_found(self, sari: Client, photo: Photo) -> None:
        Event.objects.update(status=Event.Status.DRAFT)

        answer = send(sari, of(photo, "comments"))

        assert (answer.status_code, answer["Connection"]) == (404, "close")

    def test_an_archived_gallery_is_gone(self, sari: Client, photo: Photo) -> None:
        Event.objects.update(status=Event.Status.ARCHIVED)

        assert send(sari, of(NOBODY, "like")).status_code == 410

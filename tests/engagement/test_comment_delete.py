"""Taking back what one said oneself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from engagement.models import Comment
from events.models import Event
from gallery.models import Photo
from hafiportrait.accounts.models import User
from tests.factories import NOBODY, EventFactory, ready_photo

pytestmark = pytest.mark.django_db

Enter = Callable[[Event], Client]
AS_SCRIPT = {"Accept": "application/json"}


@pytest.fixture
def photo(event: Event) -> Photo:
    Event.objects.filter(pk=event.pk).update(require_moderation=False)
    return ready_photo(event)


@pytest.fixture
def comment(sari: Client, photo: Photo) -> Comment:
    """What Sari said under a photo, shown to everybody."""
    where = f"/e/budi-ani/photos/{photo.pk}/comments/"
    sari.post(where, {"author_name": "Sari", "content": "Cantik sekali!"})
    return Comment.objects.get()


def delete(browser: Client, comment: Comment | str, **fields: str) -> Any:
    name = comment.pk if isinstance(comment, Comment) else comment
    return browser.post(f"/e/budi-ani/comments/{name}/delete/", fields)


class CommentDeleteDoorTests:
    def test_a_stranger_is_refused(self, dimas: Client, comment: Comment) -> None:
        assert delete(dimas, comment).status_code == 403

    def test_nobody_deletes_what_another_said(
        self,
        comment: Comment,
        enter: Enter,
        event: Event,
        budi: User,
        hafi: User,
        log_in: Callable[[User], Client],
    ) -> None:
        others = [enter(event), log_in(budi), log_in(hafi)]

        assert [delete(browser, comment).status_code for browser in others] == [404] * 3
        assert Comment.objects.count() == 1

    def test_nor_by_the_address_of_another_event(self, sari: Client, comment: Comment) -> None:
        other = EventFactory.create()
        sari.get(f"/q/{other.access_code}/")

        answer = sari.post(f"/e/{other.slug}/comments/{comment.pk}/delete/")

        assert (answer.status_code, Comment.objects.count()) == (404, 1)

    @pytest.mark.parametrize("name", ["junk", NOBODY])
    def test_junk_is_not_found(self, sari: Client, event: Event, name: str) -> None:
        assert delete(sari, name).status_code == 404

    def test_looking_is_refused(self, sari: Client, comment: Comment) -> None:
        assert sari.get(f"/e/budi-ani/comments/{comment.pk}/delete/").status_code == 405


class CommentDeleteTests:
    def test_its_author_deletes_it_and_the_count_follows(
        self, sari: Client, comment: Comment, photo: Photo
    ) -> None:
        version = Event.objects.get(pk=photo.event_id).gallery_version

        answer = delete(sari, comment)

        photo.refresh_from_db()
        place = f"/e/budi-ani/photos/{photo.pk}/#comments"
        assert (answer.status_code, answer["Location"]) == (303, place)
        assert (Comment.objects.count(), photo.comment_count) == (0, 0)
        assert Event.objects.get(pk=photo.event_id).gallery_version == version + 1

    @pytest.mark.parametrize("status", ["PENDING", "REJECTED"])
    def test_also_one_that_is_not_shown(self, sari: Client, comment: Comment, status: str) -> None:
        Comment.objects.update(status=status)

        answer = sari.post(f"/e/budi-ani/comments/{comment.pk}/delete/", headers=AS_SCRIPT)

        assert answer.json() == {"id": str(comment.pk), "status": "DELETED"}
        assert Comment.objects.count() == 0

    def test_also_where_comments_are_closed_by_now(self, sari: Client, comment: Comment) -> None:
        Event.objects.update(allow_comments=False)

        assert delete(sari, comment).status_code == 303

    def test_a_second_time_there_is_nothing(self, sari: Client, comment: Comment) -> None:
        assert [delete(sari, comment).status_code for _ in "12"] == [303, 404]

    def test_a_wish_leads_back_to_the_guestbook(self, sari: Client, photo: Photo) -> None:
        sari.post("/e/budi-ani/guestbook/", {"author_name": "Sari", "content": "Selamat!"})

        answer = delete(sari, Comment.objects.get())

        assert answer["Location"] == "/e/budi-ani/guestbook/"

    def test_the_button_stands_under_one_s_own_only(
        self, sari: Client, comment: Comment, photo: Photo, enter: Enter, event: Event
    ) -> None:
        button = f'action="/e/budi-ani/comments/{comment.pk}/delete/"'
        page = f"/e/budi-ani/photos/{photo.pk}/"

        pages = [browser.get(page).content.decode() for browser in (sari, enter(event))]

        assert [button in page for page in pages] == [True, False]

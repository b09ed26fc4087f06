"""Comments and editing requests in the photographer's admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from engagement.models import Comment, EditingRequest, EditingRequestPhoto
from events.models import Event
from gallery.models import Photo
from hafiportrait.accounts.models import User
from tests.factories import EventFactory, ready_photo

pytestmark = pytest.mark.django_db

LogIn = Callable[[User], Client]
COMMENTS = "/admin/engagement/comment/"
REQUESTS = "/admin/engagement/editingrequest/"
REQUEST_QUERIES = 7


@pytest.fixture
def studio(hafi: User, log_in: LogIn, settings: Settings) -> Client:
    """The photographer's browser; the second factor has tests of its own."""
    settings.SECOND_FACTOR_REQUIRED = False
    client = log_in(hafi)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def photo(event: Event) -> Photo:
    return ready_photo(event)


def comment(photo: Photo | None, event: Event, **fields: Any) -> Comment:
    values = {"author_name": "Sari", "content": "Selamat!", "session_id": "a"}
    return Comment.objects.create(photo=photo, event=event, **values | fields)


def moderate(browser: Client, action: str, *comments: Comment, **more: str) -> Any:
    chosen = [str(comment.pk) for comment in comments]
    form = {"action": action, "_selected_action": chosen, **more}
    return browser.post(COMMENTS, form, follow=True)


class CommentAdminTests:
    def test_the_client_is_refused(self, photo: Photo, budi: User, log_in: LogIn) -> None:
        waiting = comment(photo, photo.event)

        response = moderate(log_in(budi), "approve", waiting)

        assert response.status_code == 403
        assert Comment.objects.get().status == Comment.Status.PENDING

    def test_approved_ones_are_counted_at_their_photo(
        self, photo: Photo, event: Event, studio: Client
    ) -> None:
        event.refresh_from_db()
        some = [comment(photo, event), comment(photo, event), comment(None, event)]

        response = moderate(studio, "approve", *some)

        photo.refresh_from_db()
        said = [str(message) for message in response.context["messages"]]
        assert said == ["3 comments are approved."]
        assert photo.comment_count == 2
        assert Event.objects.get().gallery_version == event.gallery_version + 1

    def test_rejected_ones_are_not(self, photo: Photo, event: Event, studio: Client) -> None:
        approved = comment(photo, event, status="APPROVED")
        comment(photo, event, status="APPROVED")

        moderate(studio, "reject", approved)

        photo.refresh_from_db()
        assert photo.comment_count == 1

    def test_approving_twice_changes_nothing(
        self, photo: Photo, event: Event, studio: Client
    ) -> None:
        approved = comment(photo, event)
        moderate(studio, "approve", approved)
        version = Event.objects.get().gallery_version

        moderate(studio, "approve", approved)

        assert Event.objects.get().gallery_version == version

    def test_its_page_moderates_and_rewrites_nothing(
        self, photo: Photo, event: Event, studio: Client
    ) -> None:
        waiting = comment(photo, event)
        form = {"status": "APPROVED", "content": "Other words", "author_name": "Dimas"}

        studio.post(f"{COMMENTS}{waiting.pk}/change/", form)

        waiting.refresh_from_db()
        photo.refresh_from_db()
        assert (waiting.status, waiting.content, waiting.author_name, photo.comment_count) == (
            Comment.Status.APPROVED,
            "Selamat!",
            "Sari",
            1,
        )

    @pytest.mark.parametrize("by", ["list", "page"])
    def test_deleted_ones_are_counted_no_more(
        self, by: str, photo: Photo, event: Event, studio: Client
    ) -> None:
        approved = comment(photo, event)
        moderate(studio, "approve", approved)

        if by == "list":
            moderate(studio, "delete_selected", approved, post="yes")
        else:
            studio.post(f"{COMMENTS}{approved.pk}/delete/", {"post": "yes"})

        photo.refresh_from_db()
        assert (Comment.objects.count(), photo.comment_count) == (0, 0)


class EditingRequestAdminTests:
    def new(self, event: Event, client: User, photo: Photo) -> dict[str, str]:
        return {
            "event": str(event.pk),
            "client": str(client.pk),
            "request_type": "RETOUCHING",
            "description": "Lighter, please.",
            "status": "PENDING",
            "admin_notes": "By telephone",
            "request_photos-TOTAL_FORMS": "1",
            "request_photos-INITIAL_FORMS": "0",
            "request_photos-0-photo": str(photo.pk),
        }

    def test_one_is_made_for_photos_of_its_event(
        self, event: Event, budi: User, photo: Photo, studio: Client
    ) -> None:
        studio.post(f"{REQUESTS}add/", self.new(event, budi, photo))

        assert list(EditingRequest.objects.get().photos.all()) == [photo]

    def test_photos_of_another_event_are_refused(
        self, event: Event, budi: User, studio: Client
    ) -> None:
        other = ready_photo(EventFactory.create())

        response = studio.post(f"{REQUESTS}add/", self.new(event, budi, other))

        (formset,) = response.context["inline_admin_formsets"]
        assert formset.formset.errors == [{"photo": ["This photo is of another event."]}]
        assert EditingRequest.objects.count() == 0

    def test_its_page_changes_state_and_notes_and_not_the_wish(
        self, event: Event, budi: User, studio: Client
    ) -> None:
        wish = EditingRequest.objects.create(
            event=event, client=budi, request_type="CROPPING", description="Crop it."
        )
        form = {"request_photos-TOTAL_FORMS": "0", "request_photos-INITIAL_FORMS": "0"}
        form |= {"status": "COMPLETED", "admin_notes": "Done", "description": "Something else"}

        studio.post(f"{REQUESTS}{wish.pk}/change/", form)

        wish.refresh_from_db()
        assert (wish.status, wish.admin_notes, wish.description) == (
            EditingRequest.Status.COMPLETED,
            "Done",
            "Crop it.",
        )
        assert wish.completed_at is not None

    def test_one_that_is_taken_up_again_is_not_completed(
        self, event: Event, budi: User, studio: Client
    ) -> None:
        wish = EditingRequest.objects.create(
            event=event, client=budi, request_type="CROPPING", description="Crop it."
        )
        form = {"request_photos-TOTAL_FORMS": "0", "request_photos-INITIAL_FORMS": "0"}

        studio.post(f"{REQUESTS}{wish.pk}/change/", form | {"status": "COMPLETED"})
        studio.post(f"{REQUESTS}{wish.pk}/change/", form | {"status": "IN_PROGRESS"})

        wish.refresh_from_db()
        assert (wish.status, wish.completed_at) == (EditingRequest.Status.IN_PROGRESS, None)

    def test_its_page_costs_the_same_for_one_photo_and_for_three(
        self, event: Event, budi: User, studio: Client
    ) -> None:
        wish = EditingRequest.objects.create(
            event=event, client=budi, request_type="CROPPING", description="Crop it."
        )
        counts = []
        for more in (1, 2):
            for _ in range(more):
                EditingRequestPhoto.objects.create(request=wish, photo=ready_photo(event))
            with CaptureQueriesContext(connection) as queries:
                studio.get(f"{REQUESTS}{wish.pk}/change/")
            counts.append(len(queries))

        assert counts == [REQUEST_QUERIES] * 2

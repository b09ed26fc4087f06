"""What the demo's guests say: the same however often it is sown, and gone with the demo."""

from __future__ import annotations

import pytest
from django.db.models import Sum

from demo.management.commands.seed_demo import CODE, SLUG, remove_demo
from demo.voices import seed_voices
from engagement.models import Comment, PhotoLike
from events.models import Event, GuestSession
from gallery.models import Photo
from tests.factories import EventFactory, ready_photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def wedding() -> Event:
    """The demo's wedding with a few photos."""
    event: Event = EventFactory.create(slug=SLUG, access_code=CODE)
    for _ in range(20):
        ready_photo(event)
    return event


class SeedVoicesTests:
    def test_a_second_time_changes_nothing(self, wedding: Event) -> None:
        seed_voices(wedding)
        first = (Comment.objects.count(), PhotoLike.objects.count(), GuestSession.objects.count())

        seed_voices(wedding)

        again = (Comment.objects.count(), PhotoLike.objects.count(), GuestSession.objects.count())
        assert again == first

    def test_there_is_something_of_everything(self, wedding: Event) -> None:
        seed_voices(wedding)

        wishes = Comment.objects.filter(photo=None)
        waiting = Comment.objects.filter(status=Comment.Status.PENDING)
        assert (wishes.count(), Comment.objects.exclude(photo=None).count()) == (18, 25)
        assert (waiting.filter(photo=None).count(), waiting.count()) == (3, 6)
        assert set(wishes.values_list("attendance", flat=True)) == {"YES", "NO", ""}
        assert PhotoLike.objects.count() >= 100

    def test_the_photos_numbers_are_true(self, wedding: Event) -> None:
        seed_voices(wedding)

        said = Photo.objects.aggregate(likes=Sum("like_count"), comments=Sum("comment_count"))
        assert said == {"likes": PhotoLike.objects.count(), "comments": 22}

    def test_an_event_without_photos_has_its_guestbook(self) -> None:
        seed_voices(EventFactory.create())

        assert Comment.objects.count() == 18

    def test_everything_goes_with_the_demo_and_nothing_else(self, wedding: Event) -> None:
        other = EventFactory.create()
        seed_voices(wedding)
        seed_voices(other)

        remove_demo()

        assert set(Comment.objects.values_list("event", flat=True)) == {other.pk}
        assert set(GuestSession.objects.values_list("event", flat=True)) == {other.pk}

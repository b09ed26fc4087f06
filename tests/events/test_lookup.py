"""The query with which every page of a gallery begins."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from events.lookup import event_at
from events.models import Event

pytestmark = pytest.mark.django_db


class EventAtTests:
    def test_it_is_the_event_as_the_orm_reads_it(self, event: Event) -> None:
        expected = Event.objects.get(pk=event.pk)

        found = event_at(event.slug)

        assert found is not None
        assert {**vars(found), "_state": None} == {**vars(expected), "_state": None}
        assert (found._state.db, found._state.adding) == ("default", False)

    def test_it_can_be_changed_and_saved(self, event: Event) -> None:
        found = event_at(event.slug)
        assert found is not None

        found.title = "Resepsi Budi & Ani"
        found.save(update_fields=["title"])

        assert Event.objects.get().title == "Resepsi Budi & Ani"

    @pytest.mark.parametrize("slug", ["budi", "budi-ani-", "%", "' OR ''='"])
    def test_no_other_address_is_the_events(self, event: Event, slug: str) -> None:
        assert event_at(slug) is None

    def test_it_is_one_query(
        self, event: Event, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(1):
            event_at(event.slug)

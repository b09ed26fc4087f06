"""Days, times and numbers, as each language writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db.models import F
from django.template import Context, Template
from django.test import Client
from django.utils import translation

from events.models import Event
from tests.factories import ready_photo

WEDDING = datetime(2026, 12, 25, 14, 30)
GROUPED = '{{ value|floatformat:"-1g" }}'


def written(template: str, value: object, language: str) -> str:
    with translation.override(language):
        return Template(template).render(Context({"value": value}))


class FormatTests:
    @pytest.mark.parametrize(
        ("language", "said"),
        [("id", "Jumat, 25 Desember 2026"), ("en", "Friday, 25 December 2026")],
    )
    def test_a_day_has_its_weekday_and_its_month_in_words(self, language: str, said: str) -> None:
        assert written('{{ value|date:"DATE_FORMAT" }}', WEDDING, language) == said
        assert written("{{ value }}", date(2026, 12, 25), language) == said

    @pytest.mark.parametrize(
        ("language", "said"), [("id", "25 Desember 2026, 14.30"), ("en", "25 December 2026, 14:30")]
    )
    def test_a_time_has_twenty_four_hours(self, language: str, said: str) -> None:
        assert written('{{ value|date:"DATETIME_FORMAT" }}', WEDDING, language) == said

    @pytest.mark.parametrize(("language", "said"), [("id", "1.234,5"), ("en", "1,234.5")])
    def test_numbers_that_people_read_are_grouped(self, language: str, said: str) -> None:
        assert written(GROUPED, 1234.5, language) == said

    @pytest.mark.parametrize("language", ["id", "en"])
    def test_numbers_that_browsers_read_are_not(self, language: str) -> None:
        assert written('<img width="{{ value }}">', 2048, language) == '<img width="2048">'

    @pytest.mark.django_db
    @pytest.mark.parametrize(("language", "day"), [("id", "Sabtu"), ("en", "Saturday")])
    def test_the_gallery_says_the_day(
        self, event: Event, sari: Client, language: str, day: str
    ) -> None:
        ready_photo(event)
        noon = datetime(2026, 12, 26, 4, tzinfo=UTC)
        Event.objects.update(event_date=noon, gallery_version=F("gallery_version") + 1)

        page = sari.get(event.get_absolute_url(), headers={"Accept-Language": language})

        month = "Desember" if language == "id" else "December"
        assert page.content.decode().count(f"{day}, 26 {month} 2026") == 1

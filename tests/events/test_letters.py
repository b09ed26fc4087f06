"""The letter that says that a gallery closes soon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail

from events.letters import tell_of_closing
from events.models import Event
from hafiportrait.accounts import notifications
from hafiportrait.accounts.models import Notification
from hafiportrait.lib import jobs

MAKASSAR = ZoneInfo("Asia/Makassar")
CLOSES = datetime(2027, 11, 7, 23, 59, tzinfo=MAKASSAR)


def days_before(days: int, hour: int = 10) -> datetime:
    """Return this hour of the day that is so many days before the end."""
    return (CLOSES - timedelta(days=days)).replace(hour=hour, minute=5)


def keep_house(moment: datetime) -> None:
    """Do what the housekeeper does at this time, and send what is due."""
    with time_machine.travel(moment, tick=False):
        tell_of_closing(moment.astimezone(UTC))
        while jobs.run_next(notifications.JOB):
            pass


@pytest.fixture
def closing(event: Event) -> Event:
    """The wedding, whose gallery closes at the end of 7 November 2027."""
    event.storage_expires_at = CLOSES
    event.save()
    return event


class ClosingTests:
    def test_both_are_told_three_times(self, closing: Event) -> None:
        told = []
        for days in range(40, -2, -1):
            mail.outbox.clear()
            keep_house(days_before(days, hour=9))
            keep_house(days_before(days, hour=15))
            told += [(days, sorted(letter.to[0] for letter in mail.outbox))] * bool(mail.outbox)

        both = ["ani@example.com", "budi@example.com"]
        assert told == [(30, both), (7, both), (1, both)]

    def test_the_letter_names_gallery_and_day(self, closing: Event) -> None:
        keep_house(days_before(7))

        letter = mail.outbox[0]
        assert letter.subject == f"“{closing.title}” ditutup pada Minggu, 7 November 2027"
        assert closing.gallery_url in letter.body

    def test_whoever_comes_late_is_told_of_the_nearest_day_alone(self, closing: Event) -> None:
        keep_house(days_before(5))
        keep_house(days_before(4))

        assert len(mail.outbox) == 2

    @pytest.mark.parametrize("hour", [0, 8, 21, 23])
    def test_nobody_is_woken_at_night(self, closing: Event, hour: int) -> None:
        keep_house(days_before(7, hour=hour))

        assert mail.outbox == []

    def test_a_gallery_that_was_extended_is_told_of_anew(self, closing: Event) -> None:
        keep_house(days_before(1))
        closing.storage_expires_at = CLOSES + timedelta(days=60)
        closing.save()

        keep_house(days_before(-30))

        assert len(mail.outbox) == 4

    def test_what_was_extended_meanwhile_is_not_sent(self, closing: Event) -> None:
        with time_machine.travel(days_before(7), tick=False):
            tell_of_closing(days_before(7))
        closing.storage_expires_at = CLOSES + timedelta(days=60)
        closing.save()

        keep_house(days_before(6))

        assert mail.outbox == []
        assert {row.status for row in Notification.objects.all()} == {Notification.Status.SKIPPED}

    @pytest.mark.parametrize("status", ["DRAFT", "ARCHIVED"])
    def test_of_a_gallery_that_is_closed_nobody_hears(self, closing: Event, status: str) -> None:
        Event.objects.update(status=status)

        keep_house(days_before(7))

        assert mail.outbox == []

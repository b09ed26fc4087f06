"""Limits of tries: counted exactly, over in time, and never fallen open."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from hafiportrait.lib.models import TryCount
from hafiportrait.lib.ratelimit import Limit, count, seconds_left

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LIMIT = Limit("codes", most=3, seconds=60)


def at(seconds: float) -> datetime:
    """Return the time so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


@pytest.mark.django_db
class CountTests:
    def test_tries_in_one_window_add_up(self) -> None:
        assert [count(LIMIT, "sari", at=at(n)) for n in (0, 1, 59)] == [1, 2, 3]

    def test_a_new_window_begins_after_the_old_one(self) -> None:
        count(LIMIT, "sari", at=at(0))
        count(LIMIT, "sari", at=at(30))

        assert [count(LIMIT, "sari", at=at(n)) for n in (60, 100)] == [1, 2]

    def test_people_are_counted_apart(self) -> None:
        count(LIMIT, "sari", at=at(0))

        assert count(LIMIT, "dimas", at=at(0)) == 1

    def test_limits_are_counted_apart(self) -> None:
        count(LIMIT, "sari", at=at(0))

        assert count(Limit("likes", most=3, seconds=60), "sari", at=at(0)) == 1

    def test_the_row_does_not_say_who_it_was(self) -> None:
        count(LIMIT, "203.0.113.7|sari@example.com", at=at(0))

        key = TryCount.objects.get().key
        assert ("203.0.113.7" in key, "sari" in key) == (False, False)
        assert key.startswith("codes:")

    def test_a_name_of_any_length_and_script_is_counted(self) -> None:
        assert count(LIMIT, "ゼ" * 5000 + "\x00", at=at(0)) == 1

    def test_a_clock_set_back_by_a_year_begins_a_new_window(self) -> None:
        for _ in range(3):
            count(LIMIT, "sari", at=at(400 * 86400))

        assert count(LIMIT, "sari", at=at(0)) == 1

    def test_a_machine_whose_clock_is_a_little_behind_counts_on(self) -> None:
        count(LIMIT, "sari", at=at(5))

        assert count(LIMIT, "sari", at=at(0)) == 2


@pytest.mark.django_db
class SecondsLeftTests:
    def test_below_the_limit_nothing_is_left_to_wait(self) -> None:
        count(LIMIT, "sari", at=at(0))
        count(LIMIT, "sari", at=at(0))

        assert seconds_left(LIMIT, "sari", at=at(0)) == 0

    def test_nobody_waits_before_the_first_try(self) -> None:
        assert seconds_left(LIMIT, "sari", at=at(0)) == 0

    @pytest.mark.parametrize(
        ("second", "left"), [(0, 60), (0.5, 60), (1, 59), (59.5, 1), (60, 0), (61, 0)]
    )
    def test_at_the_limit_one_waits_for_the_end_of_the_window(
        self, second: float, left: int
    ) -> None:
        for _ in range(3):
            count(LIMIT, "sari", at=at(0))

        assert seconds_left(LIMIT, "sari", at=at(second)) == left

    def test_a_clock_set_back_locks_no_door(self) -> None:
        for _ in range(3):
            count(LIMIT, "sari", at=at(400 * 86400))

        assert seconds_left(LIMIT, "sari", at=at(0)) == 0

    def test_a_machine_whose_clock_is_a_little_behind_says_at_most_a_window(self) -> None:
        for _ in range(3):
            count(LIMIT, "sari", at=at(30))

        assert seconds_left(LIMIT, "sari", at=at(0)) == 60


@pytest.mark.django_db(transaction=True)
class ConcurrentCountTests:
    def test_forty_tries_at_once_are_forty(self) -> None:
        def one_try(_: int) -> int:
            try:
                return count(LIMIT, "sari", at=at(0))
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as threads:
            seen = list(threads.map(one_try, range(40)))

        assert TryCount.objects.get().count == 40
        assert max(seen) == 40

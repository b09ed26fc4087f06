"""Background work as rows: one worker each, three attempts, and nothing lost on the way."""

from __future__ import annotations

import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import OperationalError, connection
from django.utils import timezone

from events.models import Event
from gallery.models import Photo
from hafiportrait.lib import jobs
from hafiportrait.lib.errors import StorageDown
from hafiportrait.lib.jobs import JobFailed, Kind
from hafiportrait.lib.models import TryCount, WorkerBeat
from tests.factories import PhotoFactory

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Return the time so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def finish(row: Any) -> None:
    """Work on a row as a kind does that succeeds."""
    jobs.held(row).update(status=Photo.Status.PROCESSING, **jobs.FINISHED)


def failing(error: Exception) -> Callable[[Any], None]:
    """Return work that ends with this error."""

    def work(row: Any) -> None:
        raise error

    return work


def a_kind(work: Callable[[Any], None] = finish) -> Kind:
    """Return a kind of job that works on photos so."""
    return Kind("test", Photo, work, give_up={"status": Photo.Status.FAILED})


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[[Kind], Kind]:
    """Return a function that makes one kind the only one that the engines know."""

    def register(kind: Kind) -> Kind:
        monkeypatch.setattr(jobs, "_kinds", {kind.name: kind})
        return kind

    return register


@pytest.fixture
def noon() -> Any:
    """The clock, standing at noon until it is moved."""
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def waiting(event: Event, **fields: Any) -> Photo:
    """Return a photo that has waited since noon."""
    photo: Photo = PhotoFactory.create(event=event, **({"due_at": NOON} | fields))
    return photo


class ClaimTests:
    def test_the_row_that_waits_longest_comes_first(self, noon: Any, event: Event) -> None:
        later, sooner = waiting(event, due_at=at(-1)), waiting(event, due_at=at(-2))

        claimed = [jobs.claim_next(a_kind()) for _ in range(3)]

        assert claimed == [sooner, later, None]

    def test_a_claim_is_written_in_the_row(self, noon: Any, event: Event) -> None:
        photo = waiting(event)

        row = jobs.claim_next(a_kind())

        photo.refresh_from_db()
        assert row is not None
        assert (photo.claimed_at, photo.claim_token) == (NOON, row.claim_token)
        assert photo.claim_token is not None

    def test_a_row_of_the_future_is_left(self, noon: Any, event: Event) -> None:
        waiting(event, due_at=at(1))

        assert jobs.claim_next(a_kind()) is None

    def test_a_finished_row_is_left(self, noon: Any, event: Event) -> None:
        waiting(event, due_at=None)

        assert jobs.claim_next(a_kind()) is None

    def test_a_claimed_row_is_left(self, noon: Any, event: Event) -> None:
        waiting(event, claim_token=uuid4(), claimed_at=NOON)

        assert jobs.claim_next(a_kind()) is None


@pytest.mark.django_db(transaction=True)
class ConcurrentClaimTests:
    def test_of_many_workers_one_gets_each_row(self, event: Event) -> None:
        rows = {waiting(event, due_at=timezone.now()).pk for _ in range(6)}
        together = Barrier(6)

        def claim(_: int) -> Any:
            try:
                together.wait(timeout=10)
                return getattr(jobs.claim_next(a_kind()), "pk", None)
            finally:
                connection.close()

        with ThreadPoolExecutor(6) as workers:
            claimed = list(workers.map(claim, range(6)))

        assert set(claimed) == rows
        assert len(claimed) == 6

    def test_two_workers_and_one_row_are_one_claim(self, event: Event) -> None:
        row = waiting(event, due_at=timezone.now())
        together = Barrier(2)

        def claim(_: int) -> Any:
            try:
                together.wait(timeout=10)
                return getattr(jobs.claim_next(a_kind()), "pk", None)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as workers:
            claimed = list(workers.map(claim, range(2)))

        assert sorted(claimed, key=str) == sorted([row.pk, None], key=str)


class RunTests:
    def test_a_row_is_worked_on_once(self, noon: Any, event: Event) -> None:
        photo = waiting(event, attempts=2, lost_leases=3, error="earlier")

        ran = [jobs.run_next(a_kind()) for _ in range(2)]

        photo.refresh_from_db()
        assert ran == [True, False]
        assert (photo.due_at, photo.claim_token, photo.claimed_at) == (None, None, None)
        assert (photo.attempts, photo.lost_leases, photo.error) == (0, 0, "")

    def test_all_due_rows_are_worked_on_and_counted(
        self, noon: Any, event: Event, only: Callable[[Kind], Kind]
    ) -> None:
        only(a_kind())
        for _ in range(3):
            waiting(event)

        assert jobs.run_until_idle(seconds=60) == 3
        assert Photo.objects.filter(due_at=None).count() == 3

    def test_a_worker_that_is_told_to_stop_takes_no_further_row(
        self, noon: Any, event: Event, only: Callable[[Kind], Kind]
    ) -> None:
        done: list[Any] = []

        def work(row: Any) -> None:
            done.append(row)
            finish(row)

        only(a_kind(work))
        for _ in range(3):
            waiting(event)

        assert jobs.run_until_idle(seconds=60, stopping=lambda: len(done) == 2) == 2

    def test_no_time_is_no_work(
        self, noon: Any, event: Event, only: Callable[[Kind], Kind]
    ) -> None:
        only(a_kind())
        waiting(event)

        assert jobs.run_until_idle(seconds=0) == 0


class FailureTests:
    def test_a_failure_waits_longer_each_time_and_is_then_given_up(
        self, noon: Any, event: Event
    ) -> None:
        photo = waiting(event)
        kind = a_kind(failing(JobFailed("The file is incomplete.")))
        seen: list[tuple[int, datetime | None, str]] = []

        for _ in range(3):
            jobs.run_next(kind)
            photo.refresh_from_db()
            seen.append((photo.attempts, photo.due_at, photo.status))
            noon.move_to(photo.due_at or NOON)

        assert seen == [(1, at(5), "PENDING"), (2, at(35), "PENDING"), (3, None, "FAILED")]
        assert (photo.error, photo.claim_token) == ("The file is incomplete.", None)

    def test_a_final_failure_is_given_up_at_once(self, noon: Any, event: Event) -> None:
        photo = waiting(event)

        jobs.run_next(a_kind(failing(JobFailed("Not a photo.", final=True))))

        photo.refresh_from_db()
        assert (photo.status, photo.attempts, photo.due_at) == ("FAILED", 1, None)
        assert photo.error == "Not a photo."

    def test_an_unforeseen_error_counts_like_a_failure(self, noon: Any, event: Event) -> None:
        photo = waiting(event)

        jobs.run_next(a_kind(failing(ZeroDivisionError("division by zero"))))

        photo.refresh_from_db()
        assert (photo.attempts, photo.due_at) == (1, at(5))
        assert photo.error == "ZeroDivisionError: division by zero"

    def test_words_that_no_database_takes_are_cleaned(self, noon: Any, event: Event) -> None:
        photo = waiting(event)

        jobs.run_next(a_kind(failing(JobFailed("bad\x00field \ud800" + "x" * 500))))

        photo.refresh_from_db()
        assert photo.error == "bad field  " + "x" * (300 - 11)

    @pytest.mark.parametrize(
        "error",
        [
            OperationalError("connection refused"),
            StorageDown("no answer"),
            OSError(errno.ENOSPC, "No space left on device"),
        ],
    )
    def test_an_outage_is_waited_for_and_not_counted(
        self, noon: Any, event: Event, error: Exception
    ) -> None:
        photo = waiting(event)

        jobs.run_next(a_kind(failing(error)))

        photo.refresh_from_db()
        assert (photo.attempts, photo.lost_leases, photo.error) == (0, 0, "")
        assert (photo.status, photo.due_at, photo.claim_token) == ("PENDING", at(10), None)

    def test_a_poisonous_row_does_not_block_the_others(
        self, noon: Any, event: Event, only: Callable[[Kind], Kind]
    ) -> None:
        poisonous = waiting(event, due_at=at(-60))
        others = {waiting(event).pk for _ in range(3)}

        def work(row: Any) -> None:
            if row.pk == poisonous.pk:
                raise MemoryError
            finish(row)

        only(a_kind(work))

        assert jobs.run_until_idle(seconds=60) == 4
        assert set(Photo.objects.filter(due_at=None).values_list("pk", flat=True)) == others


class StaleClaimTests:
    @pytest.mark.parametrize(
        "work",
        [
            finish,
            failing(JobFailed("late")),
            failing(JobFailed("late", final=True)),
            failing(StorageDown("late")),
        ],
    )
    def test_a_worker_whose_lease_has_ended_changes_nothing(
        self, noon: Any, event: Event, work: Callable[[Any], None]
    ) -> None:
        photo = waiting(event)
        newer = uuid4()

        def work_too_long(row: Any) -> None:
            Photo.objects.filter(pk=row.pk).update(claim_token=newer, claimed_at=at(50))
            work(row)

        jobs.run_next(a_kind(work_too_long))

        photo.refresh_from_db()
        assert (photo.claim_token, photo.claimed_at, photo.due_at) == (newer, at(50), NOON)
        assert (photo.status, photo.attempts, photo.error) == ("PENDING", 0, "")


class LostLeaseTests:
    @pytest.fixture(autouse=True)
    def _kind(self, only: Callable[[Kind], Kind]) -> None:
        only(a_kind())

    def test_a_lease_that_runs_is_left(self, event: Event) -> None:
        photo = waiting(event, claim_token=uuid4(), claimed_at=at(0))

        freed = jobs.release_lost(at=at(jobs.LEASE_SECONDS))

        photo.refresh_from_db()
        assert (freed, photo.lost_leases) == (0, 0)
        assert photo.claim_token is not None

    def test_a_lost_one_is_no_attempt_and_goes_to_the_back(self, noon: Any, event: Event) -> None:
        lost = waiting(event, due_at=at(-60), claim_token=uuid4(), claimed_at=at(-41))
        other = waiting(event, due_at=at(-1))

        freed = jobs.release_lost()

        lost.refresh_from_db()
        assert (freed, lost.lost_leases, lost.attempts, lost.due_at) == (1, 1, 0, NOON)
        assert [jobs.claim_next(a_kind()) for _ in range(2)] == [other, lost]

    def test_the_tenth_lost_one_is_given_up(self, event: Event) -> None:
        photo = waiting(event)
        for second in range(0, 1000, 100):
            Photo.objects.filter(pk=photo.pk).update(claim_token=uuid4(), claimed_at=at(second))
            jobs.release_lost(at=at(second + 41))

        photo.refresh_from_db()
        assert (photo.lost_leases, photo.attempts, photo.due_at) == (10, 0, None)
        assert (photo.status, photo.claim_token) == ("FAILED", None)
        assert photo.error == "Processing was interrupted too often."

    def test_nine_lost_ones_are_forgiven(self, event: Event) -> None:
        photo = waiting(event, lost_leases=8, claim_token=uuid4(), claimed_at=at(0))

        jobs.release_lost(at=at(41))

        photo.refresh_from_db()
        assert (photo.lost_leases, photo.due_at, photo.status) == (9, at(41), "PENDING")

    def test_a_row_that_waits_for_longer_than_a_sweep_is_counted(self, event: Event) -> None:
        waiting(event, due_at=at(0))
        waiting(event, due_at=at(0), claim_token=uuid4(), claimed_at=at(0))
        waiting(event, due_at=None)

        assert [jobs.waiting_too_long(at=at(n)) for n in (10, 11)] == [0, 1]


@pytest.mark.django_db
class HouseTests:
    def test_it_is_kept_once_in_a_quarter_of_an_hour(
        self, noon: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        called: list[datetime] = []
        monkeypatch.setattr(jobs, "_housekeepers", [called.append])
        kept = []

        for second in (0, 1, 900, 901, 902):
            noon.move_to(at(second))
            kept.append(jobs.keep_house())

        assert kept == [True, False, False, True, False]
        assert called == [at(0), at(901)]

    def test_a_housekeeper_that_fails_does_not_stop_the_others(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        called: list[datetime] = []

        def broken(now: datetime) -> None:
            raise ValueError("broken")

        monkeypatch.setattr(jobs, "_housekeepers", [broken, called.append])

        assert jobs.keep_house() is True
        assert len(called) == 1

    def test_old_counts_and_signs_of_life_are_forgotten(self, noon: Any) -> None:
        for name, seconds in (("old", -86401), ("new", -86399)):
            TryCount.objects.create(key=name, window_started_at=at(seconds))
            WorkerBeat.objects.create(name=name, beat_at=at(seconds))
        WorkerBeat.objects.create(name="housekeeping", beat_at=at(-86401))

        jobs.forget_old_counts(NOON)

        assert list(TryCount.objects.values_list("key", flat=True)) == ["new"]
        assert set(WorkerBeat.objects.values_list("name", flat=True)) == {"new", "housekeeping"}

    def test_a_sign_of_life_is_one_row_per_machine(self, noon: Any) -> None:
        jobs.beat("run_jobs")
        noon.move_to(at(30))
        jobs.beat("run_jobs")

        assert WorkerBeat.objects.get().beat_at == at(30)


class RegistryTests:
    def test_the_photo_kind_is_known_to_both_engines(self) -> None:
        assert jobs._kinds["photo"].model is Photo

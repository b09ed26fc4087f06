"""Background work as rows: the database is the truth, the queue is only a doorbell.

A kind of job is a model with the columns of `JobRow` and a function that works on one row. A row
is due when `due_at` has come and nobody holds its claim. `run_next` claims one with a conditional
update that writes a token, works on it and leaves it finished, waiting for another attempt, or
given up; every write names the token, so a worker whose lease has ended changes nothing.

Two engines call `run_next`: `manage.py run_jobs`, which polls, and Celery (`hafiportrait.celery`),
woken by `ring`. Whatever is lost on the way (a message, a worker, a broker), the row still says
what is to be done.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from hafiportrait.lib.errors import is_no_room, is_outage
from hafiportrait.lib.models import TryCount, WorkerBeat

log = logging.getLogger(__name__)

LEASE_SECONDS = 40
SWEEP_SECONDS = 10
POLL_SECONDS = 0.5
LOST_LEASES_LIMIT = 10
OUTAGE_SECONDS = 10
HOUSEKEEPING_SECONDS = 15 * 60
CANDIDATES = 8
ERROR_CHARACTERS_LIMIT = 300


class JobFailed(Exception):
    """The row itself cannot be worked on; the message is for the person who made it.

    With `final` another attempt would end the same way.
    """

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


class JobRow(models.Model):
    """The columns that the engines read and write; everything else belongs to the kind."""

    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now, editable=False)
    claim_token = models.UUIDField(null=True, blank=True, editable=False)
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    lost_leases = models.PositiveSmallIntegerField(default=0, editable=False)
    error = models.CharField(max_length=ERROR_CHARACTERS_LIMIT, blank=True, editable=False)

    class Meta:
        abstract = True


FREE: dict[str, Any] = {"claim_token": None, "claimed_at": None}
FINISHED: dict[str, Any] = FREE | {"due_at": None, "attempts": 0, "lost_leases": 0, "error": ""}


@dataclass(frozen=True)
class Kind:
    """One kind of job.

    `work` gets a claimed row and finishes it under `row.claim_token`; it raises JobFailed for
    what the row itself is to blame for. `give_up` holds the column values of a row that is not
    tried again (its status, say); `retry_seconds` says how long each further attempt waits.
    """

    name: str
    model: type[JobRow]
    work: Callable[[Any], None]
    give_up: dict[str, Any]
    retry_seconds: tuple[int, ...] = (5, 30)


_kinds: dict[str, Kind] = {}
_housekeepers: list[Callable[[datetime], None]] = []
_silent_until = 0.0


def register(kind: Kind) -> None:
    """Make a kind known to both engines; called once, when its app starts."""
    _kinds[kind.name] = kind


def housekeeper(function: Callable[[datetime], None]) -> Callable[[datetime], None]:
    """Register a function of the present time that is called about every quarter of an hour."""
    _housekeepers.append(function)
    return function


def ring() -> None:
    """Wake the workers once the present transaction has committed.

    Without a broker nothing is to be done: the polling engine looks by itself. A broker that is
    down costs nothing but time: the sweep rings again.
    """
    if settings.CELERY_BROKER_URL:
        transaction.on_commit(_send_ring)


def _send_ring() -> None:
    global _silent_until
    from celery import current_app
    from kombu.exceptions import KombuError
    from redis.exceptions import RedisError

    if time.monotonic() < _silent_until:
        return
    try:
        current_app.send_task("jobs.run", expires=60, retry=False, ignore_result=True)
    except (KombuError, RedisError, OSError) as error:
        # Hundreds of uploads must not wait for the same time-out one after another.
        _silent_until = time.monotonic() + SWEEP_SECONDS
        log.warning("the broker is not answering, the sweep will ring: %s", error)


def run_until_idle(*, seconds: float, stopping: Callable[[], bool] = lambda: False) -> int:
    """Work on due rows of all kinds until none is left or the time is up; returns how many."""
    done = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not stopping():
        if not any(run_next(kind) for kind in _kinds.values()):
            break
        done += 1
    return done


def run_next(kind: Kind) -> bool:
    """Claim one due row of the kind and work on it; returns whether there was one."""
    row = claim_next(kind)
    if row is None:
        return False
    try:
        kind.work(row)
    except JobFailed as failure:
        _count_attempt(kind, row, failure.reason, final=failure.final)
    except Exception as error:
        if is_outage(error) or is_no_room(error):
            log.warning("%s %s waits: %s", kind.name, row.pk, error)
            _release(kind, row, after_seconds=OUTAGE_SECONDS)
        else:
            log.exception("%s %s failed", kind.name, row.pk)
            _count_attempt(kind, row, f"{type(error).__name__}: {error}", final=False)
    return True


def claim_next(kind: Kind) -> JobRow | None:
    """Return a row whose claim this process now holds, or None."""
    now = timezone.now()
    free: models.QuerySet[Any] = kind.model._default_manager.filter(
        due_at__lte=now, claim_token=None
    )
    # Several workers see the same first rows; whose conditional update changes one row has it.
    for pk in list(free.order_by("due_at").values_list("pk", flat=True)[:CANDIDATES]):
        token = uuid4()
        if free.filter(pk=pk).update(claim_token=token, claimed_at=now):
            return kind.model._default_manager.filter(pk=pk, claim_token=token).first()
    return None


def held(row: Any) -> models.QuerySet[Any]:
    """Return the row as a queryset, empty as soon as its claim has passed to somebody else."""
    rows: models.QuerySet[Any] = type(row)._default_manager.all()
    return rows.filter(pk=row.pk, claim_token=row.claim_token)


def _release(kind: Kind, row: JobRow, *, after_seconds: float) -> None:
    due = timezone.now() + timedelta(seconds=after_seconds)
    held(row).update(due_at=due, **FREE)


def _count_attempt(kind: Kind, row: JobRow, reason: str, *, final: bool) -> None:
    attempts = row.attempts + 1
    # PostgreSQL refuses NUL and lone surrogates, which a broken file's message may quote.
    error = "".join(c if c.isprintable() else " " for c in reason[:ERROR_CHARACTERS_LIMIT])
    if final or attempts > len(kind.retry_seconds):
        log.warning("%s %s is given up: %s", kind.name, row.pk, reason)
        ended = {"due_at": None, "attempts": attempts, "error": error}
        held(row).update(**FREE | ended | kind.give_up)
        return
    due = timezone.now() + timedelta(seconds=kind.retry_seconds[attempts - 1])
    held(row).update(attempts=attempts, error=error, due_at=due, **FREE)


def release_lost(*, at: datetime | None = None) -> int:
    """Free every row whose worker died (its lease has ended), at the back of the queue.

    That a worker died is not the photo's fault, so it does not count as an attempt; a row that
    outlives ten workers is given up all the same. Returns how many rows were freed.
    """
    now = at or timezone.now()
    freed = 0
    for kind in _kinds.values():
        lost: models.QuerySet[Any] = kind.model._default_manager.filter(
            claimed_at__lt=now - timedelta(seconds=LEASE_SECONDS), claim_token__isnull=False
        )
        fatal = {"error": "Processing was interrupted too often.", "due_at": None}
        lost.filter(lost_leases__gte=LOST_LEASES_LIMIT - 1).update(
            lost_leases=F("lost_leases") + 1, **FREE | fatal | kind.give_up
        )
        freed += lost.update(lost_leases=F("lost_leases") + 1, due_at=now, **FREE)
    return freed


def waiting_too_long(*, at: datetime | None = None) -> int:
    """Return how many rows have been due for longer than a sweep, over all kinds."""
    before = (at or timezone.now()) - timedelta(seconds=SWEEP_SECONDS)
    return sum(
        kind.model._default_manager.filter(due_at__lt=before, claim_token=None).count()
        for kind in _kinds.values()
    )


def beat(engine: str) -> None:
    """Write that a worker of this machine is alive; read by `/readyz`."""
    name = f"{engine}@{socket.gethostname()}"[:120]
    WorkerBeat.objects.update_or_create(name=name, defaults={"beat_at": timezone.now()})


def keep_house() -> bool:
    """Call every housekeeper, if nobody did in the last quarter of an hour.

    Returns whether it did. The row of the name `housekeeping` is claimed by a conditional update,
    so among many machines one does it.
    """
    now = timezone.now()
    before = now - timedelta(seconds=HOUSEKEEPING_SECONDS)
    row, made = WorkerBeat.objects.get_or_create(name="housekeeping", defaults={"beat_at": now})
    mine = WorkerBeat.objects.filter(name=row.name, beat_at__lt=before).update(beat_at=now)
    if not (made or mine):
        return False
    for function in _housekeepers:
        try:
            function(now)
        except Exception:
            log.exception("housekeeping %s failed", function.__name__)
    return True


@housekeeper
def forget_old_counts(now: datetime) -> None:
    """Delete counts of tries and signs of life that nobody reads any more."""
    day_ago = now - timedelta(days=1)
    TryCount.objects.filter(window_started_at__lt=day_ago).delete()
    WorkerBeat.objects.filter(beat_at__lt=day_ago).exclude(name="housekeeping").delete()

"""Two questions of a load balancer or a monitor: is it alive, and is everything behind it there?"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.files.storage import storages
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from hafiportrait.lib.models import WorkerBeat

log = logging.getLogger(__name__)

# Everything together answers in under 10 s; the database alone may take 5 s to refuse.
PART_SECONDS = 4.0
WORKER_SILENCE_SECONDS = 60
BROKER_SECONDS = 2
PROBE_SECONDS = 10

# What hangs behind us may hold a few threads, never those that serve people.
_askers = ThreadPoolExecutor(max_workers=6, thread_name_prefix="readyz")


class NotReady(Exception):
    """One part does not work; the message is for whoever watches the site."""


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer that this process serves requests; asks nothing behind it."""
    return JsonResponse({"alive": True})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 if every part works, else 503; `parts` says which (details are in the log)."""
    deadline = time.monotonic() + PART_SECONDS
    asked = {"cache": _askers.submit(_ask_cache), "storage": _askers.submit(_ask_storage)}
    if settings.CELERY_BROKER_URL:
        asked["broker"] = _askers.submit(_ask_broker)
    parts = {"database": _outcome("database", _ask_database)}
    seen = parts["database"] == "ok"
    parts["worker"] = _outcome("worker", _ask_worker) if seen else "unknown"
    for name, answer in asked.items():
        parts[name] = _outcome(name, partial(_wait, answer, deadline))
    ready = set(parts.values()) == {"ok"}
    return JsonResponse({"ready": ready, "parts": parts}, status=200 if ready else 503)


def _outcome(name: str, ask: Callable[[], None]) -> str:
    try:
        ask()
    except NotReady as problem:
        return str(problem)
    except Exception as error:  # noqa: BLE001  # whatever a part raises, it is not ready
        log.warning("%s is not ready: %s: %s", name, type(error).__name__, error)
        return "down"
    return "ok"


def _wait(answer: Future[None], deadline: float) -> None:
    try:
        answer.result(timeout=max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        answer.cancel()
        raise NotReady("no answer in time") from None


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_worker() -> None:
    # The row of the name `housekeeping` is a claim of that work, no sign of life.
    beats = WorkerBeat.objects.exclude(name="housekeeping").order_by("-beat_at")
    latest = beats.values_list("beat_at", flat=True).first()
    if latest is None:
        raise NotReady("no worker has run yet")
    silence = (timezone.now() - latest).total_seconds()
    if silence > WORKER_SILENCE_SECONDS:
        raise NotReady(f"no sign of life for {silence:.0f} s")


def _ask_cache() -> None:
    # The cache forgives a dead server, so only a value that comes back proves a living one.
    key = f"readyz:{uuid4()}"
    cache.set(key, "here", PROBE_SECONDS)
    if cache.get(key) != "here":
        raise NotReady("down")
    cache.delete(key)


def _ask_storage() -> None:
    # That this file is missing is an answer; a storage that is down raises.
    storages["photos"].size("readyz")


def _ask_broker() -> None:
    from kombu import Connection

    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    url = settings.CELERY_BROKER_URL
    with Connection(url, connect_timeout=BROKER_SECONDS, transport_options=options) as broker:
        broker.connect()

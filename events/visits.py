"""Who came: one row per browser and event, and how many pages it saw.

The row is made with the first page of a gallery. Further pages are kept in memory and written
every few seconds in one transaction: a page that waited for a commit would cost twice as much. On
SIGTERM what is in memory is written; a SIGKILL loses the page counts of the last seconds, nothing
else.
"""

from __future__ import annotations

import atexit
import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from events.admission import Visit
from events.models import GuestSession
from hafiportrait.lib.errors import counting_may_fail
from hafiportrait.lib.http import client_address, is_script, user_agent

log = logging.getLogger(__name__)

KNOWN_SESSIONS_LIMIT = 50_000


@dataclass
class Views:
    """Page views of one session that are not written yet."""

    count: int
    last_seen_at: datetime


class ViewBuffer:
    """Collects page views from all threads of a process and writes them together."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: dict[str, Views] = {}
        self.known: OrderedDict[str, None] = OrderedDict()
        self.writer: threading.Thread | None = None
        self.stopped = threading.Event()

    def knows(self, session_id: str) -> bool:
        """Return whether this process has seen the session's row."""
        return session_id in self.known

    def remember(self, session_id: str) -> None:
        """Note that the session's row is there."""
        with self.lock:
            self.known[session_id] = None
            if len(self.known) > KNOWN_SESSIONS_LIMIT:
                self.known.popitem(last=False)

    def add(self, session_id: str) -> None:
        """Count one page for a session."""
        with self.lock:
            views = self.waiting.setdefault(session_id, Views(0, timezone.now()))
            views.count += 1
            views.last_seen_at = timezone.now()
            if settings.PAGE_VIEW_FLUSH_SECONDS and self.writer is None:
                self._start()
        if not settings.PAGE_VIEW_FLUSH_SECONDS:
            self.flush()

    def _start(self) -> None:
        self.writer = threading.Thread(target=self._run, name="page-views", daemon=True)
        self.writer.start()
        atexit.register(self.flush)

    def _run(self) -> None:
        while not self.stopped.wait(settings.PAGE_VIEW_FLUSH_SECONDS):
            self.flush()

    def flush(self) -> None:
        """Write what is waiting; if the database is down it goes on waiting."""
        with self.lock:
            batch, self.waiting = self.waiting, {}
        if not batch:
            return
        try:
            self._write(batch)
        except (DatabaseError, InterfaceError) as error:
            log.warning("page views wait for the database: %s", error)
            self._put_back(batch)
        finally:
            if settings.PAGE_VIEW_FLUSH_SECONDS:
                connection.close()

    @transaction.atomic(savepoint=False)
    def _write(self, batch: dict[str, Views]) -> None:
        for session_id in sorted(batch):  # one order for all processes: no deadlock
            views = batch[session_id]
            GuestSession.objects.filter(session_id=session_id).update(
                page_views=F("page_views") + views.count, last_seen_at=views.last_seen_at
            )

    def _put_back(self, batch: dict[str, Views]) -> None:
        with self.lock:
            for session_id, views in batch.items():
                newer = self.waiting.setdefault(session_id, Views(0, views.last_seen_at))
                newer.count += views.count


buffer = ViewBuffer()


def count_page(request: HttpRequest, visit: Visit) -> None:
    """Count a page of the gallery; the first of a session makes its row.

    No query for a session that this process knows; two for the first page. What a script fetches
    (the next photos, the worker's copy of a page) is no page that somebody opened. On a full disk
    a page is shown without being counted.
    """
    session_id = visit.actor.session_id
    with counting_may_fail():
        is_known = buffer.knows(session_id) or not ensure_session(request, visit)
        if is_known and not is_script(request):
            buffer.add(session_id)


def ensure_session(request: HttpRequest, visit: Visit) -> bool:
    """Make the row of this person's session unless it is there; return whether it was made now.

    What a guest says or likes names the row, also where no page of the gallery was seen before.
    """
    actor = visit.actor
    defaults = {
        "event": visit.event,
        "user": actor.user,
        "entered_by": actor.entered_by,
        "ip_address": client_address(request),
        "user_agent": user_agent(request),
    }
    _, made = GuestSession.objects.get_or_create(session_id=actor.session_id, defaults=defaults)
    buffer.remember(actor.session_id)
    return made

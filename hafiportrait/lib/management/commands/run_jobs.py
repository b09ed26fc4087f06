"""Work through the background jobs of this installation, without a broker."""

from __future__ import annotations

import logging
import os
import signal
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, connections

from hafiportrait.lib import jobs

log = logging.getLogger(__name__)

RESTART_SECONDS = 1.0
PATIENCE_SECONDS = 45  # a little more than the longest that one row may take


class Command(BaseCommand):
    """Polls the rows and works on those that are due, in N processes, until it is told to stop."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
        parser.add_argument(
            "--until-idle", action="store_true", help="Stop as soon as nothing is due."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["until_idle"]:
            jobs.release_lost()
            jobs.run_until_idle(seconds=float("inf"))
            return
        connections.close_all()
        Supervisor(max(1, options["processes"])).run()


class Supervisor:
    """Keeps N polling processes alive, sweeps, and passes on the wish to stop."""

    def __init__(self, processes: int) -> None:
        self.processes = processes
        self.children: set[int] = set()
        self.stopping = False

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        swept = 0.0
        while not self.stopping:
            self._reap()
            while len(self.children) < self.processes and not self.stopping:
                self.children.add(_start_child())
            if time.monotonic() - swept >= jobs.SWEEP_SECONDS:
                swept = time.monotonic()
                _survive(_sweep)
            time.sleep(jobs.POLL_SECONDS)
        self._end()

    def _stop(self, number: int, frame: object) -> None:
        self.stopping = True

    def _reap(self) -> None:
        for pid in list(self.children):
            if os.waitpid(pid, os.WNOHANG)[0]:
                self.children.discard(pid)
                log.warning("a worker process ended (%s); another takes its place", pid)
                time.sleep(RESTART_SECONDS)

    def _end(self) -> None:
        for pid in self.children:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.children and time.monotonic() < deadline:
            self.children = {p for p in self.children if not os.waitpid(p, os.WNOHANG)[0]}
            time.sleep(0.05)
        for pid in self.children:
            os.kill(pid, signal.SIGKILL)


def _start_child() -> int:
    connections.close_all()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            _poll(parent)
        except BaseException:
            log.exception("a worker process fails")
            os._exit(1)
        os._exit(0)
    return pid


def _poll(parent: int) -> None:
    """Work until told to stop, or until the parent is gone."""
    wishes: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda signum, frame: wishes.append(signum))

    def stopping() -> bool:
        return bool(wishes) or os.getppid() != parent

    while not stopping():
        _survive(lambda: jobs.run_until_idle(seconds=60, stopping=stopping))
        time.sleep(jobs.POLL_SECONDS)


def _sweep() -> None:
    jobs.beat("run_jobs")
    jobs.release_lost()
    jobs.keep_house()


def _survive(step: Any) -> None:
    """Run one step; a database that is down is waited for, not died of."""
    try:
        step()
    except (DatabaseError, InterfaceError) as error:
        log.warning("the database is not answering: %s", error)
        connections.close_all()
        time.sleep(1)

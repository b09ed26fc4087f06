"""The fleet's engine calls the same functions, and a broker that is gone stops nobody."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import Celery
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from hafiportrait import celery as engine
from hafiportrait.lib import jobs


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the jobs' functions in the order in which they were called."""
    called: list[str] = []

    def noting(name: str, answer: Any) -> Callable[..., Any]:
        def note(*args: Any, **kwargs: Any) -> Any:
            called.append(name)
            return answer

        return note

    answers = {"run_until_idle": 7, "release_lost": 0, "waiting_too_long": 3, "keep_house": True}
    for name, answer in answers.items():
        monkeypatch.setattr(jobs, name, noting(name, answer))
    monkeypatch.setattr(jobs, "beat", lambda name: called.append(f"beat {name}"))
    return called


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the tasks that were sent to a broker."""
    sent: list[str] = []
    monkeypatch.setattr(engine.app, "send_task", lambda name, **options: sent.append(name))
    engine.app.set_current()
    return sent


@pytest.fixture(autouse=True)
def _not_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_silent_until", 0.0)


@pytest.fixture
def broken_app() -> Iterator[Callable[[str], Celery]]:
    """Return a function that makes an app with this broker the present one."""
    before = engine.app

    def use(address: str) -> Celery:
        app = Celery("broken", broker=address)
        app.config_from_object("django.conf:settings", namespace="CELERY")
        app.conf.update(broker_url=address)
        app.set_current()
        return app

    yield use
    before.set_current()


class TaskTests:
    def test_the_worker_s_task_shows_life_and_works_until_idle(self, calls: list[str]) -> None:
        assert engine.run() == 7
        assert calls == ["beat celery", "run_until_idle"]

    def test_the_sweep_frees_lost_rows_then_rings_for_those_that_wait(
        self, calls: list[str], rings: list[str]
    ) -> None:
        assert engine.sweep() == 3
        assert calls == ["beat sweep", "release_lost", "waiting_too_long", "keep_house"]
        assert rings == ["jobs.run"] * 3

    def test_a_long_queue_is_not_rung_for_row_by_row(
        self, calls: list[str], rings: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(jobs, "waiting_too_long", lambda: 5000)

        assert engine.sweep() == 16
        assert len(rings) == 16

    def test_the_sweep_has_a_queue_of_its_own(self) -> None:
        queues = {
            name: engine.app.amqp.router.route({}, name)["queue"].name
            for name in ("jobs.sweep", "jobs.run")
        }

        assert queues == {"jobs.sweep": "sweep", "jobs.run": "jobs"}


@pytest.mark.django_db
class RingTests:
    def test_without_a_broker_nothing_is_sent(
        self,
        settings: Settings,
        rings: list[str],
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        settings.CELERY_BROKER_URL = ""

        with django_capture_on_commit_callbacks(execute=True) as callbacks:
            jobs.ring()

        assert (callbacks, rings) == ([], [])

    def test_a_ring_waits_for_the_commit(
        self,
        settings: Settings,
        rings: list[str],
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        settings.CELERY_BROKER_URL = "redis://127.0.0.1:6379/9"

        with django_capture_on_commit_callbacks(execute=True):
            with transaction.atomic():
                jobs.ring()
            before = list(rings)

        assert (before, rings) == ([], ["jobs.run"])


class DeadBrokerTests:
    @pytest.mark.parametrize("scheme", ["redis", "amqp"])
    def test_one_that_is_gone_raises_nothing_and_is_quick(
        self, broken_app: Callable[[str], Celery], scheme: str
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"{scheme}://127.0.0.1:{probe.getsockname()[1]}//"
        broken_app(address)
        started = time.monotonic()

        jobs._send_ring()

        assert time.monotonic() - started < 3

    @pytest.mark.parametrize("scheme", ["redis", "amqp"])
    def test_one_that_hangs_raises_nothing_and_is_quick(
        self, broken_app: Callable[[str], Celery], scheme: str
    ) -> None:
        with socket.socket() as hanging:
            hanging.bind(("127.0.0.1", 0))
            hanging.listen(50)
            broken_app(f"{scheme}://127.0.0.1:{hanging.getsockname()[1]}//")
            started = time.monotonic()

            jobs._send_ring()

            assert time.monotonic() - started < 3

    def test_hundreds_of_uploads_wait_for_it_once(
        self, broken_app: Callable[[str], Celery], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []

        def refuse(name: str, **options: Any) -> None:
            asked.append(name)
            raise ConnectionRefusedError

        monkeypatch.setattr(broken_app("redis://127.0.0.1:1//"), "send_task", refuse)

        for _ in range(300):
            jobs._send_ring()

        assert asked == ["jobs.run"]

    def test_it_is_tried_again_once_the_sweep_has_rung(
        self, broken_app: Callable[[str], Celery], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rung: list[str] = []
        app = broken_app("redis://127.0.0.1:1//")
        monkeypatch.setattr(app, "send_task", lambda name, **options: rung.append(name))
        monkeypatch.setattr(jobs, "_silent_until", time.monotonic() - 0.001)

        jobs._send_ring()

        assert rung == ["jobs.run"]

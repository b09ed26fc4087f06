from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.storage import storages
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from hafiportrait.lib import health, jobs
from hafiportrait.lib.errors import StorageDown
from hafiportrait.lib.models import WorkerBeat


@pytest.fixture
def closed_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def answering_port() -> Iterator[int]:
    """A port of this machine at which somebody listens, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def worker(db: None) -> None:
    """A worker that has just given a sign of life."""
    jobs.beat("run_jobs")


class HealthzTests:
    def test_a_stranger_hears_that_the_site_is_alive(self, dimas: Client) -> None:
        answer = dimas.get("/healthz")

        assert answer.status_code == 200
        assert answer.json() == {"alive": True}
        assert answer["Cache-Control"] == "no-store"

    def test_nothing_behind_the_site_is_asked(
        self, db: None, dimas: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(0):
            dimas.get("/healthz")

    def test_wrong_method_is_refused(self, dimas: Client) -> None:
        assert dimas.post("/healthz").status_code == 405

    def test_the_machine_itself_asks_without_tls(self, dimas: Client, settings: Settings) -> None:
        settings.SECURE_SSL_REDIRECT = True

        assert dimas.get("/healthz").status_code == 200


class ReadyzTests:
    def test_ready_when_every_part_answers(self, worker: None, dimas: Client) -> None:
        answer = dimas.get("/readyz")

        assert answer.status_code == 200
        assert answer.json() == {
            "ready": True,
            "parts": {"database": "ok", "worker": "ok", "cache": "ok", "storage": "ok"},
        }

    def test_wrong_method_is_refused(self, dimas: Client) -> None:
        assert dimas.post("/readyz").status_code == 405

    def test_the_machine_itself_asks_without_tls(
        self, worker: None, dimas: Client, settings: Settings
    ) -> None:
        settings.SECURE_SSL_REDIRECT = True

        assert dimas.get("/readyz").status_code == 200

    def test_not_ready_before_a_worker_has_run(self, db: None, dimas: Client) -> None:
        answer = dimas.get("/readyz")

        assert answer.status_code == 503
        assert answer.json()["parts"]["worker"] == "no worker has run yet"

    def test_a_worker_is_missed_after_a_minute(self, db: None, dimas: Client) -> None:
        now = timezone.now()
        WorkerBeat.objects.create(name="run_jobs@a", beat_at=now - timedelta(hours=2))
        WorkerBeat.objects.create(name="run_jobs@b", beat_at=now - timedelta(seconds=90))

        with time_machine.travel(now, tick=False):
            answer = dimas.get("/readyz")

        assert answer.status_code == 503
        assert answer.json()["parts"]["worker"] == "no sign of life for 90 s"

    def test_housekeeping_is_no_sign_of_life(self, db: None, dimas: Client) -> None:
        WorkerBeat.objects.create(name="housekeeping")

        assert dimas.get("/readyz").status_code == 503

    def test_a_database_that_is_down_is_named(
        self, dimas: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class GoneConnection:
            def cursor(self) -> None:
                raise OperationalError("connection to server at 10.0.0.7 failed")

        monkeypatch.setattr(health, "connection", GoneConnection())

        answer = dimas.get("/readyz")

        assert answer.status_code == 503
        assert answer.json()["parts"] == {
            "database": "down",
            "worker": "unknown",
            "cache": "ok",
            "storage": "ok",
        }

    def test_a_storage_that_is_down_is_named(
        self, worker: None, dimas: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(name: str) -> None:
            raise StorageDown("no answer from the bucket")

        monkeypatch.setattr(storages["photos"], "size", refuse)

        answer = dimas.get("/readyz")

        assert answer.status_code == 503
        assert answer.json()["parts"]["storage"] == "down"

    def test_a_storage_that_hangs_is_not_waited_for(
        self, worker: None, dimas: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        released = threading.Event()
        monkeypatch.setattr(health, "PART_SECONDS", 0.05)
        monkeypatch.setattr(storages["photos"], "size", lambda name: released.wait(30))

        answer = dimas.get("/readyz")
        released.set()

        assert answer.status_code == 503
        assert answer.json()["parts"]["storage"] == "no answer in time"

    def test_a_cache_that_is_gone_is_named(
        self, worker: None, dimas: Client, settings: Settings, closed_port: int
    ) -> None:
        settings.CACHES = {
            "default": {
                "BACKEND": "hafiportrait.lib.cache.ForgivingRedisCache",
                "LOCATION": f"redis://127.0.0.1:{closed_port}/0",
            }
        }

        answer = dimas.get("/readyz")

        assert answer.status_code == 503
        assert answer.json()["parts"]["cache"] == "down"

    @pytest.mark.parametrize("kind", ["redis", "amqp"])
    def test_a_broker_that_is_gone_is_named(
        self, kind: str, worker: None, dimas: Client, settings: Settings, closed_port: int
    ) -> None:
        settings.CELERY_BROKER_URL = f"{kind}://127.0.0.1:{closed_port}/"

        answer = dimas.get("/readyz")

        assert answer.status_code == 503
        assert answer.json()["parts"]["broker"] == "down"

    def test_a_broker_that_hangs_is_not_waited_for(
        self,
        worker: None,
        dimas: Client,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
        answering_port: int,
    ) -> None:
        monkeypatch.setattr(health, "PART_SECONDS", 0.05)
        settings.CELERY_BROKER_URL = f"amqp://127.0.0.1:{answering_port}/"

        answer = dimas.get("/readyz")

        assert answer.status_code == 503
        assert answer.json()["parts"]["broker"] == "no answer in time"

    def test_addresses_and_errors_stay_in_the_log(
        self, worker: None, dimas: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(name: str) -> Any:
            raise StorageDown("bucket secret-bucket refuses")

        monkeypatch.setattr(storages["photos"], "size", refuse)

        assert b"secret-bucket" not in dimas.get("/readyz").content

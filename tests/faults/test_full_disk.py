"""A disk that is full while photos come in: they wait, galleries open, nothing is half-kept."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from events.models import Event
from gallery.models import Photo, Rendition
from gallery.processing import KIND, sweep_files
from hafiportrait.accounts.models import User
from hafiportrait.lib.jobs import run_next
from tests.faults.site import upload_path
from tests.images import jpeg
from tests.installation import files_below

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _password_is_enough(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def take_no_rows(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
    """Stand for a database on the full disk: it answers, and writes nothing."""
    if sql.startswith(("INSERT", "UPDATE")):
        raise OperationalError("database or disk is full")
    return execute(sql, *rest)


def refuse(descriptor: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def studio(hafi: User, log_in: Callable[[User], Client]) -> Client:
    return log_in(hafi)


def upload(studio: Client, event: Event, seed: int) -> int:
    file = SimpleUploadedFile(f"DSC_{seed}.JPG", jpeg(seed=seed))
    return studio.post(upload_path(str(event.pk)), {"file": file}).status_code


def body_of(download: Any) -> bytes:
    return b"".join(download.streaming_content)


def work(photo: Photo) -> Photo:
    """Work on the photo, whenever it is due."""
    Photo.objects.filter(pk=photo.pk).update(due_at=timezone.now())
    assert run_next(KIND)
    photo.refresh_from_db()
    return photo


def swept_keys() -> list[str]:
    """Sweep as if an hour had passed; returns the keys that rows name."""
    sweep_files(timezone.now() + timedelta(hours=1))
    keys = set(Rendition.objects.values_list("key", flat=True))
    for pair in Photo.objects.values_list("storage_key", "delivery_key"):
        keys |= set(pair)
    return sorted(keys - {""})


class FullDiskTests:
    def test_a_photo_waits_for_room_and_is_not_to_blame(
        self, studio: Client, event: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert upload(studio, event, 1) == 201
        photo = Photo.objects.get()

        with monkeypatch.context() as full:
            full.setattr(os, "fsync", refuse)
            for _ in range(4):  # one more than the attempts that a bad photo has
                work(photo)
        waiting = photo.status, photo.attempts, photo.claim_token, photo.due_at is not None
        ready = work(photo).status

        assert waiting == (Photo.Status.PROCESSING, 0, None, True)
        assert ready == Photo.Status.READY

    def test_galleries_open_and_uploads_are_refused_until_there_is_room(
        self,
        studio: Client,
        sari: Client,
        event: Event,
        media_root: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        assert upload(studio, event, 1) == 201
        shown = work(Photo.objects.get())

        with monkeypatch.context() as full:
            full.setattr(os, "fsync", refuse)
            refused = upload(studio, event, 2)
            page = sari.get(event.get_absolute_url())
            download = sari.get(f"{shown.get_absolute_url()}download/")
        taken_in = upload(studio, event, 2)

        assert (refused, page.status_code, download.status_code) == (507, 200, 200)
        assert str(shown.pk) in page.content.decode()
        assert body_of(download) == jpeg(seed=1)
        assert taken_in == 201
        assert files_below(media_root) == swept_keys()
        assert Photo.objects.count() == 2

    # A refused write would break the transaction around an ordinary test.
    @pytest.mark.django_db(transaction=True)
    def test_a_database_on_it_shows_galleries_and_gives_downloads_all_the_same(
        self, studio: Client, sari: Client, event: Event
    ) -> None:
        assert upload(studio, event, 1) == 201
        shown = work(Photo.objects.get())

        with connection.execute_wrapper(take_no_rows):
            refused = upload(studio, event, 2)
            page = sari.get(event.get_absolute_url())
            download = sari.get(f"{shown.get_absolute_url()}download/")

        assert (refused, page.status_code, download.status_code) == (507, 200, 200)
        assert str(shown.pk) in page.content.decode()
        assert body_of(download) == jpeg(seed=1)
        assert Photo.objects.count() == 1

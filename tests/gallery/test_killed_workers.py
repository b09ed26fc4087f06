"""Workers that are killed at any moment, with both engines, as real processes."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.images import jpeg
from tests.installation import Installation, files_below, kill, wait_until

PHOTOS = 40
KILLS = 5
READY_SECONDS = 150

MAKE_EVENT = """
import json
from django.utils import timezone
from events.models import Event
event = Event.objects.create(title="Resepsi", slug="resepsi", access_code="KEBAYA77",
                             event_date=timezone.now())
print(json.dumps(str(event.pk)))
"""
REPORT = """
import json
from datetime import timedelta
from django.utils import timezone
from gallery.models import Photo, Rendition
from gallery.processing import sweep_files
sweep_files(timezone.now() + timedelta(hours=1))
photos = Photo.objects.all()
keys = set(Rendition.objects.values_list("key", flat=True))
for pair in photos.values_list("storage_key", "delivery_key"):
    keys |= set(pair)
print(json.dumps({
    "statuses": sorted(set(photos.values_list("status", flat=True))),
    "photos": photos.count(),
    "sequences": sorted(photos.values_list("sequence", flat=True)),
    "attempts": max(photos.values_list("attempts", flat=True)),
    "keys": sorted(keys),
}))
"""
COUNT_READY = """
import json
from gallery.models import Photo
print(json.dumps(Photo.objects.filter(status="READY").count()))
"""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    yield made
    made.stop_all()


def take_in_forty(installation: Installation) -> None:
    card = installation.folder / "card"
    card.mkdir()
    for number in range(PHOTOS):
        picture = jpeg((2000, 1500), color=(number * 6, 90, 200 - number * 4))
        (card / f"DSC_{number:04d}.JPG").write_bytes(picture)
    installation.manage("migrate", "--verbosity", "0")
    installation.run_python(MAKE_EVENT)
    installation.manage("import_photos", "resepsi", str(card))


def kill_five_times(
    installation: Installation, start: Callable[[], subprocess.Popen[bytes]]
) -> None:
    dice = random.Random(os.getpid())
    for _ in range(KILLS):
        worker = start()
        time.sleep(dice.uniform(1.5, 3.0))
        kill(worker)


def assert_all_ready_once(installation: Installation) -> None:
    def all_ready() -> bool:
        return bool(installation.run_python(COUNT_READY) == PHOTOS)

    assert wait_until(all_ready, seconds=READY_SECONDS, pause=2), installation.logs()
    report = installation.run_python(REPORT)
    assert report["statuses"] == ["READY"]
    assert report["photos"] == PHOTOS
    assert report["sequences"] == list(range(1, PHOTOS + 1))
    assert report["attempts"] == 0
    assert files_below(installation.folder / "media") == report["keys"]


@pytest.mark.slow
class PollingEngineTests:
    def test_forty_photos_survive_five_kills(self, installation: Installation) -> None:
        take_in_forty(installation)

        def start() -> subprocess.Popen[bytes]:
            return installation.start("manage.py", "run_jobs", "--processes", "2")

        kill_five_times(installation, start)
        start()

        assert_all_ready_once(installation)


@pytest.mark.celery
class CeleryEngineTests:
    def test_forty_photos_survive_five_kills(self, installation: Installation) -> None:
        redis = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/9")
        installation.extra = {"CELERY_BROKER_URL": redis, "REDIS_URL": redis}
        celery = ("-m", "celery", "-A", "hafiportrait")
        schedule = str(installation.folder / "beat")
        take_in_forty(installation)
        installation.start(*celery, "worker", "-Q", "sweep", "-c", "1", "-n", "sweep@%h")
        installation.start(*celery, "beat", "-s", schedule)

        def start() -> subprocess.Popen[bytes]:
            return installation.start(*celery, "worker", "-Q", "jobs", "-c", "2", "-n", "jobs@%h")

        kill_five_times(installation, start)
        start()

        assert_all_ready_once(installation)

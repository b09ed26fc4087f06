"""The fleet's engine: Celery calls the same functions as `manage.py run_jobs`.

Three processes: `celery -A hafiportrait worker -Q jobs`, `celery -A hafiportrait worker -Q sweep`
(a queue of its own, so that the sweep never waits behind a batch) and
`celery -A hafiportrait beat`.
"""

from __future__ import annotations

import os

from celery import Celery, current_app

# Celery imports this file before Django is set up, so the tasks import what has tables themselves.

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hafiportrait.settings")

app = Celery("hafiportrait")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()

RUN_SECONDS = 60
RINGS_PER_SWEEP = 16


@app.task(name="jobs.run")
def run() -> int:
    """Work on due rows for about a minute; returns how many."""
    from hafiportrait.lib import jobs

    jobs.beat("celery")
    return jobs.run_until_idle(seconds=RUN_SECONDS)


@app.task(name="jobs.sweep")
def sweep() -> int:
    """Free the rows of dead workers, ring for rows that wait, keep house; returns the rings."""
    from hafiportrait.lib import jobs

    jobs.beat("sweep")
    jobs.release_lost()
    rings = min(jobs.waiting_too_long(), RINGS_PER_SWEEP)
    for _ in range(rings):
        current_app.send_task("jobs.run", expires=jobs.SWEEP_SECONDS, ignore_result=True)
    jobs.keep_house()
    return rings

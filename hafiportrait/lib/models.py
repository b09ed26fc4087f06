"""Rows of the engine room: how often something was tried, and when a worker last breathed."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class TryCount(models.Model):
    """How often one thing was tried by one actor inside the current window."""

    key = models.CharField(max_length=120, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        db_table = "try_counts"

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"


class WorkerBeat(models.Model):
    """The last sign of life of one worker process."""

    name = models.CharField(max_length=120, primary_key=True)
    beat_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "worker_beats"

    def __str__(self) -> str:
        return self.name

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings


class LibConfig(AppConfig):
    name = "hafiportrait.lib"
    label = "lib"
    verbose_name = "Engine room"

    def ready(self) -> None:
        """Give Celery its settings in every process, so that a web process can ring."""
        if settings.CELERY_BROKER_URL:
            import_module("hafiportrait.celery")

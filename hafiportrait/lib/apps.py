from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.conf import settings


class LibConfig(AppConfig):
    name = "hafiportrait.lib"
    label = "lib"
    verbose_name = "Engine room"

    def ready(self) -> None:
        """Register our system checks; give Celery its settings, so that a web process can ring."""
        import_module("hafiportrait.lib.checks")
        if settings.CELERY_BROKER_URL:
            import_module("hafiportrait.celery")

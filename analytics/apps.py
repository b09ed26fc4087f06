from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AnalyticsConfig(AppConfig):
    name = "analytics"
    verbose_name = _("Numbers")

    def ready(self) -> None:
        """Listen to what the apps below tell."""
        from analytics import receivers  # noqa: F401  # they connect themselves

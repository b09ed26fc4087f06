from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EngagementConfig(AppConfig):
    name = "engagement"
    verbose_name = _("What people say")

    def ready(self) -> None:
        """Register the housekeepers of the services."""
        from engagement import services  # noqa: F401  # they register themselves

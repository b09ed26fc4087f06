from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EngagementConfig(AppConfig):
    name = "engagement"
    verbose_name = _("What people say")

    def ready(self) -> None:
        """Answer the gallery about likes, and register the housekeepers of the services."""
        from engagement import reactions, services  # noqa: F401  # services register themselves
        from gallery.reactions import register

        register(reactions)

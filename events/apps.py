from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EventsConfig(AppConfig):
    name = "events"
    verbose_name = _("Events")

    def ready(self) -> None:
        """Register the housekeepers of the services, and what people are told."""
        from events import letters, services  # noqa: F401  # housekeepers register themselves
        from hafiportrait.accounts import notifications

        notifications.register(letters.GALLERY_CLOSES)

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "hafiportrait.accounts"
    label = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        """Register the job that sends letters."""
        from hafiportrait.accounts import notifications
        from hafiportrait.lib import jobs

        jobs.register(notifications.JOB)

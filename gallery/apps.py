from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GalleryConfig(AppConfig):
    name = "gallery"
    verbose_name = _("Gallery")

    def ready(self) -> None:
        """Register the photo's job with both engines, and listen to what events say."""
        from gallery import delivery, processing, receivers  # noqa: F401  # they connect themselves
        from hafiportrait.lib import jobs

        jobs.register(processing.KIND)

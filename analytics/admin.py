"""What was taken home, and the totals, in the photographer's admin."""

from __future__ import annotations

from django.contrib import admin
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from analytics.models import EventAnalytics, PhotoDownload
from events.admin import EventFilter
from hafiportrait.admin import FactAdmin


@admin.register(PhotoDownload)
class PhotoDownloadAdmin(FactAdmin[PhotoDownload]):
    """Downloads, of one photo or of an archive."""

    list_display = ("created_at", "event", "photo", "download_type", "size", "weight", "user")
    list_filter = (EventFilter, "download_type", "size")
    list_select_related = ("event", "photo", "user")
    search_fields = ("event__title", "photo__filename", "user__full_name")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    fields = (
        "created_at",
        "event",
        "photo",
        "download_type",
        "size",
        "weight",
        "user",
        "ip_address",
        "user_agent",
    )

    @admin.display(description=_("bytes"), ordering="bytes")
    def weight(self, download: PhotoDownload) -> str:
        return filesizeformat(download.bytes)


@admin.register(EventAnalytics)
class EventAnalyticsAdmin(FactAdmin[EventAnalytics]):
    """The totals of each event."""

    list_display = (
        "event",
        "total_photos",
        "unique_visitors",
        "total_views",
        "total_likes",
        "total_comments",
        "total_downloads",
        "last_calculated_at",
    )
    list_filter = (EventFilter,)
    list_select_related = ("event",)
    search_fields = ("event__title",)
    ordering = ("-event__event_date",)

"""The public works in the photographer's admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from hafiportrait.admin import StudioModelAdmin
from portfolio.models import PortfolioPhoto


@admin.register(PortfolioPhoto)
class PortfolioPhotoAdmin(StudioModelAdmin[PortfolioPhoto]):
    """Works: their words, their order, and whether they are shown.

    Rows come and go with their files, so none is made or deleted by hand.
    """

    list_display = ("title", "filename", "display_order", "is_published", "updated_at")
    list_editable = ("display_order", "is_published")
    list_filter = ("is_published",)
    search_fields = ("title", "filename", "description")
    ordering = ("display_order", "-created_at")
    fields = ("title", "description", "display_order", "is_published", "filename", "created_at")
    readonly_fields = ("filename", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

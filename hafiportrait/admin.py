"""The photographer's admin site."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class StudioAdminSite(admin.AdminSite):
    """Django's admin under the studio's name."""

    site_title = site_header = _("Studio")
    index_title = _("Overview")


class StudioAdminConfig(AdminConfig):
    default_site = "hafiportrait.admin.StudioAdminSite"

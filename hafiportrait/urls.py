"""Every address of the product; apps are named as strings."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

handler400 = "hafiportrait.lib.errors.bad_request"
handler403 = "hafiportrait.lib.errors.forbidden"
handler404 = "hafiportrait.lib.errors.not_found"
handler500 = "hafiportrait.lib.errors.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
]

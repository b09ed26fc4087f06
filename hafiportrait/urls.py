"""Every address of the product; apps are named as strings."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from hafiportrait import pwa
from hafiportrait.components import components
from hafiportrait.lib.health import healthz, readyz

handler400 = "hafiportrait.lib.errors.bad_request"
handler403 = "hafiportrait.lib.errors.forbidden"
handler404 = "hafiportrait.lib.errors.not_found"
handler500 = "hafiportrait.lib.errors.server_error"

# One log-in for everybody: the admin's own form knows nothing of a second factor.
admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", login_not_required(RedirectView.as_view(pattern_name="events:enter")), name="home"),
    path("", include("events.urls")),
    path("", include("gallery.urls")),
    path("", include("engagement.urls")),
    path("admin/components/", admin.site.admin_view(components), name="components"),
    path("admin/", admin.site.urls),
    path("accounts/", include("hafiportrait.accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("i18n/", login_not_required(set_language), name="set_language"),
    path("site.webmanifest", pwa.manifest, name="manifest"),
    path("sw.js", pwa.worker, name="worker"),
    path("offline/<slug:language>/", pwa.offline, name="offline"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]

from __future__ import annotations

from django.urls import path

from gallery import download_views, live_views, views

app_name = "gallery"

urlpatterns = [
    path("e/<slug:slug>/", views.photo_list, name="photo-list"),
    path("e/<slug:slug>/photos/<uuid:photo_id>/", views.photo_detail, name="photo-detail"),
    path(
        "e/<slug:slug>/photos/<uuid:photo_id>/download/",
        download_views.photo_download,
        name="photo-download",
    ),
    path("e/<slug:slug>/new/", live_views.photo_updates, name="photo-updates"),
    path("e/<slug:slug>/slideshow/", live_views.slideshow, name="slideshow"),
    path("e/<slug:slug>/download/", download_views.archive_create, name="archive-create"),
    path(
        "e/<slug:slug>/download/<uuid:archive_id>/",
        download_views.archive_download,
        name="archive-download",
    ),
    path("media/<path:path>", views.media, name="media"),
]

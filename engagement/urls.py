from __future__ import annotations

from django.urls import path

from engagement import views

app_name = "engagement"

urlpatterns = [
    path("e/<slug:slug>/photos/<uuid:photo_id>/like/", views.photo_like, name="photo-like"),
    path(
        "e/<slug:slug>/photos/<uuid:photo_id>/comments/",
        views.comment_create,
        name="comment-create",
    ),
    path(
        "e/<slug:slug>/comments/<uuid:comment_id>/delete/",
        views.comment_delete,
        name="comment-delete",
    ),
    path("e/<slug:slug>/guestbook/", views.guestbook, name="guestbook"),
    path(
        "e/<slug:slug>/guestbook/keepsake/",
        views.guestbook_keepsake,
        name="guestbook-keepsake",
    ),
]

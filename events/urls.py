from __future__ import annotations

from django.urls import path

from events import views

app_name = "events"

urlpatterns = [
    path("masuk/", views.enter, name="enter"),
    path("q/<str:code>/", views.qr_enter, name="qr-enter"),
    path("e/<slug:slug>/enter/", views.event_enter, name="event-enter"),
    path("e/<slug:slug>/enter/card.png", views.event_card, name="event-card"),
    path("e/<slug:slug>/qr.png", views.gallery_qr, name="gallery-qr"),
]

from __future__ import annotations

from django.urls import path

from hafiportrait.accounts import views

app_name = "accounts"

urlpatterns = [
    path("login/", views.StrictLoginView.as_view(), name="login"),  # before allauth's own
    path("start/", views.after_login, name="after-login"),
    path("letters/", views.wanted_letters, name="wanted-letters"),
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
    # Shadows allauth's page, where people could add addresses that nobody has confirmed.
    path("email/", views.closed, name="email"),
]

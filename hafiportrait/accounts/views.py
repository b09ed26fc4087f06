"""Where people go once they have logged in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from hafiportrait.accounts.models import User

CLIENT_START = "/"


@require_safe
def after_login(request: HttpRequest) -> HttpResponse:
    """Lead photographers to the studio and clients to the start page."""
    is_staff = isinstance(request.user, User) and request.user.is_staff
    return redirect("admin:index" if is_staff else CLIENT_START)

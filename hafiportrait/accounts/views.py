"""Where people go once they have logged in."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from hafiportrait.accounts.models import User

CLIENT_START = "events:enter"  # the code form, which lists the galleries of whoever logged in


@require_safe
def after_login(request: HttpRequest) -> HttpResponse:
    """Lead photographers to the studio and clients to their galleries."""
    is_staff = isinstance(request.user, User) and request.user.is_staff
    return redirect("admin:index" if is_staff else CLIENT_START)


def closed(request: HttpRequest) -> HttpResponse:
    """Answer 404: this page of allauth is not one of ours."""
    raise Http404


class StrictLoginView(LoginView):  # type: ignore[misc]  # allauth has no types
    """allauth's log-in, except that a wrong password is answered 400 like every wrong form."""

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        response.status_code = 400
        return response

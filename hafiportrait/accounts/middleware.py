"""The house is closed: who is not named as public logs in, and staff with a second factor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from hafiportrait.accounts.models import User


class ClosedByDefaultMiddleware(LoginRequiredMiddleware):
    """Django's own, except that a public view is let through before the person is looked up.

    The parent reads `request.user` first, which costs a signed-in client two queries per image.
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],
        view_args: Any,
        view_kwargs: dict[str, Any],
    ) -> Any:
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class SecondFactorMiddleware:
    """Sends staff without a second factor to enrol one, outside the demo.

    allauth asks for the factor at log-in but cannot force anybody to have one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not settings.SECOND_FACTOR_REQUIRED or not getattr(view, "login_required", True):
            return None
        user = request.user
        if not isinstance(user, User) or not user.is_staff or self._leads_to_enrolment(request):
            return None
        return None if is_mfa_enabled(user) else redirect("mfa_activate_totp")

    def _leads_to_enrolment(self, request: HttpRequest) -> bool:
        """Return whether the address belongs to enrolling, proving who one is, or leaving."""
        open_paths = (
            reverse("mfa_index"),
            reverse("account_reauthenticate"),
            reverse("account_logout"),
            reverse("admin:logout"),
        )
        return request.path.startswith(open_paths)

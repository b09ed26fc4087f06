"""Where people go once they have logged in, and what they want to be told."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from hafiportrait.accounts import notifications
from hafiportrait.accounts.forms import WantedLettersForm
from hafiportrait.accounts.models import User
from hafiportrait.lib.http import SeeOther

CLIENT_START = "events:enter"  # the code form, which lists the galleries of whoever logged in


@require_safe
def after_login(request: HttpRequest) -> HttpResponse:
    """Lead photographers to the studio and clients to their galleries."""
    is_staff = isinstance(request.user, User) and request.user.is_staff
    return redirect("admin:index" if is_staff else CLIENT_START)


@require_http_methods(["GET", "HEAD", "POST"])
def wanted_letters(request: HttpRequest) -> HttpResponse:
    """Let a person choose the letters, and their language."""
    person = request.user
    assert isinstance(person, User)  # noqa: S101  # the door let nobody else in
    if request.method != "POST":
        return render(request, "accounts/wanted_letters.html", {"form": WantedLettersForm(person)})
    form = WantedLettersForm(person, request.POST)
    if not form.is_valid():
        return render(request, "accounts/wanted_letters.html", {"form": form}, status=400)
    notifications.choose_kinds(person=person, wanted=set(form.cleaned_data["kinds"]))
    notifications.choose_language(person=person, language=form.cleaned_data["language"])
    messages.success(request, _("Saved."))
    return SeeOther(reverse("accounts:wanted-letters"))


@csrf_exempt  # RFC 8058: the reader's mail program posts; the signed address is the permission
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """End one kind of letter for one person; GET only asks."""
    found = notifications.read_unsubscribe(token)
    if found is None:
        raise Http404
    person, kind = found
    if request.method == "POST":
        notifications.mute(person=person, kind=kind.name)
    context = {"kind": kind, "is_done": request.method == "POST"}
    return render(request, "accounts/unsubscribe.html", context)


def closed(request: HttpRequest) -> HttpResponse:
    """Answer 404: this page of allauth is not one of ours."""
    raise Http404


class StrictLoginView(LoginView):  # type: ignore[misc]  # allauth has no types
    """allauth's log-in, except that a wrong password is answered 400 like every wrong form."""

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        response.status_code = 400
        return response

"""Small things about requests and answers that every app shares."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme

R = TypeVar("R", bound=HttpResponseBase)
NEXT_CHARACTERS_LIMIT = 500
# Django makes keys of 32 such characters, takes none under 8, and its column has room for 40.
SESSION_KEY = re.compile("[a-z0-9]{8,40}")


class SeeOther(HttpResponseRedirect):
    """The answer to a form that was carried out: read the result over there."""

    status_code = 303


def wants_json(request: HttpRequest) -> bool:
    """Return whether the reader prefers JSON to a page; not who says it so that nobody can read."""
    if "json" not in request.headers.get("Accept", ""):
        return False
    try:
        preferred = request.get_preferred_type(["text/html", "application/json"])
    except ValueError:  # a parameter in an encoding that there is not (RFC 2231)
        return False
    return preferred == "application/json"


def is_script(request: HttpRequest) -> bool:
    """Return whether a script asks and no reader: browsers say so of their `fetch`.

    A page that a reader opens through the service worker has no destination either, but a mode.
    """
    if wants_json(request):
        return True
    said = request.headers
    return said.get("Sec-Fetch-Dest") == "empty" and said.get("Sec-Fetch-Mode") != "navigate"


def client_address(request: HttpRequest) -> str:
    """Return the visitor's address, at most 45 characters.

    Every proxy appends the address it was called from to `X-Forwarded-For`. With
    TRUSTED_PROXIES = n the n-th from the right was written by the outermost proxy of ours; what
    stands further left, the visitor may have written.
    """
    socket_address: str = request.META.get("REMOTE_ADDR", "")
    if not settings.TRUSTED_PROXIES:
        return socket_address[:45]
    hops = [h.strip() for h in request.headers.get("X-Forwarded-For", "").split(",") if h.strip()]
    if len(hops) < settings.TRUSTED_PROXIES:
        return socket_address[:45]
    hop: str = hops[-settings.TRUSTED_PROXIES]
    return hop[:45]


def user_agent(request: HttpRequest) -> str:
    """Return the browser's name for itself, cleaned, at most 300 characters."""
    found = request.headers.get("User-Agent", "")[:300]
    return "".join(c for c in found if c.isprintable())


def safe_next(request: HttpRequest, fallback: str) -> str:
    """Return the `next` address if it stays inside this site, else the fallback."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    inside = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if inside and len(wanted) <= NEXT_CHARACTERS_LIMIT else fallback


def for_guests(response: R) -> R:
    """Let the reader's browser keep a page of the gallery, but ask each time."""
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ("Cookie", "Accept-Language"))
    return response


def absolute(path: str) -> str:
    """Return the full address of a path of this site, from SITE_URL and never from a header."""
    return f"{settings.SITE_URL}{path}"


def site(request: HttpRequest) -> dict[str, Any]:
    """Return what every template may show of the site itself."""
    return {"studio_name": settings.STUDIO_NAME, "site_url": settings.SITE_URL}


class SessionKeyMiddleware:
    """Passes over a session cookie that cannot be one of ours, as if the browser had none.

    A cookie may hold any character, and PostgreSQL refuses a query with NUL in it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        if key is not None and not SESSION_KEY.fullmatch(key):
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        return self.get_response(request)


class BodyGateMiddleware:
    """Lets a view look at the headers before anything reads the body.

    A view with an attribute `before_body` (a function of the request and the view's keyword
    arguments, returning an answer or None) is asked first: it may refuse, or choose its upload
    handlers. It stands before the CSRF check, which reads the form.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        # A header may name any codec of Python's, and some of them raise: all our forms are UTF-8.
        request.encoding = "utf-8"
        gate = getattr(view, "before_body", None)
        if gate is None or request.method != "POST":
            return None
        answer: HttpResponse | None = gate(request, **kwargs)
        if answer is not None:
            # The body was not read: what follows on this connection would be taken for a request.
            answer["Connection"] = "close"
        return answer


class CachePolicyMiddleware:
    """Gives an answer without a policy the closed one, and every answer our fixed headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        return response

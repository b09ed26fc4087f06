"""One contract for every refusal: a page for browsers, a short JSON for scripts."""

from __future__ import annotations

import errno
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.template import loader
from django.utils.html import escape
from django.utils.translation import gettext as _

from hafiportrait.lib.http import wants_json

log = logging.getLogger(__name__)

RETRY_SECONDS = 10
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


class StorageDown(Exception):
    """The place where photos are kept does not answer, or not in time."""


def problem(
    request: HttpRequest,
    status: int,
    code: str,
    message: str,
    *,
    title: str = "",
    retry_after: int | None = None,
) -> HttpResponse:
    """Return a refusal in the form that the reader asked for.

    The page needs neither the database nor the session, so it can also say that they are down.
    """
    response: HttpResponse
    if wants_json(request):
        response = JsonResponse({"error": {"code": code, "message": message}}, status=status)
    else:
        page = _page(
            {"status": status, "title": title or message, "message": message} | _way(request)
        )
        response = HttpResponse(page, status=status)
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    response["Cache-Control"] = "no-store"
    response["Vary"] = "Accept, Accept-Language, Cookie"
    return response


def _way(request: HttpRequest) -> dict[str, str]:
    """Return what the language switch needs, which comes back to what can be opened again only."""
    if request.method not in ("GET", "HEAD"):
        return {}
    return {"here": request.get_full_path(), "token": get_token(request)}


def _page(said: dict[str, Any]) -> str:
    """Return the refusal as a page; as a bare one where the site's own look cannot be drawn.

    An error inside an error page would turn every 404 into a 500, as after a deployment that
    forgot to collect the static files.
    """
    try:
        return loader.render_to_string("problem.html", said)
    except Exception:
        log.exception("the page of a refusal cannot be drawn")
        title, message = escape(said["title"]), escape(said["message"])
        return f"<!DOCTYPE html><title>{title}</title><h1>{title}</h1><p>{message}</p>"


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404."""
    return problem(
        request,
        404,
        "not_found",
        _("There is nothing at this address. Check the link, or scan the code again."),
        title=_("Not found"),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403."""
    return problem(request, 403, "forbidden", _("You may not do this here."), title=_("No entry"))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400."""
    return problem(
        request, 400, "bad_request", _("We could not read this request."), title=_("Bad request")
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form whose token is missing or old."""
    return problem(
        request,
        403,
        "csrf",
        _("The page was open too long. Reload it and try again."),
        title=_("Please reload the page"),
    )


def unavailable(request: HttpRequest) -> HttpResponse:
    """Answer 503: the database or the storage is down and nothing was saved."""
    return problem(
        request,
        503,
        "unavailable",
        _("We cannot reach our storage right now. Nothing was saved; try again in a moment."),
        title=_("Back in a moment"),
        retry_after=RETRY_SECONDS,
    )


def no_room(request: HttpRequest) -> HttpResponse:
    """Answer 507: the disk is full and nothing was saved."""
    return problem(
        request,
        507,
        "no_room",
        _("There is no room left for this file. Nothing was saved."),
        title=_("No room left"),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what escaped every view: 503 where something behind us is down, else 500."""
    error = sys.exc_info()[1]
    if is_no_room(error):
        return no_room(request)
    if is_outage(error):
        log.warning("something behind us is down: %s", error)
        return unavailable(request)
    return problem(
        request,
        500,
        "server_error",
        _("Something went wrong on our side. We have made a note of it."),
        title=_("Something went wrong"),
    )


def is_outage(error: BaseException | None) -> bool:
    """Return whether the error says that the database or the storage is down."""
    if isinstance(error, OperationalError | InterfaceError | StorageDown):
        return True
    # psycopg's pool raises its own time-out, which Django does not translate.
    return type(error).__name__ == "PoolTimeout"


@contextmanager
def counting_may_fail() -> Iterator[None]:
    """Go on without what is counted beside a page, where the database has no room to write it."""
    try:
        yield
    except DatabaseError as error:
        if not is_no_room(error):
            raise
        log.warning("something is not counted: %s", error)


def is_no_room(error: BaseException | None) -> bool:
    """Return whether the error says that a disk is full."""
    if isinstance(error, DatabaseError):
        return "disk is full" in str(error) or "No space left" in str(error)
    return isinstance(error, OSError) and error.errno in NO_ROOM

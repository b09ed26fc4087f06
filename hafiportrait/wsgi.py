"""The web application for gunicorn (threads; see `gunicorn.conf.py`)."""

from __future__ import annotations

import os
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http.request import MediaType
from django.utils.functional import cached_property

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hafiportrait.settings")


class Request(WSGIRequest):
    """Django's own, to which a header that cannot be read says nothing.

    A parameter may name an encoding that there is not (RFC 2231). What Django raises over it
    escapes every page of ours: the type of the body is read before any middleware.
    """

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]  # not in the stubs
        except ValueError:
            meta["CONTENT_TYPE"] = ""
            super()._set_content_type_params(meta)  # type: ignore[misc]  # not in the stubs

    @cached_property
    def accepted_types(self) -> list[MediaType]:
        """Return what the reader takes, the most wanted first."""
        try:
            return super().accepted_types
        except ValueError:
            return []


class Handler(WSGIHandler):
    """Django's own, with our requests."""

    request_class = Request


django.setup(set_prefix=False)
application = Handler()

"""Pictures are most of what a gallery asks for: a live link is answered before everything else.

Sessions, languages and log-ins have no say in it, for the link itself is the admission. What is
not live goes on to `gallery.views.media`, which finds a fresh link for an admitted reader.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from gallery.files import serve_rendition
from gallery.links import is_live, media_root, read_link


class MediaMiddleware:
    """Serves live media links from local disk; no SQL, but for an event's state once a minute."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.root = media_root()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(self.root) and request.method in ("GET", "HEAD"):
            response = self._picture(request)
            if response is not None:
                return response
        return self.get_response(request)

    def _picture(self, request: HttpRequest) -> HttpResponseBase | None:
        link = read_link(request.path_info[len(self.root) :])
        if link is None or settings.PHOTO_STORAGE != "disk" or not is_live(link):
            return None
        return serve_rendition(link)

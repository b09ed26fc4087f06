"""What makes the site installable: its manifest, and the worker that keeps galleries offline.

The worker's source is `templates/sw.js`. It acts below `/e/` only, for that is the scope which
`static/js/offline.js` registers, and only gallery pages load that.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import condition, require_safe

from hafiportrait.lib.minified import minify_script

WORKER = Path(settings.BASE_DIR) / "templates" / "sw.js"
# Everything that the pages of a gallery name below /static/, but for what only an online page can
# use. A test compares it with the pages themselves.
SHELL = (
    "css/tokens.css",
    "css/base.css",
    "css/components.css",
    "css/ratios.css",
    "css/gallery.css",
    "css/panel.css",
    "css/photo.css",
    "css/comments.css",
    "img/favicon.ico",
    "img/icon-180.png",
    "js/choose.js",
    "js/comments.js",
    "js/current.js",
    "js/download.js",
    "js/faraway.js",
    "js/infinite.js",
    "js/later.js",
    "js/lightbox.js",
    "js/like.js",
    "js/live.js",
    "js/offline.js",
    "js/share.js",
    "js/steps.js",
    "vendor/fonts/cormorant-garamond.woff2",
    "vendor/fonts/figtree.woff2",
    "vendor/photoswipe/photoswipe.css",
    "vendor/photoswipe/photoswipe.js",
)
MANIFEST_SECONDS = 3600
# The dark ground of tokens.css: a manifest has one scheme, and the icon is drawn on this one.
GROUND = "#121212"
SLUG = re.compile(r"[-\w]{1,80}", re.ASCII)


@login_not_required
@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """Describe the site as an application.

    Installed from a gallery (`?gallery=<slug>`) it opens that gallery, which the worker can do
    without a network; from anywhere else, the form for a code.
    """
    gallery = request.GET.get("gallery", "")
    start = f"/e/{gallery}/" if SLUG.fullmatch(gallery) else reverse("events:enter")
    said = {
        "id": start,
        "name": settings.STUDIO_NAME,
        "short_name": settings.STUDIO_NAME,
        "description": _("The photos of your day, in the gallery of your photographer."),
        "lang": get_language(),
        "dir": "ltr",
        "start_url": start,
        "scope": "/",
        "display": "standalone",
        "theme_color": GROUND,
        "background_color": GROUND,
        "icons": [
            _icon("img/icon-192.png", 192, "any"),
            _icon("img/icon-512.png", 512, "any"),
            _icon("img/icon-maskable-192.png", 192, "maskable"),
            _icon("img/icon-maskable-512.png", 512, "maskable"),
        ],
    }
    response = JsonResponse(said, content_type="application/manifest+json")
    response["Cache-Control"] = f"private, max-age={MANIFEST_SECONDS}"
    patch_vary_headers(response, ("Cookie", "Accept-Language"))
    return response


def _icon(name: str, side: int, purpose: str) -> dict[str, str]:
    return {
        "src": static(name),
        "sizes": f"{side}x{side}",
        "type": "image/png",
        "purpose": purpose,
    }


@login_not_required
@require_safe
def offline(request: HttpRequest, language: str) -> HttpResponse:
    """Show what a gallery that was not kept shows without a network; the worker keeps it."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    response = HttpResponse(_offline_page(language))
    response["Cache-Control"] = "no-cache"
    return response


def _offline_page(language: str) -> str:
    with override(language):
        return render_to_string("offline.html", {"studio_name": settings.STUDIO_NAME})


@lru_cache(maxsize=1)
def worker_script() -> str:
    """Return the worker with the list of what it keeps.

    Any change of a listed file changes its address, and so this script: a deployment needs no
    version number, and each browser that asks for the script gets the new shell.
    """
    offline_pages = {code: _offline_page(code) for code, _name in settings.LANGUAGES}
    source = minify_script(WORKER.read_text(encoding="utf-8"))
    setup = {
        "shell": [static(name) for name in SHELL],
        "offline": {code: reverse("offline", args=[code]) for code in offline_pages},
        "bucket": _readable_bucket(),
    }
    seed = json.dumps([setup, offline_pages, source], sort_keys=True)
    version = sha256(seed.encode()).hexdigest()[:16]
    return f"const SETUP = {json.dumps({'version': version} | setup)};\n{source}"


def _readable_bucket() -> str:
    """Return where pictures lie that a script may read, "" on disk or without CORS."""
    if not settings.S3_CORS:
        return ""
    return (
        f"{settings.S3_ENDPOINT_URL.rstrip('/')}/{settings.PHOTO_STORAGE_OPTIONS['bucket_name']}/"
    )


def _etag(request: HttpRequest) -> str:
    return f'"{sha256(worker_script().encode()).hexdigest()[:32]}"'


@login_not_required
@require_safe
@gzip_page
@condition(etag_func=_etag)
def worker(request: HttpRequest) -> HttpResponse:
    """Give the service worker. Browsers ask for it at nearly every page: mostly a 304."""
    response = HttpResponse(worker_script(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response

"""The bare comparisons: as little code as does the same work, and nothing of ours in it.

`make_application` is one WSGI application without any middleware, for the same gunicorn set-up:
`/gallery/<slug>/` is one query for sixty rows of the same table and a template with sixty
pictures, `/file` a `FileResponse`, `/stream` the same file read and sent piece by piece.
`render_bare` is the script that one would write with Pillow alone.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import models
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import Template, engines
from django.urls import path
from PIL import Image

PAGE_PHOTOS = 60
STREAM_BYTES = 512 * 1024
# Five values of each photo, as a first version of a gallery has them. All the rest of a tile is
# literal: it gives the page as many bytes as ours and costs nothing.
PLACEHOLDER = "data:image/webp;base64," + "UklGRlYAAABXRUJQVlA4IEoAAADQAwCdASoUAA0A" * 4
FOLDER = "/media/14d21.g1.AbCdEfGhIjKlMnOpQrStUv/" + "0123456789abcdef" * 4 + "/1"
PAGE = f"""<!doctype html>
<html lang="id"><head><meta charset="utf-8"><title>Pernikahan Budi &amp; Ani</title></head><body>
<ul class="grid" role="list">{{% for photo in photos %}}
<li class="grid__item r41"><a class="grid__link" href="/e/resepsi/photos/{{{{ photo.id }}}}/" \
data-lightbox data-full="{FOLDER}/w2400.webp" data-width="2400" data-height="1600">\
<img class="grid__placeholder" src="{PLACEHOLDER}" alt="" width="400" height="267">\
<img class="grid__photo" loading="lazy" decoding="async" src="/media/{{{{ photo.storage_key }}}}" \
srcset="{FOLDER}/w400.webp 400w, {FOLDER}/w800.webp 800w, {FOLDER}/w1600.webp 1600w" \
sizes="(min-width: 48rem) 510px, 72vw" width="{{{{ photo.width }}}}" \
height="{{{{ photo.height }}}}" alt="{{{{ photo.filename }}}}"></a><label class="grid__choose">\
<input type="checkbox" name="photos" form="act"></label></li>{{% endfor %}}
</ul></body></html>"""


def make_application() -> Any:
    """Return the bare site over the product's own database; gunicorn calls it."""
    from hafiportrait import settings as ours  # reads the environment of the product

    settings.configure(
        SECRET_KEY=ours.SECRET_KEY,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        DATABASES=ours.DATABASES,
        MIDDLEWARE=[],
        INSTALLED_APPS=[],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        USE_TZ=True,
    )
    return get_wsgi_application()


@lru_cache(maxsize=1)
def _photo() -> type[models.Model]:
    """Return a model of the product's table with the shown columns only."""

    class BarePhoto(models.Model):  # noqa: DJ008  # nobody prints it
        id = models.UUIDField(primary_key=True)
        event_id = models.UUIDField()
        display_order = models.IntegerField()
        sort_at = models.DateTimeField()
        filename = models.TextField()
        storage_key = models.TextField()
        placeholder = models.TextField()
        width = models.IntegerField()
        height = models.IntegerField()
        status = models.TextField()
        deleted_at = models.DateTimeField(null=True)

        class Meta:
            app_label = "bare"
            db_table = "photos"
            managed = False

    return BarePhoto


@lru_cache(maxsize=1)
def _template() -> Template:
    return engines["django"].from_string(PAGE)  # type: ignore[return-value]  # stubs: its backend


def _whole(page: str) -> HttpResponse:
    body = page.encode()
    return HttpResponse(body, headers={"Content-Length": str(len(body))})


def gallery(request: HttpRequest, event_id: str) -> HttpResponse:
    """Show the first sixty photos of an event: one query, one template."""
    photos = _photo()._default_manager.filter(event_id=event_id, status="READY", deleted_at=None)
    rows = photos.order_by("display_order", "sort_at", "id")[:PAGE_PHOTOS]
    return _whole(_template().render({"photos": rows}))  # type: ignore[arg-type]


def file(request: HttpRequest) -> FileResponse:
    """Give the one file by Django's own means."""
    return FileResponse(Path(os.environ["BARE_FILE"]).open("rb"))


def stream(request: HttpRequest) -> StreamingHttpResponse:
    """Give the one file piece by piece."""
    where = Path(os.environ["BARE_FILE"])
    headers = {"Content-Length": str(where.stat().st_size)}
    return StreamingHttpResponse(_pieces(where), headers=headers)


def _pieces(where: Path) -> Iterator[bytes]:
    with where.open("rb", buffering=0) as opened:
        while piece := opened.read(STREAM_BYTES):
            yield piece


def alive(request: HttpRequest) -> HttpResponse:
    """Answer that the server has started."""
    return _whole("alive")


urlpatterns = [
    path("gallery/<str:event_id>/", gallery),
    path("file", file),
    path("stream", stream),
    path("healthz", alive),
]


def render_bare(source: Path) -> dict[str, bytes]:
    """Return the renditions of a landscape JPEG, by the shortest way that Pillow alone offers.

    The same sizes and encoders as the product's: four WebP (2400, 1600, 800, 400 pixels, quality
    80, method 2) and one JPEG (2048 pixels, quality 85), decoded once by an aspect-correct draft.
    """
    files: dict[str, bytes] = {}
    with Image.open(source) as im:
        ratio = im.height / im.width
        im.draft("RGB", (2400, int(2400 * ratio)))
        picture = im.resize((2400, round(2400 * ratio)), Image.Resampling.BICUBIC)
    files["w2400"] = _encoded(picture, "WEBP", quality=80, method=2)
    web = picture.resize((2048, round(2048 * ratio)), Image.Resampling.BICUBIC)
    files["web"] = _encoded(web, "JPEG", quality=85)
    for side in (1600, 800, 400):
        picture = picture.resize((side, round(side * ratio)), Image.Resampling.BICUBIC)
        files[f"w{side}"] = _encoded(picture, "WEBP", quality=80, method=2)
    return files


def _encoded(picture: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()

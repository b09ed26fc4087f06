"""The shared part of a gallery page, rendered once for all who may see the same.

A page is the same for everybody of one audience, so it is kept whole, cut open where the reader's
own token goes. What is cached holds no token, no count and nothing personal. This is the only
module that declares assembled markup safe.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlencode

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from events.admission import Visit
from events.models import Chapter, Event
from gallery.delivery import gives_originals
from gallery.imaging.render import planned_sizes
from gallery.links import WEB_KIND, LinkMaker, present_window
from gallery.models import GALLERY_ORDER, Photo
from hafiportrait.lib import keyset

PAGE_PHOTOS = 60
EAGER_PHOTOS = 4  # measured: eight cost 0.2–0.5 s until the largest one is painted
URGENT_PHOTOS = 2
CACHE_SECONDS = 6 * 3600
TOKEN_MARK = "\x02token\x02"  # cannot stand in a page: text is cleaned of control characters
RATIO_STEP = math.log(1.01)  # one class of `ratios.css` per 1 % of aspect ratio
RATIO_STEPS = 130
GRID_KINDS = ("w400", "w800", "w1600")
# A row is about 9 rem high on a phone of 390 px, 16 rem on a desk; a photo's width in the row
# follows from its ratio. Rows stretch, by a third on average.
PHONE_VW_PER_RATIO = 48
DESK_PX_PER_RATIO = 340
PHOTO_VH = 75  # how much of the screen's height one photo alone takes at most


@dataclass(frozen=True)
class Query:
    """Which page of a gallery is asked for."""

    chapter: str = ""
    cursor: str = ""

    @property
    def digest(self) -> str:
        """A short name for a cache's key, whatever was typed."""
        return sha256(f"{self.chapter}|{self.cursor}".encode()).hexdigest()[:32]


def gallery_page(request: HttpRequest, visit: Visit, query: Query) -> bytes:
    """Return a page of the gallery as UTF-8, with the reader's token in its place.

    Raises keyset.BadCursor, and Chapter.DoesNotExist for a chapter that the event has not.
    """
    event, window = visit.event, present_window()
    key = ":".join(
        (
            "page",
            event.pk.hex,
            str(event.gallery_version),
            str(event.access_version),
            visit.actor.audience.value,
            get_language() or "",
            f"{window:x}",
            query.digest,
        )
    )
    pieces: list[bytes] | None = cache.get(key)
    if pieces is None:
        pieces = _draw_page(request, visit, query, window).encode().split(TOKEN_MARK.encode())
        cache.set(key, pieces, CACHE_SECONDS)
    return get_token(request).encode().join(pieces)


def _draw_page(request: HttpRequest, visit: Visit, query: Query, window: int) -> str:
    event = visit.event
    chapters = list(event.chapters.all())
    chapter = _chosen(chapters, query.chapter)
    photos = Photo.objects.for_event(event).visible_to(visit.actor)  # type: ignore[attr-defined]
    if chapter is not None:
        photos = photos.filter(chapter=chapter)
    page = keyset.page(photos, GALLERY_ORDER, query.cursor, size=PAGE_PHOTOS)
    links = LinkMaker(event, visit.actor.audience, window=window)
    may_download = event.allow_downloads or visit.actor.sees_everything
    context = {
        "studio_name": settings.STUDIO_NAME,
        "event": event,
        "gallery_url": event.get_absolute_url(),
        "here": _page_url(event, query.chapter, query.cursor),
        "first_url": _page_url(event, query.chapter),
        "next_url": page.next_cursor and _page_url(event, query.chapter, page.next_cursor),
        "chapters": chapters,
        "chapter": chapter,
        "tiles": tiles(page.rows, links, is_first_page=not query.cursor, may_choose=may_download),
        "has_photos": bool(page.rows),
        "is_first_page": not query.cursor,
        "may_download": may_download,
        "has_original": gives_originals(visit),
        "token": TOKEN_MARK,
    }
    return render_to_string("gallery/photo_list.html", context)


def _chosen(chapters: list[Chapter], slug: str) -> Chapter | None:
    if not slug:
        return None
    for chapter in chapters:
        if chapter.slug == slug:
            return chapter
    raise Chapter.DoesNotExist


def _page_url(event: Event, chapter: str, cursor: str = "") -> str:
    """Return the address of a page; a whole one, for scripts move the reader's address about."""
    query = {name: value for name, value in (("chapter", chapter), ("cursor", cursor)) if value}
    return event.get_absolute_url() + (f"?{urlencode(query)}" if query else "")


def tiles(
    photos: list[Photo], links: LinkMaker, *, is_first_page: bool, may_choose: bool
) -> SafeString:
    """Return the `<li>` elements of some photos, in their order.

    Assembled here and not by a template: sixty renderings of a piece cost three times the rest of
    the page. Where photos `may_choose`, each has a box of the form `act`.
    """
    place = f"/e/{escape(links.event.slug)}/photos/"
    words = _("Choose %(photo)s") if may_choose else ""
    drawn = [
        _tile(photo, links, place, number if is_first_page else PAGE_PHOTOS, words)
        for number, photo in enumerate(photos)
    ]
    return mark_safe("".join(drawn))  # noqa: S308  # every value in a tile is escaped or a number


def _tile(photo: Photo, links: LinkMaker, place: str, number: int, choose: str) -> str:
    sizes = _smallest_first(photo)
    urls = dict(zip((k for k, _ in sizes), links.urls(photo, [k for k, _ in sizes]), strict=True))
    grid = [(k, size) for k, size in sizes if k in GRID_KINDS] or sizes[:1]
    srcset = ", ".join(f"{escape(urls[k])} {size[0]}w" for k, size in grid)
    largest, (full_width, full_height) = sizes[-1]
    (width, height), ratio = grid[0][1], photo.width / photo.height
    label = escape(alt_text(photo))
    loading = 'loading="lazy" ' if number >= EAGER_PHOTOS else ""
    urgent = 'fetchpriority="high" ' if number < URGENT_PHOTOS else ""
    return (
        f'<li class="grid__item r{ratio_class(ratio)}" id="photo-{photo.pk}" '
        f'data-photo-id="{photo.pk}" data-sequence="{photo.sequence}">'
        f'<a class="grid__link" href="{place}{photo.pk}/" data-lightbox '
        f'data-full="{escape(urls[largest])}" data-width="{full_width}" '
        f'data-height="{full_height}">'
        f'<img class="grid__placeholder" src="{escape(photo.placeholder)}" alt="" '
        f'width="{width}" height="{height}">'
        f'<img class="grid__photo" {loading}{urgent}decoding="async" '
        f'src="{escape(urls[grid[0][0]])}" srcset="{srcset}" sizes="{_sizes(ratio)}" '
        f'width="{width}" height="{height}" alt="{label}"></a>{_box(photo, choose)}</li>'
    )


def _box(photo: Photo, words: str) -> str:
    if not words:
        return ""
    label = escape(words % {"photo": alt_text(photo)})
    return (
        f'<label class="grid__choose"><input type="checkbox" name="photos" value="{photo.pk}" '
        f'form="act" aria-label="{label}"></label>'
    )


def alt_text(photo: Photo) -> str:
    """Return what stands for a photo where it cannot be seen: its caption, or its name."""
    return photo.caption or _("Photo %(name)s") % {"name": photo.filename}


def _smallest_first(photo: Photo) -> list[tuple[str, tuple[int, int]]]:
    sizes = planned_sizes(photo.width, photo.height)
    return [(kind, size) for kind, size in reversed(sizes) if kind != WEB_KIND]


def _sizes(ratio: float) -> str:
    phone = min(100, round(ratio * PHONE_VW_PER_RATIO))
    return f"(min-width: 48rem) {round(ratio * DESK_PX_PER_RATIO)}px, {phone}vw"


def ratio_class(ratio: float) -> str:
    """Return the suffix of the class of `ratios.css` that is nearest to width over height."""
    step = round(math.log(ratio) / RATIO_STEP)
    step = max(-RATIO_STEPS, min(RATIO_STEPS, step))
    return f"n{-step}" if step < 0 else f"{step}"


def photo_context(visit: Visit, photo: Photo) -> dict[str, object]:
    """Return what the page of one photo shows: its pictures, neighbours and downloads."""
    links = LinkMaker(visit.event, visit.actor.audience)
    sizes = _smallest_first(photo)
    urls = links.urls(photo, [kind for kind, _ in sizes])
    width, height = sizes[-1][1]
    previous, following, cursor = _neighbours(visit, photo)
    return {
        "event": visit.event,
        "visit": visit,
        "photo": photo,
        "alt": alt_text(photo),
        "shape": ratio_class(photo.width / photo.height),
        "sizes": f"min(100vw, {round(PHOTO_VH * photo.width / photo.height)}vh)",
        "back_url": f"{_page_url(visit.event, '', cursor)}#photo-{photo.pk}",
        "src": urls[min(1, len(urls) - 1)],
        "srcset": ", ".join(f"{u} {size[0]}w" for u, (_, size) in zip(urls, sizes, strict=True)),
        "width": width,
        "height": height,
        "previous": previous,
        "following": following,
        "may_download": visit.event.allow_downloads or visit.actor.sees_everything,
        "has_original": gives_originals(visit),
    }


def _neighbours(visit: Visit, photo: Photo) -> tuple[Photo | None, Photo | None, str]:
    """Return the photos before and after this one, and the cursor of the page it stands on.

    The count makes the pages start where they do for somebody who turns them from the first on,
    so that what is cached for them is found again.
    """
    photos = Photo.objects.for_event(visit.event).visible_to(visit.actor)  # type: ignore[attr-defined]
    photos = photos.only(*GALLERY_ORDER)
    place = keyset.encode([getattr(photo, name) for name in GALLERY_ORDER])
    later = keyset.after(photos, GALLERY_ORDER, place).order_by(*GALLERY_ORDER)
    backwards = [f"-{name}" for name in GALLERY_ORDER]
    earlier = keyset.after(photos, GALLERY_ORDER, place, backwards=True).order_by(*backwards)
    whole_pages, on_this_page = divmod(earlier.count(), PAGE_PHOTOS)
    nearest = list(earlier[: on_this_page + 1])
    cursor = keyset.encode([getattr(nearest[-1], n) for n in GALLERY_ORDER]) if whole_pages else ""
    return (nearest[0] if nearest else None), later.first(), cursor

"""The shared part of a gallery page, rendered once for all who may see the same.

A page is the same for everybody of one audience, so it is kept whole, cut open where the reader's
own token goes. What is cached holds no token, no count and nothing personal. This is the only
module that declares assembled markup safe.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from html import escape
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from events.admission import Visit
from events.models import Chapter
from gallery.delivery import gives_originals
from gallery.imaging.render import planned_sizes
from gallery.links import WEB_KIND, LinkMaker, present_window
from gallery.models import GALLERY_ORDER, Photo
from hafiportrait.lib import keyset

if TYPE_CHECKING:
    from django.db.models import QuerySet

PAGE_PHOTOS = 60
EAGER_PHOTOS = 4  # measured: eight cost 0.2–0.5 s until the largest one is painted
URGENT_PHOTOS = 2
CACHE_SECONDS = 6 * 3600
TOKEN_MARK = "\x02token\x02"  # noqa: S105  # cannot stand in a page: text has no control characters
TILES_MARK = "\x02tiles\x02"
# Kept by each process, for most new versions of a gallery are a few new photos and nothing else.
FRAMES_KEPT = 256  # about 2 MB
TILES_KEPT = 4096  # about 12 MB
SHAPES_KEPT = 1024
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


class TileRow(NamedTuple):
    """What the tile of a ready photo depends on, under the names of the photo's columns."""

    id: UUID
    generation: int
    sequence: int
    width: int
    height: int
    placeholder: str
    caption: str
    filename: str


_tile_row = attrgetter(*TileRow._fields)
# Half the cost of whole photos. A page has sixty, and its last one gives the next page's cursor.
PAGE_COLUMNS = tuple(dict.fromkeys((*TileRow._fields, *GALLERY_ORDER)))


class EventWords(NamedTuple):
    """What the page says of its event."""

    slug: str
    title: str
    event_date: datetime
    location: str | None


class ChapterWords(NamedTuple):
    """What the page says of a chapter."""

    id: UUID
    slug: str
    title: str


@dataclass(frozen=True)
class Frame:
    """All that the page around the tiles depends on: the context of its template."""

    language: str
    studio_name: str
    event: EventWords
    gallery_url: str
    here: str
    first_url: str
    next_url: str
    chapters: tuple[ChapterWords, ...]
    chapter: ChapterWords | None
    has_photos: bool
    is_first_page: bool
    may_download: bool
    has_original: bool


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
        pieces = _draw_page(visit, query, window).encode().split(TOKEN_MARK.encode())
        cache.set(key, pieces, CACHE_SECONDS)
    return get_token(request).encode().join(pieces)


def _draw_page(visit: Visit, query: Query, window: int) -> str:
    event = visit.event
    chapters = tuple(map(ChapterWords._make, event.chapters.values_list(*ChapterWords._fields)))
    chapter = _chosen(chapters, query.chapter)
    photos = Photo.objects.for_event(event).visible_to(visit.actor)
    if chapter is not None:
        photos = photos.filter(chapter=chapter.id)
    # These rows stand in for photos: they have the names of their columns.
    rows = cast("QuerySet[Photo]", photos.values_list(*PAGE_COLUMNS, named=True))
    page = keyset.page(rows, GALLERY_ORDER, query.cursor, size=PAGE_PHOTOS)
    links = LinkMaker(event, visit.actor.audience, window=window)
    may_download = event.allow_downloads or visit.actor.sees_everything
    gallery_url = event.get_absolute_url()
    frame = Frame(
        language=get_language() or "",
        studio_name=settings.STUDIO_NAME,
        event=EventWords(event.slug, event.title, event.event_date, event.location),
        gallery_url=gallery_url,
        here=_page_url(gallery_url, query.chapter, query.cursor),
        first_url=_page_url(gallery_url, query.chapter),
        next_url=page.next_cursor and _page_url(gallery_url, query.chapter, page.next_cursor),
        chapters=chapters,
        chapter=chapter,
        has_photos=bool(page.rows),
        is_first_page=not query.cursor,
        may_download=may_download,
        has_original=gives_originals(visit),
    )
    drawn = tiles(page.rows, links, is_first_page=not query.cursor, may_choose=may_download)
    return drawn.join(_draw_frame(frame))


@lru_cache(maxsize=FRAMES_KEPT)
def _draw_frame(frame: Frame) -> list[str]:
    """Return the page before and after its tiles."""
    context = vars(frame) | {"tiles": TILES_MARK, "token": TOKEN_MARK}
    return render_to_string("gallery/photo_list.html", context).split(TILES_MARK)


def _chosen(chapters: Sequence[ChapterWords], slug: str) -> ChapterWords | None:
    if not slug:
        return None
    for chapter in chapters:
        if chapter.slug == slug:
            return chapter
    raise Chapter.DoesNotExist


def _page_url(gallery_url: str, chapter: str, cursor: str = "") -> str:
    """Return the address of a page; a whole one, for scripts move the reader's address about."""
    query = {name: value for name, value in (("chapter", chapter), ("cursor", cursor)) if value}
    return f"{gallery_url}?{urlencode(query)}" if query else gallery_url


def tiles(
    photos: Sequence[Photo], links: LinkMaker, *, is_first_page: bool, may_choose: bool
) -> SafeString:
    """Return the `<li>` elements of some photos, in their order.

    Assembled here and not by a template: sixty renderings of a piece cost three times the rest of
    the page. Where photos `may_choose`, each has a box of the form `act`.
    """
    place = f"/e/{escape(links.event.slug)}/photos/"
    words = Words(_("Photo %(name)s"), _("Choose %(photo)s") if may_choose else "")
    drawn = []
    for number, photo in enumerate(photos):
        place_in_page = min(number, EAGER_PHOTOS) if is_first_page else EAGER_PHOTOS
        drawn.append(_tile(TileRow._make(_tile_row(photo)), links, place, place_in_page, words))
    return mark_safe("".join(drawn))  # noqa: S308  # every value in a tile is escaped or a number


class Words(NamedTuple):
    """The page's translated words for a photo without a caption, and for its box, if it has one."""

    photo: str
    choose: str


@lru_cache(maxsize=TILES_KEPT)
def _tile(photo: TileRow, links: LinkMaker, place: str, number: int, words: Words) -> str:
    shape = _shape(photo.width, photo.height)
    urls = [escape(url) for url in links.urls(photo, shape.kinds)]
    alt = photo.caption or words.photo % {"name": photo.filename}
    loading = 'loading="lazy" ' if number >= EAGER_PHOTOS else ""
    urgent = 'fetchpriority="high" ' if number < URGENT_PHOTOS else ""
    name = str(photo.id)
    return (
        f'<li class="grid__item {shape.css_class}" id="photo-{name}" '
        f'data-photo-id="{name}" data-sequence="{photo.sequence}">'
        f'<a class="grid__link" href="{place}{name}/" data-lightbox '
        f'data-full="{urls[-1]}" {shape.full}>'
        f'<img class="grid__placeholder" src="{escape(photo.placeholder)}" alt="" {shape.small}>'
        f'<img class="grid__photo" {loading}{urgent}decoding="async" '
        f'src="{urls[0]}" srcset="{shape.srcset % tuple(urls[: shape.in_grid])}" '
        f'sizes="{shape.sizes}" {shape.small} alt="{escape(alt)}"></a>'
        f"{_box(name, words.choose % {'photo': alt}) if words.choose else ''}</li>"
    )


def _box(name: str, label: str) -> str:
    return (
        f'<label class="grid__choose"><input type="checkbox" name="photos" value="{name}" '
        f'form="act" aria-label="{escape(label)}"></label>'
    )


@dataclass(frozen=True, slots=True)
class Shape:
    """What the tiles of all photos of one width and height have in common, as markup.

    `kinds` are the renditions, the smallest first; the grid has the first `in_grid` of them, whose
    addresses `srcset` waits for.
    """

    kinds: list[str]
    in_grid: int
    css_class: str
    srcset: str
    sizes: str
    small: str
    full: str


@lru_cache(maxsize=SHAPES_KEPT)
def _shape(width: int, height: int) -> Shape:
    planned = _smallest_first(width, height)
    grid = [size for kind, size in planned if kind in GRID_KINDS]
    ratio = width / height
    return Shape(
        kinds=[kind for kind, _ in planned],
        in_grid=len(grid),
        css_class=f"r{ratio_class(ratio)}",
        srcset=", ".join(f"%s {size[0]}w" for size in grid),
        sizes=_sizes(ratio),
        small='width="{}" height="{}"'.format(*grid[0]),
        full='data-width="{}" data-height="{}"'.format(*planned[-1][1]),
    )


def alt_text(photo: Photo) -> str:
    """Return what stands for a photo where it cannot be seen: its caption, or its name."""
    return photo.caption or _("Photo %(name)s") % {"name": photo.filename}


def _smallest_first(width: int, height: int) -> list[tuple[str, tuple[int, int]]]:
    sizes = planned_sizes(width, height)
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
    sizes = _smallest_first(photo.width, photo.height)
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
        "back_url": f"{_page_url(visit.event.get_absolute_url(), '', cursor)}#photo-{photo.pk}",
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
    photos = Photo.objects.for_event(visit.event).visible_to(visit.actor)
    photos = photos.only(*GALLERY_ORDER)
    place = keyset.encode([getattr(photo, name) for name in GALLERY_ORDER])
    later = keyset.after(photos, GALLERY_ORDER, place).order_by(*GALLERY_ORDER)
    backwards = [f"-{name}" for name in GALLERY_ORDER]
    earlier = keyset.after(photos, GALLERY_ORDER, place, backwards=True).order_by(*backwards)
    whole_pages, on_this_page = divmod(earlier.count(), PAGE_PHOTOS)
    nearest = list(earlier[: on_this_page + 1])
    cursor = keyset.encode([getattr(nearest[-1], n) for n in GALLERY_ORDER]) if whole_pages else ""
    return (nearest[0] if nearest else None), later.first(), cursor

"""The page of a gallery, drawn once for all who may see the same.

A page is the same for everybody of one audience, so it is kept whole, cut open where the reader's
own token goes, and where each photo says whether this reader likes it and how many do. What is
cached holds no token, no like and nothing personal. This is the only module that puts assembled
markup into an answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.cache import cache
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language

from events.admission import Visit
from gallery.delivery import gives_originals
from gallery.links import LinkMaker, present_window
from gallery.listing import NEW, ChapterWords, Query, Tally, listed, page_of, shelf
from gallery.reactions import registered
from gallery.tiles import (
    AT_THE_TOP,
    BELOW_COVER,
    FURTHER_DOWN,
    DrawnTile,
    TileRow,
    alt_text,
    draw_tiles,
    manner,
    ratio_class,
    smallest_first,
)

PAGE_PHOTOS = 60
CACHE_SECONDS = 6 * 3600
FRAMES_KEPT = 256  # about 2 MB
# What a page is drawn by, beside its rows: our files, and the settings that it shows or links to.
DRAWN_FILES = frozenset({".py", ".html", ".mo"})
DRAWN_SETTINGS = ("SITE_URL", "STATIC_URL", "STUDIO_NAME", "S3_CORS", "PHOTO_STORAGE_OPTIONS")
# Marks cannot stand in a page by themselves: text has no control characters.
TOKEN_MARK = "\x02token\x02"  # noqa: S105  # no password
TILES_MARK = "\x02tiles\x02"
TOKEN = re.compile(f"({TOKEN_MARK})")
# Where the values of a hole are in what `_fill` makes: the token is the last of all.
TOKEN_PLACE, LIKE_PLACES = -1, {"liked": 0, "like_count": 1}


class EventWords(NamedTuple):
    """What the page says of its event."""

    slug: str
    title: str
    event_date: datetime
    location: str | None
    allow_comments: bool


class Cover(NamedTuple):
    """The picture behind the gallery's title; `width` and `height` in pixels are of the largest."""

    src: str
    srcset: str
    width: int
    height: int
    alt: str
    placeholder: str
    shape: str


@dataclass(frozen=True)
class Frame:
    """All that the page around the tiles depends on: the context of its template."""

    language: str
    studio_name: str
    site_url: str
    event: EventWords
    gallery_url: str
    updates_url: str
    latest: int
    here: str
    first_url: str
    next_url: str
    query: Query
    show: str
    chapters: tuple[ChapterWords, ...]
    chapter: ChapterWords | None
    photo_count: int
    list_count: int
    all_photos: Tally
    chapter_photos: Tally | None
    cover: Cover | None
    has_photos: bool
    is_first_page: bool
    may_download: bool
    has_original: bool


class DrawnPage(NamedTuple):
    """A page cut open: every second part is a hole, filled from the likes and the token.

    `holes` are places in the list `[liked, count, liked, count, …, token]` of the photos, which are
    named by their ids in hexadecimal. `next_cursor` is that of the page after it ("" on the last).
    """

    parts: list[bytes]
    holes: list[int]
    photos: list[str]
    next_cursor: str


def gallery_page(request: HttpRequest, visit: Visit, query: Query) -> bytes:
    """Return a page of the gallery as UTF-8, with the reader's token and likes in their places.

    Raises keyset.BadCursor, and Chapter.DoesNotExist for a chapter that the event has not.
    """
    window = present_window()
    # There are as many lists of what is new as there are numbers: they would fill the cache.
    if query.moves_with_likes or query.show == NEW:
        page = _draw_page(visit, query, window)
    else:
        page = _kept_page(visit, query, window)
    return _fill(page, get_token(request), visit)


def _kept_page(visit: Visit, query: Query, window: int) -> DrawnPage:
    event = visit.event
    key = ":".join(
        (
            "drawn",
            release(),
            event.pk.hex,
            str(event.gallery_version),
            str(event.access_version),
            visit.actor.audience.value,
            get_language() or "",
            f"{window:x}",
            query.digest,
        )
    )
    page: DrawnPage | None = cache.get(key)
    if page is None:
        page = _draw_page(visit, query, window)
        if not query.cursor or cache.get(_given(visit, query)):
            cache.set(key, page, CACHE_SECONDS)
            if page.next_cursor:
                cache.set(_given(visit, query.at(page.next_cursor)), True, CACHE_SECONDS)
    return page


def _given(visit: Visit, query: Query) -> str:
    """Return the key under which a kept page notes that it gave a cursor.

    Anybody can write a cursor, and each is a page: one that was not given is answered, but neither
    kept nor does it give another. The note outlives the gallery's versions, for so do open pages.
    """
    return f"given:{visit.event.pk.hex}:{visit.actor.audience.value}:{query.digest}"


@lru_cache(maxsize=1)
def release() -> str:
    """Return a short name of what draws pages, so that none outlives the release that drew it.

    It changes with our code, templates and words, the addresses of the static files, the key that
    signs links and the settings that a page shows; it is the same in every process of a release.
    """
    drawn_by = sha256()
    for file in _drawn_by(Path(settings.BASE_DIR)):
        drawn_by.update(file.read_bytes())
    said = [drawn_by.hexdigest(), getattr(staticfiles_storage, "manifest_hash", "")]
    said += [repr(getattr(settings, name)) for name in DRAWN_SETTINGS]
    return salted_hmac("gallery.fragments", "|".join(said), algorithm="sha256").hexdigest()[:16]


def _drawn_by(base: Path) -> list[Path]:
    packages = [file.parent for file in base.glob("*/__init__.py")]
    folders = [base / "templates", base / "locale", *packages]
    files = [file for folder in folders for file in folder.rglob("*")]
    return sorted(file for file in files if file.suffix in DRAWN_FILES)


def _fill(page: DrawnPage, token: str, visit: Visit) -> bytes:
    values = []
    if page.photos:
        pairs = registered().pairs(visit.actor.session_id, page.photos)
        for photo in page.photos:
            liked, count = pairs.get(photo, (False, 0))
            values += [b"true" if liked else b"false", b"%d" % count]
    values.append(token.encode())
    parts = page.parts.copy()
    parts[1::2] = [values[hole] for hole in page.holes]
    return b"".join(parts)


def _assemble(
    frame: tuple[list[bytes], list[bytes]], tiles: list[DrawnTile]
) -> tuple[list[bytes], list[int]]:
    parts: list[bytes] = [b""]
    holes: list[int] = []

    def add(pieces: list[bytes], places: list[int]) -> None:
        parts[-1] += pieces[0]
        parts.extend(pieces[1:])
        holes.extend(places)

    before, after = frame
    add(before, [TOKEN_PLACE] * (len(before) // 2))
    for number, tile in enumerate(tiles):
        add(tile.parts, [2 * number + LIKE_PLACES[hole] for hole in tile.holes])
    add(after, [TOKEN_PLACE] * (len(after) // 2))
    return parts, holes


def _draw_page(visit: Visit, query: Query, window: int) -> DrawnPage:
    shelves = shelf(visit)
    chapter = shelves.chosen(visit, query.chapter)
    chapter_id = chapter.id if chapter else None
    page = page_of(visit, query, chapter_id, size=PAGE_PHOTOS)
    links = LinkMaker(visit.event, visit.actor.audience, window=window)
    may_download = visit.event.allow_downloads or visit.actor.sees_everything
    has_original = gives_originals(visit)
    cover = _cover(shelves.cover, page.rows, links) if query == Query() else None
    gallery_url = visit.event.get_absolute_url()
    event = visit.event
    frame = Frame(
        language=get_language() or "",
        studio_name=settings.STUDIO_NAME,
        site_url=settings.SITE_URL,
        event=EventWords._make(getattr(event, name) for name in EventWords._fields),
        gallery_url=gallery_url,
        updates_url=reverse("gallery:photo-updates", args=[event.slug]),
        latest=event.last_sequence,
        here=gallery_url + query.text,
        first_url=gallery_url + query.at("").text,
        next_url=page.next_cursor and gallery_url + query.at(page.next_cursor).text,
        query=query,
        show=query.show,
        chapters=shelves.chapters,
        chapter=chapter,
        photo_count=shelves.everything.photos,
        list_count=listed(visit, query, chapter_id).count() if query.show == NEW else 0,
        all_photos=shelves.everything,
        chapter_photos=chapter.tally if chapter else None,
        cover=cover,
        has_photos=bool(page.rows),
        is_first_page=not query.cursor,
        may_download=may_download,
        has_original=has_original,
    )
    how = manner(
        links,
        query=query.at("").text,
        may_choose=may_download,
        has_original=has_original,
    )
    haste = FURTHER_DOWN if query.cursor else BELOW_COVER if cover else AT_THE_TOP
    tiles = draw_tiles(page.rows, links, how, haste=haste)
    parts, holes = _assemble(_draw_frame(frame), tiles)
    return DrawnPage(parts, holes, [row.id.hex for row in page.rows], page.next_cursor)


@lru_cache(maxsize=FRAMES_KEPT)
def _draw_frame(frame: Frame) -> tuple[list[bytes], list[bytes]]:
    """Return the page before and after its tiles; every second part is a hole for the token."""
    context = vars(frame) | {"tiles": TILES_MARK, "token": TOKEN_MARK}
    before, _, after = render_to_string("gallery/photo_list.html", context).partition(TILES_MARK)
    return _cut(before), _cut(after)


def _cut(text: str) -> list[bytes]:
    return [part.encode() for part in TOKEN.split(text)]


def _cover(chosen: TileRow | None, photos: Sequence[TileRow], links: LinkMaker) -> Cover | None:
    """Return the cover that the studio chose, else the first photo that lies on its long side."""
    lying = (photo for photo in photos if photo.width > photo.height)
    photo = chosen or next(lying, None) or next(iter(photos), None)
    if photo is None:
        return None
    sizes = smallest_first(photo.width, photo.height)
    urls = links.urls(photo, [kind for kind, _ in sizes])
    width, height = sizes[-1][1]
    return Cover(
        src=urls[min(1, len(urls) - 1)],
        srcset=srcset(urls, sizes),
        width=width,
        height=height,
        alt=alt_text(photo),
        placeholder=photo.placeholder,
        shape=ratio_class(photo.width / photo.height),
    )


def srcset(urls: Sequence[str], sizes: Sequence[tuple[str, tuple[int, int]]]) -> str:
    """Return the `srcset` of the same picture in several sizes."""
    return ", ".join(f"{url} {size[0]}w" for url, (_, size) in zip(urls, sizes, strict=True))

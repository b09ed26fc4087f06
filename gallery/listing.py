"""Which photos a page of the gallery lists, in which order, and at which address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection

from events.admission import Visit
from events.models import Chapter, Event
from gallery.models import GALLERY_ORDER, POPULAR_ORDER, Photo, PhotoQuerySet
from gallery.reactions import registered
from gallery.tiles import TileRow, tile_row
from hafiportrait.lib import keyset

if TYPE_CHECKING:
    from django.db.models import Field, QuerySet
    from django.http import QueryDict

LIKED, POPULAR, NEW = "liked", "popular", "new"
SLUG_CHARACTERS = 80
SEQUENCE = re.compile("[0-9]{1,18}", re.ASCII)
SLUG = re.compile(r"[-\w]+", re.ASCII)


@dataclass(frozen=True)
class Query:
    """Which page of a gallery is asked for: a chapter, a filter, and the place in them."""

    chapter: str = ""
    show: str = ""
    after: int = 0
    cursor: str = ""

    @classmethod
    def read(cls, asked: QueryDict) -> Query:
        """Return what an address asks for; what it asks for that there is not, it does not ask."""
        show, after = asked.get("show", ""), asked.get("after", "")
        return cls(
            chapter=asked.get("chapter", "")[:SLUG_CHARACTERS],
            show=show if show in (LIKED, POPULAR, NEW) else "",
            after=int(after) if show == NEW and SEQUENCE.fullmatch(after) else 0,
            cursor=asked.get("cursor", ""),
        )

    @property
    def digest(self) -> str:
        """A short name for a cache's key, whatever was typed."""
        typed = f"{self.chapter}|{self.show}|{self.after}|{self.cursor}"
        return sha256(typed.encode()).hexdigest()[:32]

    @property
    def moves_with_likes(self) -> bool:
        """Whether a like may change the page, which the gallery's version does not tell."""
        return self.show in (LIKED, POPULAR)

    @property
    def text(self) -> str:
        """The query of the page's address, with its question mark; empty for the whole gallery."""
        given = {name: value for name, value in vars(self).items() if value}
        return f"?{urlencode(given)}" if given else ""

    def at(self, cursor: str) -> Query:
        """Return the same list from another place on ("" for its beginning)."""
        return replace(self, cursor=cursor)

    @property
    def order(self) -> tuple[tuple[str, ...], bool]:
        """The columns by which the list is ordered, and whether from the last to the first."""
        return (POPULAR_ORDER, True) if self.show == POPULAR else (GALLERY_ORDER, False)


def listed(visit: Visit, query: Query, chapter_id: UUID | None) -> PhotoQuerySet:
    """Return the photos that the list has for this person, without their order."""
    photos: PhotoQuerySet = Photo.objects.for_event(visit.event).visible_to(visit.actor)
    if chapter_id is not None:
        photos = photos.filter(chapter=chapter_id)
    if query.show == LIKED:
        return registered().liked_by(photos, visit.actor.session_id)
    if query.show == POPULAR:
        return photos.filter(like_count__gt=0)
    if query.show == NEW:
        return photos.filter(sequence__gt=query.after)
    return photos


def page_of(
    visit: Visit, query: Query, chapter_id: UUID | None, *, size: int
) -> keyset.Page[TileRow]:
    """Return a page of the list, what its tiles depend on. Raises keyset.BadCursor. One query."""
    if not query.show:
        return _unfiltered_page(visit, query.cursor, chapter_id, size)
    names, backwards = query.order
    columns = dict.fromkeys((*TileRow._fields, *names))
    found = listed(visit, query, chapter_id).values_list(*columns, named=True)
    # These rows stand in for photos: they have the names of their columns.
    rows = cast("QuerySet[Photo]", found)
    page = keyset.page(rows, names, query.cursor, size=size, backwards=backwards)
    return keyset.Page([TileRow._make(tile_row(row)) for row in page.rows], page.next_cursor)


# Nearly every page that is drawn is one of these, so it is text and no query of the ORM: 0.3
# instead of 1.0 ms on SQLite. What a guest may see is `PhotoQuerySet.visible_to`. The times come as
# text, for only the last one is looked at, and under a name by which nothing is ordered.
UNFILTERED = f"""
    SELECT {", ".join(TileRow._fields)}, display_order, CAST(sort_at AS text) AS moment
    FROM photos
    WHERE event_id = %s AND deleted_at IS NULL AND status = 'READY' AND visibility <> %s
        {{more}}
    ORDER BY {", ".join(GALLERY_ORDER)}
    LIMIT %s
"""  # noqa: S608  # made of the names of columns
IN_CHAPTER = " AND chapter_id = %s"
BEYOND = f" AND ({', '.join(GALLERY_ORDER)}) > (%s, %s, %s)"


def _unfiltered_page(
    visit: Visit, cursor: str, chapter_id: UUID | None, size: int
) -> keyset.Page[TileRow]:
    more, values = "", [_stored(Event._meta.pk, visit.event.pk), _withheld(visit)]
    if chapter_id is not None:
        more += IN_CHAPTER
        values.append(_stored(Chapter._meta.pk, chapter_id))
    if cursor:
        order: list[Any] = [Photo._meta.get_field(name) for name in GALLERY_ORDER]
        more += BEYOND
        bound = keyset.decode(cursor, order)
        values += [_stored(field, value) for field, value in zip(order, bound, strict=True)]
    found = _select(UNFILTERED.format(more=more), [*values, size + 1])
    width = len(TileRow._fields)
    rows = [TileRow(_uuid(row[0]), *row[1:width]) for row in found[:size]]
    if len(found) <= size:
        return keyset.Page(rows, "")
    display_order, sort_at = found[size - 1][width:]
    return keyset.Page(rows, keyset.encode([display_order, _utc(sort_at), rows[-1].id]))


@dataclass(frozen=True, slots=True)
class Tally:
    """How many photos there are to see, and what they weigh in both sizes."""

    photos: int = 0
    original_bytes: int = 0
    web_bytes: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.photos + other.photos,
            self.original_bytes + other.original_bytes,
            self.web_bytes + other.web_bytes,
        )


class ChapterWords(NamedTuple):
    """What the page says of a chapter, and the tally of its photos."""

    id: UUID
    slug: str
    title: str
    tally: Tally

    @property
    def photo_count(self) -> int:
        """How many photos of the chapter this person may see."""
        return self.tally.photos


class Shelf(NamedTuple):
    """The chapters that have photos for this person, the whole gallery's tally, and its cover."""

    chapters: tuple[ChapterWords, ...]
    everything: Tally
    cover: TileRow | None

    def chosen(self, visit: Visit, slug: str) -> ChapterWords | None:
        """Return the chapter of this address, None for none. Raises Chapter.DoesNotExist."""
        for chapter in self.chapters:
            if chapter.slug == slug:
                return chapter
        if not slug:
            return None
        empty = chapter_at(visit, slug)
        if empty is None:
            raise Chapter.DoesNotExist
        return ChapterWords(empty.pk, empty.slug, empty.title, Tally())


def chapter_at(visit: Visit, slug: str) -> Chapter | None:
    """Return the event's chapter of this name, None for none.

    No query for what cannot be a name: PostgreSQL refuses one with NUL in it.
    """
    if not SLUG.fullmatch(slug):
        return None
    chapter: Chapter | None = visit.event.chapters.filter(slug=slug).first()
    return chapter


# Every page that is drawn asks this, so it is text and not two queries of the ORM: 0.2 instead of
# 1.4 ms on SQLite. A chapter without photos for this reader is not in it; neither is a cover that
# is not theirs to see (`PhotoQuerySet.visible_to`).
SHELF = f"""
    SELECT tally.chapter_id, chapters.slug, chapters.title,
        tally.photo_count, tally.original_bytes, tally.web_bytes,
        {", ".join(f"cover.{name}" for name in TileRow._fields)}
    FROM photo_tallies tally
    LEFT JOIN chapters ON chapters.id = tally.chapter_id
    LEFT JOIN photos cover ON cover.event_id = tally.event_id AND cover.is_cover
        AND cover.deleted_at IS NULL AND cover.status = 'READY' AND cover.visibility <> %s
    WHERE tally.event_id = %s AND tally.visibility <> %s AND tally.photo_count > 0
    ORDER BY chapters.position, chapters.created_at, chapters.id
"""  # noqa: S608  # made of the names of columns


def shelf(visit: Visit) -> Shelf:
    """Return chapters, numbers and cover as this person may know them; nothing is counted."""
    withheld, event_id = _withheld(visit), _stored(Event._meta.pk, visit.event.pk)
    everything, cover, found = Tally(), None, dict[tuple[UUID, str, str], Tally]()
    for row in _select(SHELF, [withheld, event_id, withheld]):
        chapter_id, slug, title, count, original_bytes, web_bytes, *photo = row
        tally = Tally(count, original_bytes, web_bytes)
        everything += tally
        if chapter_id is not None:
            key = (_uuid(chapter_id), slug, title)
            found[key] = found.get(key, Tally()) + tally
        if photo[0] is not None:
            cover = TileRow(_uuid(photo[0]), *photo[1:])
    chapters = tuple(ChapterWords(*key, tally) for key, tally in found.items())
    return Shelf(chapters, everything, cover)


def _withheld(visit: Visit) -> str:
    """Return the visibility of photos that this person does not see; empty where they see all."""
    return "" if visit.actor.sees_everything else Photo.Visibility.CLIENT.value


def _select(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _stored(field: Field[Any, Any], value: Any) -> Any:
    """Return a value as the database keeps it."""
    return field.get_db_prep_value(value, connection)


def _uuid(value: UUID | str) -> UUID:
    """Return an id as Python has it; SQLite keeps it as text."""
    return value if isinstance(value, UUID) else UUID(value)


def _utc(text: str) -> datetime:
    """Return a time as Python has it; SQLite keeps it without its zone."""
    value = datetime.fromisoformat(text)
    return value if value.tzinfo else value.replace(tzinfo=UTC)

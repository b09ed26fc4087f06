"""The tiles of a grid: one photo each, drawn by the thousand.

A template draws the tile once, with marks for the values; what follows is putting strings between
strings, for sixty renderings of a template cost three times the rest of the page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gallery.imaging.render import planned_sizes
from gallery.links import WEB_KIND, LinkMaker
from gallery.models import Photo

# Kept by each process, for most new versions of a gallery are a few new photos and nothing else.
TILES_KEPT = 4096  # about 12 MB
SHAPES_KEPT = 1024
RATIO_STEP = math.log(1.01)  # one class of `ratios.css` per 1 % of aspect ratio
RATIO_STEPS = 130
GRID_KINDS = ("w400", "w800", "w1600")
# A row is about 9 rem high on a phone of 390 px, 16 rem on a desk; a photo's width in the row
# follows from its ratio. Rows stretch, by a third on average.
PHONE_VW_PER_RATIO = 48
DESK_PX_PER_RATIO = 340
# Marks cannot stand in a page by themselves: text has no control characters.
MARK = re.compile("\x02([a-z_]+)\x02")
BETWEEN_TAGS = re.compile(r">\s+<")
WHITESPACE = re.compile(r"\s+")


# The names that the tile's template asks for, beside its switches.
VALUES = (
    *("id", "shape", "sequence", "bytes", "photo_url", "query", "full", "full_width"),
    *("full_height", "placeholder", "width", "height", "src", "srcset", "sizes", "alt"),
    *("like_label", "comment_count", "comments_label", "choose_label"),
)
# These as well, but what is drawn is kept for all readers.
HOLES = ("liked", "like_count")


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
    comment_count: int
    delivery_size: int
    web_size: int | None


tile_row = attrgetter(*TileRow._fields)


class Haste(NamedTuple):
    """How many of a page's first photos are hurried.

    So many are loaded at once, so many of those before all else, and so many are blurred from the
    start: their placeholder is drawn with the page, that of the others as they come near.
    """

    eager: int
    urgent: int
    blurred: int


# Measured: eight eager ones cost 0.2–0.5 s until the largest one is painted, and sixty blurred ones
# 0.1 s of a phone. Below a cover, which is urgent itself, fewer are on the first screen.
AT_THE_TOP, BELOW_COVER, FURTHER_DOWN = Haste(4, 2, 16), Haste(2, 0, 8), Haste(0, 0, 0)


class Words(NamedTuple):
    """The page's translated words about a photo; `choose` is empty where none may be taken."""

    photo: str
    like: str
    choose: str


class Manner(NamedTuple):
    """What the tiles of one page have in common."""

    place: str
    query: str
    has_original: bool
    words: Words


def manner(
    links: LinkMaker, *, query: str = "", may_choose: bool, has_original: bool = True
) -> Manner:
    """Return how the tiles of a page are drawn in the present language."""
    words = Words(
        photo=_("Photo %(name)s"),
        like=_("Like: %(photo)s"),
        choose=_("Choose %(photo)s") if may_choose else "",
    )
    place = f"/e/{links.event.slug}/photos/"
    return Manner(place, query, has_original=has_original, words=words)


class DrawnTile(NamedTuple):
    """A tile as UTF-8, cut open where it depends on the likes: every second part is a hole.

    `holes` says of each whether it is for "liked" ("true" or "false") or for "like_count".
    """

    parts: list[bytes]
    holes: list[str]


def draw_tiles(
    photos: Sequence[TileRow], links: LinkMaker, how: Manner, *, haste: Haste
) -> list[DrawnTile]:
    """Return the `<li>` elements of some photos, in their order; most are loaded as they come near.

    A place in the list is told from another only where it is loaded otherwise.
    """
    places = zip(photos, _each(haste, len(photos)), strict=True)
    return [_tile(photo, links, this, how) for photo, this in places]


@lru_cache(maxsize=256)
def _each(haste: Haste, number: int) -> list[Haste]:
    """Return for each of so many places whether it is hurried."""
    return [Haste._make(int(place < most) for most in haste) for place in range(number)]


@lru_cache(maxsize=TILES_KEPT)
def _tile(photo: TileRow, links: LinkMaker, haste: Haste, how: Manner) -> DrawnTile:
    shape = shape_of(photo.width, photo.height)
    urls = links.urls(photo, shape.kinds)
    name = str(photo.id)
    alt = photo.caption or how.words.photo % {"name": photo.filename}
    weights = [photo.delivery_size] if how.has_original else []
    values = {
        "id": name,
        "shape": shape.css_class,
        "sequence": photo.sequence,
        "bytes": " ".join(map(str, [*weights, photo.web_size or 0])),
        "photo_url": f"{how.place}{name}/",
        "query": how.query,
        "full": urls[-1],
        "full_width": shape.full[0],
        "full_height": shape.full[1],
        "placeholder": photo.placeholder,
        "width": shape.small[0],
        "height": shape.small[1],
        "src": urls[0],
        "srcset": shape.srcset % tuple(urls[: shape.in_grid]),
        "sizes": shape.sizes,
        "alt": alt,
        "like_label": how.words.like % {"photo": alt},
        "comment_count": photo.comment_count,
        "comments_label": comments_label(photo.comment_count),
        "choose_label": how.words.choose and how.words.choose % {"photo": alt},
    }
    pieces = _pieces(
        is_eager=bool(haste.eager),
        is_urgent=bool(haste.urgent),
        is_blurred=bool(haste.blurred),
        has_caption=bool(photo.caption),
        has_comments=photo.comment_count > 0,
        may_choose=bool(how.words.choose),
        is_foreign=settings.S3_CORS,
    )
    parts, holes = [b""], []
    for number, piece in enumerate(pieces):
        if number % 2 == 0:
            parts[-1] += piece.encode()
        elif piece in HOLES:
            holes.append(piece)
            parts += [b"", b""]
        else:
            parts[-1] += escape(str(values[piece])).encode()
    return DrawnTile(parts, holes)


def comments_label(count: int) -> str:
    """Return "3 comments" in the present language."""
    return ngettext("%(count)d comment", "%(count)d comments", count) % {"count": count}


@lru_cache(maxsize=32)
def _pieces(*, has_comments: bool, may_choose: bool, **switches: bool) -> list[str]:
    """Return the tile's markup, and between every two pieces of it the name of a value."""
    every = {name: f"\x02{name}\x02" for name in (*VALUES, *HOLES)}
    optional = {} if has_comments else {"comment_count": "", "comments_label": ""}
    if not may_choose:
        optional["choose_label"] = ""
    drawn = render_to_string(
        "components/photo_tile.html",
        every | optional | switches,
    )
    small = WHITESPACE.sub(" ", BETWEEN_TAGS.sub("><", drawn)).strip()
    return MARK.split(small)


@dataclass(frozen=True, slots=True)
class Shape:
    """What the tiles of all photos of one width and height have in common.

    `kinds` are the renditions, the smallest first; the grid has the first `in_grid` of them, whose
    addresses `srcset` waits for. `small` and `full` are width and height in pixels.
    """

    kinds: list[str]
    in_grid: int
    css_class: str
    srcset: str
    sizes: str
    small: tuple[int, int]
    full: tuple[int, int]


@lru_cache(maxsize=SHAPES_KEPT)
def shape_of(width: int, height: int) -> Shape:
    """Return the shape of the photos of this width and height in pixels."""
    planned = smallest_first(width, height)
    grid = [size for kind, size in planned if kind in GRID_KINDS]
    ratio = width / height
    return Shape(
        kinds=[kind for kind, _ in planned],
        in_grid=len(grid),
        css_class=ratio_class(ratio),
        srcset=", ".join(f"%s {size[0]}w" for size in grid),
        sizes=_sizes(ratio),
        small=grid[0],
        full=planned[-1][1],
    )


def alt_text(photo: Photo | TileRow) -> str:
    """Return what stands for a photo where it cannot be seen: its caption, or its name."""
    return photo.caption or _("Photo %(name)s") % {"name": photo.filename}


def smallest_first(width: int, height: int) -> list[tuple[str, tuple[int, int]]]:
    """Return the kinds of pictures that pages show of a photo, with their width and height."""
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

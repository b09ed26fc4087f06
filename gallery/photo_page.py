"""What the page of one photo shows: its pictures, neighbours and downloads."""

from __future__ import annotations

from events.admission import Visit
from gallery.delivery import gives_originals
from gallery.fragments import PAGE_PHOTOS, srcset
from gallery.links import LinkMaker
from gallery.listing import Query, chapter_at, listed
from gallery.models import Photo
from gallery.tiles import alt_text, ratio_class, smallest_first
from hafiportrait.lib import keyset

PHOTO_VH = 75  # how much of the screen's height one photo alone takes at most


def photo_context(visit: Visit, photo: Photo, query: Query = Query()) -> dict[str, object]:  # noqa: B008  # frozen
    """Return the context of `gallery/photo_detail.html`.

    `query` is the list from which the reader came: previous and next stay inside it.
    """
    links = LinkMaker(visit.event, visit.actor.audience)
    sizes = smallest_first(photo.width, photo.height)
    urls = links.urls(photo, [kind for kind, _ in sizes])
    width, height = sizes[-1][1]
    previous, following, cursor = _neighbours(visit, photo, query)
    gallery_url = visit.event.get_absolute_url()
    return {
        "event": visit.event,
        "visit": visit,
        "photo": photo,
        "alt": alt_text(photo),
        "shape": ratio_class(photo.width / photo.height),
        "sizes": f"min(100vw, {round(PHOTO_VH * photo.width / photo.height)}vh)",
        "back_url": f"{gallery_url}{query.at(cursor).text}#photo-{photo.pk}",
        "query_string": query.at("").text,
        "src": urls[min(1, len(urls) - 1)],
        "srcset": srcset(urls, sizes),
        "width": width,
        "height": height,
        "previous": previous,
        "following": following,
        "may_download": visit.event.allow_downloads or visit.actor.sees_everything,
        "has_original": gives_originals(visit),
        "original_bytes": photo.delivery_size,
        "web_bytes": photo.web_size,
    }


def _neighbours(visit: Visit, photo: Photo, query: Query) -> tuple[Photo | None, Photo | None, str]:
    """Return the photos before and after this one, and the cursor of the page it stands on.

    The count makes the pages start where they do for somebody who turns them from the first on,
    so that what is cached for them is found again.
    """
    names, backwards = query.order
    chapter = chapter_at(visit, query.chapter)
    photos = listed(visit, query, chapter.pk if chapter else None)
    photos = photos.only(*names)
    place = _place(photo, names)
    later = keyset.after(photos, names, place, backwards=backwards)
    earlier = keyset.after(photos, names, place, backwards=not backwards)
    nearest_first = keyset.ordered(earlier, names, backwards=not backwards)
    whole_pages, on_this_page = divmod(earlier.count(), PAGE_PHOTOS)
    nearest = list(nearest_first[: on_this_page + 1])
    cursor = _place(nearest[-1], names) if whole_pages else ""
    following = keyset.ordered(later, names, backwards=backwards).first()
    return (nearest[0] if nearest else None), following, cursor


def _place(photo: Photo, names: tuple[str, ...]) -> str:
    return keyset.encode([getattr(photo, name) for name in names])

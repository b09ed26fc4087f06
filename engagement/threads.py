"""What was said, as one reader sees it: a page of comments or wishes, and the numbers of them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from engagement.models import SAID_ORDER, Comment, CommentQuerySet
from events.admission import Visit
from gallery.models import Photo
from hafiportrait.lib import keyset

PAGE_COMMENTS = 50
KEEPSAKE_WISHES = 100


@dataclass(frozen=True)
class Entry:
    """One comment or wish, and whether its reader wrote it."""

    comment: Comment
    is_own: bool

    @property
    def is_waiting(self) -> bool:
        """Whether only its author sees it yet."""
        return self.comment.status == Comment.Status.PENDING


@dataclass(frozen=True)
class Thread:
    """A page of what was said, and the cursor of the page after it (empty on the last)."""

    entries: list[Entry]
    next_cursor: str


def _thread(visit: Visit, comments: CommentQuerySet, cursor: str) -> Thread:
    session_id = visit.actor.session_id
    readable = comments.readable_by(session_id)
    page = keyset.page(readable, SAID_ORDER, cursor, size=PAGE_COMMENTS, backwards=True)
    entries = [Entry(comment, comment.session_id == session_id) for comment in page.rows]
    return Thread(entries, page.next_cursor)


def photo_thread(visit: Visit, photo: Photo, cursor: str = "") -> Thread:
    """Return a page of what this person may read under a photo, the newest first.

    Raises keyset.BadCursor. One query.
    """
    return _thread(visit, Comment.objects.filter(photo=photo), cursor)


def guestbook_thread(visit: Visit, cursor: str = "") -> Thread:
    """Return a page of the wishes that this person may read, the newest first.

    Raises keyset.BadCursor. One query.
    """
    return _thread(visit, Comment.objects.in_guestbook(visit.event), cursor)


def keepsake_page(visit: Visit, cursor: str = "") -> keyset.Page[Comment]:
    """Return a page of the approved wishes, the oldest first: a book is read from its beginning.

    Raises keyset.BadCursor. One query.
    """
    wishes = Comment.objects.in_guestbook(visit.event).approved()
    return keyset.page(wishes, SAID_ORDER, cursor, size=KEEPSAKE_WISHES)


def guestbook_numbers(visit: Visit) -> dict[str, int]:
    """Return how many wishes were approved, and how many of them say who comes; one query."""
    attendance = Comment.Attendance
    return (
        Comment.objects.in_guestbook(visit.event)
        .approved()
        .aggregate(
            wishes=Count("pk"),
            attending=Count("pk", filter=Q(attendance=attendance.YES)),
            absent=Count("pk", filter=Q(attendance=attendance.NO)),
        )
    )

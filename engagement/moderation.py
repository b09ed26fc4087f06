"""The studio's queue: what guests wrote and nobody has approved or rejected yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Count, DateTimeField, Exists, ExpressionWrapper, OuterRef, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from engagement import services
from engagement.cleaning import count_links
from engagement.models import SAID_ORDER, Comment
from events.admission import Audience
from gallery.links import LinkMaker
from gallery.models import Photo, Rendition
from hafiportrait.lib import keyset

QUEUE_ROWS = 50
PICTURE_PIXELS = 112


@dataclass(frozen=True)
class Picture:
    """The small picture of the photo that is talked about: its link, and its size in pixels."""

    url: str
    width: int
    height: int


@dataclass(frozen=True)
class Waiting:
    """One comment or wish of the queue. `reason` is empty where nobody knows why it waits."""

    comment: Comment
    picture: Picture | None
    reason: str | Promise


@dataclass(frozen=True)
class EventWaiting:
    """How much of one event waits."""

    event_id: UUID
    title: str
    count: int


@dataclass(frozen=True)
class Decision:
    """What became of comments: changed now, or left as somebody else had decided meanwhile."""

    changed: list[UUID]
    settled: list[UUID]


def waiting() -> QuerySet[Comment]:
    """Return all comments and wishes that wait."""
    return Comment.objects.filter(status=Comment.Status.PENDING)


def waiting_by_event() -> list[EventWaiting]:
    """Return the events that have something in the queue, the latest first; one query."""
    rows = waiting().values_list("event_id", "event__title").annotate(found=Count("pk"))
    return [EventWaiting(*row) for row in rows.order_by("-event__event_date", "event_id")]


def waiting_page(event_id: UUID | None, cursor: str = "") -> tuple[list[Waiting], str]:
    """Return a page of the queue, the oldest first, and the cursor of the next one ("": none).

    Raises keyset.BadCursor. One query.
    """
    comments = waiting().select_related("event", "photo").annotate(is_repeat=_said_just_before())
    if event_id is not None:
        comments = comments.filter(event=event_id)
    page = keyset.page(comments, SAID_ORDER, cursor, size=QUEUE_ROWS)
    rows = [Waiting(c, _picture(c), _reason(c)) for c in page.rows]
    return rows, page.next_cursor


def _said_just_before() -> Exists:
    """Whether the same browser said the same in the minute before."""
    earliest = ExpressionWrapper(
        OuterRef("created_at") - services.REPEAT_WINDOW, output_field=DateTimeField()
    )
    return Exists(
        Comment.objects.filter(
            event=OuterRef("event"),
            session_id=OuterRef("session_id"),
            content=OuterRef("content"),
            created_at__gte=earliest,
            created_at__lt=OuterRef("created_at"),
        )
    )


def _picture(comment: Comment) -> Picture | None:
    photo = comment.photo
    if photo is None or photo.deleted_at is not None or not photo.generation:
        return None
    link = LinkMaker(comment.event, Audience.STAFF).url(photo, Rendition.Kind.W400)
    return Picture(link, *_inside(photo))


def _inside(photo: Photo) -> tuple[int, int]:
    """Return the photo's width and height, in pixels, in the square of a small picture."""
    longer = max(photo.width, photo.height)
    width, height = (
        max(1, PICTURE_PIXELS * side // longer) for side in (photo.width, photo.height)
    )
    return width, height


def _reason(comment: Comment) -> str | Promise:
    texts = (comment.author_name, comment.relation, comment.content)
    if sum(map(count_links, texts)) > services.LINKS_MOST:
        return _("Many links")
    if getattr(comment, "is_repeat", False):
        return _("Said twice within a minute")
    if comment.event.require_moderation:
        return ""  # everything of this event waits: there is nothing to explain
    return _("Held for a look")


@transaction.atomic
def decide_comments(
    *, ids: Sequence[UUID], was: Comment.Status, becomes: Comment.Status
) -> Decision:
    """Approve, reject or put back those comments that still are as the decider saw them.

    The rows are locked before they are read, and in one order: of two people who decide at the
    same instant the second finds what the first has done, and changes nothing.
    """
    rows = Comment.objects.filter(pk__in=ids).select_for_update(no_key=True).order_by("pk")
    standing = dict(rows.values_list("pk", "status"))
    changed = [pk for pk, status in standing.items() if status == was]
    if changed:
        services.moderate_comments(comments=Comment.objects.filter(pk__in=changed), status=becomes)
    return Decision(changed, [pk for pk, status in standing.items() if status != was])

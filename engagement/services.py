"""What is done with likes, comments and editing requests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from engagement.cleaning import count_links, same_words
from engagement.models import Comment, EditingRequest, PhotoLike
from events.admission import Visit
from events.models import GuestSession
from gallery.models import Photo, raise_versions
from hafiportrait.lib import jobs
from hafiportrait.lib.retention import blank_addresses

LINKS_MOST = 2
REPEAT_WINDOW = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody wrote, cleaned and checked by a form; `is_suspect` where a robot may have."""

    author_name: str
    content: str
    author_email: str = ""
    relation: str = ""
    attendance: str = ""
    is_suspect: bool = False


@transaction.atomic
def like_photo(
    *, photo: Photo, session_id: str, ip_address: str, liked: bool | None = None
) -> tuple[bool, int]:
    """Like a photo or take the like back (`liked` None: whichever is not so yet).

    Returns whether the session likes the photo now, and how many do. The session has its row.
    Raises Photo.DoesNotExist for a photo that was deleted meanwhile.
    """
    # The photo's row is locked before its likes are read: those who like one photo at the same
    # instant come one after another, so every one of them is counted, and none twice.
    locked = Photo.objects.select_for_update(no_key=True).filter(deleted_at=None)
    count = locked.values_list("like_count", flat=True).get(pk=photo.pk)
    mine = PhotoLike.objects.filter(photo=photo, session__session_id=session_id)
    was_liked = mine.exists()
    wanted = not was_liked if liked is None else liked
    if wanted == was_liked:
        return wanted, count
    if wanted:
        PhotoLike.objects.create(photo=photo, session_id=session_id, ip_address=ip_address)
    else:
        mine.delete()
    step = 1 if wanted else -1
    Photo.objects.filter(pk=photo.pk).update(like_count=F("like_count") + step)
    return wanted, count + step


@transaction.atomic
def add_comment(*, visit: Visit, photo: Photo | None, words: Words, ip_address: str) -> Comment:
    """Keep what was said under a photo, or in the guestbook (`photo` None).

    It waits for approval where the event says so or where it is held; what the couple and the
    studio say is shown at once. The session has its row, which remembers the name.
    """
    session_id = visit.actor.session_id
    # The lock lets one comment of a session in at a time: of two equal ones one sees the other.
    session = GuestSession.objects.select_for_update(no_key=True).get(session_id=session_id)
    comment = Comment.objects.create(
        event=visit.event,
        photo=photo,
        author_name=words.author_name,
        author_email=words.author_email or None,
        content=words.content,
        relation=words.relation,
        attendance=words.attendance,
        session_id=session_id,
        ip_address=ip_address,
        status=_first_status(visit, words),
    )
    if session.display_name != words.author_name:
        GuestSession.objects.filter(pk=session.pk).update(display_name=words.author_name)
    if photo is not None and comment.status == Comment.Status.APPROVED:
        _settle([(visit.event.pk, photo.pk)])
    return comment


def _first_status(visit: Visit, words: Words) -> Comment.Status:
    if visit.actor.sees_everything:
        return Comment.Status.APPROVED
    if visit.event.require_moderation or words.is_suspect or _is_held(visit, words):
        return Comment.Status.PENDING
    return Comment.Status.APPROVED


def _is_held(visit: Visit, words: Words) -> bool:
    """Return whether a person must look first: many links, or the same words again."""
    texts = (words.author_name, words.relation, words.content)
    if sum(map(count_links, texts)) > LINKS_MOST:
        return True
    recent = Comment.objects.of_session(visit.actor.session_id).filter(
        event=visit.event, created_at__gte=timezone.now() - REPEAT_WINDOW
    )
    return any(same_words(said, words.content) for said in recent.values_list("content", flat=True))


@transaction.atomic
def moderate_comments(*, comments: QuerySet[Comment], status: Comment.Status) -> int:
    """Approve or reject comments; returns how many changed."""
    touched = _places(comments.exclude(status=status))
    changed = Comment.objects.filter(pk__in=list(touched)).update(
        status=status, updated_at=timezone.now()
    )
    _settle(touched.values())
    return changed


@transaction.atomic
def delete_comments(*, comments: QuerySet[Comment]) -> int:
    """Delete comments; returns how many."""
    touched = _places(comments)
    Comment.objects.filter(pk__in=list(touched)).delete()
    _settle(touched.values())
    return len(touched)


def _places(comments: QuerySet[Comment]) -> dict[UUID, tuple[UUID, UUID | None]]:
    """Return the event and the photo of each comment by its id."""
    rows = comments.order_by().values_list("pk", "event_id", "photo_id")
    return {pk: (event_id, photo_id) for pk, event_id, photo_id in rows}


def _settle(places: Iterable[tuple[UUID, UUID | None]]) -> None:
    """Count the approved comments of the photos anew, and make cached pages old."""
    events, photos = zip(*places, strict=True) if places else ((), ())
    # Everybody takes the locks of events in the same order, so two of them cannot wait in a ring.
    for event_id in sorted(set(events)):
        raise_versions(event_id)
    approved = Comment.objects.filter(photo=OuterRef("pk"), status=Comment.Status.APPROVED)
    count = approved.order_by().values("photo").annotate(found=Count("pk")).values("found")
    Photo.objects.filter(pk__in=set(photos) - {None}).update(
        comment_count=Coalesce(Subquery(count), 0)
    )


def set_request_status(*, request: EditingRequest, status: EditingRequest.Status) -> EditingRequest:
    """Take an editing request on; the time of its completion is kept as long as it is complete."""
    completed = status == EditingRequest.Status.COMPLETED
    request.status = status
    request.completed_at = (request.completed_at or timezone.now()) if completed else None
    request.save(update_fields=["status", "completed_at", "updated_at"])
    return request


@jobs.housekeeper
def forget_addresses(now: datetime) -> None:
    """Blank the addresses under old likes and comments."""
    blank_addresses(PhotoLike.objects.all(), "created_at", now)
    blank_addresses(Comment.objects.all(), "created_at", now)

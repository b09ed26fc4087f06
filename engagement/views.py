"""What guests do with photos beside looking: like them, talk about them, sign the guestbook."""

from __future__ import annotations

from typing import Any
from urllib.parse import urldefrag, urlsplit
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from engagement import limits, services, threads
from engagement.forms import CommentForm, WishForm
from engagement.models import Comment, CommentQuerySet
from engagement.names import known_name
from events.admission import Visit
from events.doors import gallery_door, switched_off
from events.visits import count_page, ensure_session
from gallery.models import Photo
from gallery.photo_page import photo_context
from gallery.views import visible_photo
from hafiportrait.lib.errors import problem
from hafiportrait.lib.http import SeeOther, client_address, for_guests, safe_next, wants_json
from hafiportrait.lib.keyset import BadCursor

LIKED = {None: None, "0": False, "1": True}


def no_photo(request: HttpRequest, visit: Visit, photo_id: UUID) -> HttpResponse | None:
    """Raise Http404 unless this person may see the photo; nothing else is refused."""
    visible_photo(visit, photo_id)
    return None


def no_comments(
    request: HttpRequest, visit: Visit, photo_id: UUID | None = None
) -> HttpResponse | None:
    """Return the refusal where comments are off, None elsewhere.

    Raises Http404 for a photo that this person does not see, wherever it is.
    """
    if photo_id is not None:
        visible_photo(visit, photo_id)
    return None if visit.event.allow_comments else comments_are_off(request)


def not_own(request: HttpRequest, visit: Visit, comment_id: UUID) -> HttpResponse | None:
    """Raise Http404 unless this person wrote the comment; nothing else is refused."""
    get_object_or_404(own_comments(visit), pk=comment_id)
    return None


@limits.small_form(no_photo)
@require_POST
@gallery_door
def photo_like(request: HttpRequest, visit: Visit, photo_id: UUID) -> HttpResponse:
    """Like a photo or take the like back; `liked` says which, else it is turned over."""
    photo = visible_photo(visit, photo_id)
    wanted = request.POST.get("liked")
    if wanted not in LIKED:
        return problem(request, 400, "bad_request", _("We could not read this request."))
    wait = limits.LIKES.seconds_to_wait(request, visit)
    if wait:
        return too_fast(request, wait)
    ensure_session(request, visit)
    try:
        liked, count = services.like_photo(
            photo=photo,
            session_id=visit.actor.session_id,
            ip_address=client_address(request),
            liked=LIKED[wanted],
        )
    except Photo.DoesNotExist:
        raise Http404 from None
    if wants_json(request):
        return JsonResponse({"liked": liked, "count": count})
    return SeeOther(_back_from_like(request, visit, photo))


def _back_from_like(request: HttpRequest, visit: Visit, photo: Photo) -> str:
    """Return where the reader came from: the very tile, or the button on the photo's page."""
    where = safe_next(request, f"{photo_url(visit, photo)}#like")
    if urlsplit(where).path != visit.event.get_absolute_url():
        return where
    return f"{urldefrag(where).url}#photo-{photo.pk}"


def photo_url(visit: Visit, photo: Photo) -> str:
    """Return the address of a photo's page."""
    return reverse("gallery:photo-detail", args=[visit.event.slug, photo.pk])


def too_fast(request: HttpRequest, wait: int) -> HttpResponse:
    """Answer 429: so much at once is no hand's work."""
    title = _("Too fast")
    return problem(request, 429, "too_fast", _too_fast(wait), title=title, retry_after=wait)


def _too_fast(wait: int) -> str:
    return ngettext(
        "That was a lot at once. Try again in %(seconds)d second.",
        "That was a lot at once. Try again in %(seconds)d seconds.",
        wait,
    ) % {"seconds": wait}


@limits.small_form(no_comments)
@require_POST
@gallery_door
def comment_create(request: HttpRequest, visit: Visit, photo_id: UUID) -> HttpResponse:
    """Say something under a photo."""
    photo = visible_photo(visit, photo_id)
    if not visit.event.allow_comments:
        return comments_are_off(request)
    form = CommentForm(request.POST)
    wait = _check(request, visit, form)
    if form.errors:
        return _say_again(request, form, wait) or _photo_page(request, visit, photo, form, wait)
    comment = _keep(request, visit, photo, form)
    return _said(request, comment, f"{photo_url(visit, photo)}#comments")


def comments_are_off(request: HttpRequest) -> HttpResponse:
    """Answer 403; what was said before stays readable."""
    return switched_off(request, _("Comments are closed in this gallery."))


def _check(request: HttpRequest, visit: Visit, form: CommentForm) -> int:
    """Write into the form what keeps its words from being kept; return the seconds to wait."""
    if not form.is_valid():
        return 0
    wait = limits.COMMENTS.seconds_to_wait(request, visit)
    if wait:
        form.add_error(None, _too_fast(wait))
    return wait


def _keep(request: HttpRequest, visit: Visit, photo: Photo | None, form: CommentForm) -> Comment:
    ensure_session(request, visit)
    return services.add_comment(
        visit=visit, photo=photo, words=form.words, ip_address=client_address(request)
    )


def _said(request: HttpRequest, comment: Comment, where: str) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"id": str(comment.pk), "status": comment.status}, status=201)
    return SeeOther(where)


def _say_again(request: HttpRequest, form: CommentForm, wait: int) -> HttpResponse | None:
    """Tell a script what is wrong, field by field; None for a browser, which gets its page."""
    if not wants_json(request):
        return None
    fields = {name: errors[0] for name, errors in form.errors.items() if name != "__all__"}
    message = _too_fast(wait) if wait else next(iter(fields.values()))
    error = {"code": "too_fast" if wait else "invalid", "message": message, "fields": fields}
    return _refused(JsonResponse({"error": error}), wait)


def _refused(response: HttpResponse, wait: int) -> HttpResponse:
    """Make an answer the one to a form that was not kept: 400, or 429 with the time to wait."""
    response.status_code = 429 if wait else 400
    if wait:
        response["Retry-After"] = str(wait)
    response["Cache-Control"] = "no-store"
    patch_vary_headers(response, ("Accept", "Accept-Language", "Cookie"))
    return response


def _photo_page(
    request: HttpRequest, visit: Visit, photo: Photo, form: CommentForm, wait: int
) -> HttpResponse:
    """Show the photo's page again with all that was typed."""
    # The language switch leads back by GET, and not to the address that takes comments.
    context = photo_context(visit, photo) | {"comment_form": form, "here": photo_url(visit, photo)}
    return _refused(render(request, "gallery/photo_detail.html", context), wait)


def own_comments(visit: Visit) -> CommentQuerySet:
    """Return what this person said at this event, whatever became of it."""
    own: CommentQuerySet = Comment.objects.filter(event=visit.event)
    return own.of_session(visit.actor.session_id)


@limits.small_form(not_own)
@require_POST
@gallery_door
def comment_delete(request: HttpRequest, visit: Visit, comment_id: UUID) -> HttpResponse:
    """Take back what one wrote oneself, whatever became of it."""
    own = own_comments(visit)
    comment = get_object_or_404(own, pk=comment_id)
    services.delete_comments(comments=own.filter(pk=comment.pk))
    if wants_json(request):
        return JsonResponse({"id": str(comment_id), "status": "DELETED"})
    return SeeOther(safe_next(request, _place_of(visit, comment)))


def _place_of(visit: Visit, comment: Comment) -> str:
    if comment.photo_id is None:
        return reverse("engagement:guestbook", args=[visit.event.slug])
    photo_page = reverse("gallery:photo-detail", args=[visit.event.slug, comment.photo_id])
    return f"{photo_page}#comments"


@limits.small_form(no_comments)
@require_http_methods(["GET", "HEAD", "POST"])
@gzip_page
@gallery_door
def guestbook(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show the wishes of the guests, and take one more."""
    if request.method == "POST":
        return _sign(request, visit)
    try:
        page = _guestbook_page(request, visit, None)
    except BadCursor:
        return bad_cursor(request)
    count_page(request, visit)
    return for_guests(page)


def _sign(request: HttpRequest, visit: Visit) -> HttpResponse:
    if not visit.event.allow_comments:
        return comments_are_off(request)
    form = WishForm(request.POST)
    wait = _check(request, visit, form)
    if form.errors:
        page = _say_again(request, form, wait) or _guestbook_page(request, visit, form)
        return _refused(page, wait)
    wish = _keep(request, visit, None, form)
    return _said(request, wish, f"{request.path}#wish-{wish.pk}")


def _guestbook_page(request: HttpRequest, visit: Visit, form: WishForm | None) -> HttpResponse:
    cursor = "" if form else request.GET.get("cursor", "")
    context: dict[str, Any] = {
        "event": visit.event,
        "thread": threads.guestbook_thread(visit, cursor),
        "numbers": threads.guestbook_numbers(visit),
        "is_first_page": not cursor,
    }
    if visit.event.allow_comments:
        context["form"] = form or WishForm(initial={"author_name": known_name(visit)})
    return render(request, "engagement/guestbook.html", context)


def bad_cursor(request: HttpRequest) -> HttpResponse:
    """Answer 400 to the address of a page that we never gave."""
    return problem(request, 400, "bad_cursor", _("This page does not exist; start again."))


@require_safe
@gzip_page
@gallery_door
def guestbook_keepsake(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show the approved wishes as a small book, from the first on, that prints well."""
    cursor = request.GET.get("cursor", "")
    try:
        page = threads.keepsake_page(visit, cursor)
    except BadCursor:
        return bad_cursor(request)
    context = {
        "event": visit.event,
        "wishes": page.rows,
        "next_cursor": page.next_cursor,
        "is_first_page": not cursor,
        "numbers": threads.guestbook_numbers(visit),
    }
    count_page(request, visit)
    return for_guests(render(request, "engagement/guestbook_keepsake.html", context))

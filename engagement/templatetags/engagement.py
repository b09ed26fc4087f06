"""What was said and liked, for the pages of the gallery: `{% load engagement %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from engagement import reactions, threads
from engagement.forms import CommentForm
from engagement.names import known_name
from events.admission import Visit
from gallery.models import Photo
from hafiportrait.lib.keyset import BadCursor

register = template.Library()


@register.inclusion_tag("engagement/_comments.html", takes_context=True)
def photo_comments(
    context: Context, visit: Visit, photo: Photo, comment_form: CommentForm | None = None
) -> dict[str, Any]:
    """Show what was said under a photo, and the form to say more where the event is open to it.

    `?comments=` is the cursor of a further page; a bad one gives the first. Two queries.
    """
    request = context["request"]
    cursor = "" if comment_form else request.GET.get("comments", "")
    try:
        thread = threads.photo_thread(visit, photo, cursor)
    except BadCursor:
        thread, cursor = threads.photo_thread(visit, photo), ""
    form = None
    if visit.event.allow_comments:
        form = comment_form or CommentForm(initial={"author_name": known_name(visit)})
    return {
        "request": request,
        "event": visit.event,
        "photo": photo,
        "thread": thread,
        "form": form,
        "is_first_page": not cursor,
    }


@register.inclusion_tag("engagement/_like.html", takes_context=True)
def photo_like(context: Context, visit: Visit, photo: Photo) -> dict[str, Any]:
    """Show the like button of a photo's page. One query."""
    name = photo.pk.hex
    liked, count = reactions.pairs(visit.actor.session_id, [name]).get(name, (False, 0))
    return {
        "request": context["request"],
        "event": visit.event,
        "photo": photo,
        "liked": liked,
        "count": count,
    }

"""The pages of the queue: what waits, and the decisions about it.

The addresses stand below `/admin/engagement/comment/`, where `CommentAdmin` wraps them in
`admin_view`. Every decision is a form; static/js/moderation.js sends the same ones for JSON.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from engagement import moderation
from engagement.models import Comment
from events.models import Event
from hafiportrait.lib.errors import bad_request, problem
from hafiportrait.lib.http import SeeOther, safe_next, wants_json
from hafiportrait.lib.keyset import BadCursor

EVENTS_IN_FILTER = 20
LAST_DECISION = "last_decision_on_comments"
Status = Comment.Status
DECIDED = (Status.APPROVED, Status.REJECTED)

may_moderate = permission_required("engagement.change_comment", raise_exception=True)


@require_safe
@may_moderate
def comment_queue(request: HttpRequest) -> HttpResponse:
    """Show what waits, the oldest first; `?event=` narrows it, `?all=1` ticks every box."""
    event_id = _chosen_event(request)
    cursor = request.GET.get("cursor", "")
    try:
        rows, next_cursor = moderation.waiting_page(event_id, cursor)
    except BadCursor:
        return bad_request(request)
    groups = moderation.waiting_by_event()
    request.waiting_comments = sum(group.count for group in groups)  # type: ignore[attr-defined]  # read by the tag
    context = {
        **admin.site.each_context(request),
        "title": _("Waiting comments"),
        "opts": Comment._meta,
        "rows": rows,
        "filters": _filters(groups, event_id),
        "event_id": event_id,
        "here": _address(event=event_id, cursor=cursor),
        "first_url": _address(event=event_id),
        "next_url": _address(event=event_id, cursor=next_cursor) if next_cursor else "",
        "select_url": _address(event=event_id, cursor=cursor, all=1),
        "is_first_page": not cursor,
        "is_all_selected": request.GET.get("all") == "1",
        "last": _last_decision(request),
    }
    return render(request, "admin/engagement/comment/queue.html", context)


def _chosen_event(request: HttpRequest) -> UUID | None:
    chosen = request.GET.get("event")
    if not chosen:
        return None
    return get_object_or_404(Event.objects.only("pk"), pk=_read_id(chosen)).pk


def _read_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error


def _address(**parts: Any) -> str:
    """Return the address of the queue with those parts that are not empty."""
    query = urlencode({name: str(value) for name, value in parts.items() if value})
    queue = reverse("admin:engagement_comment_queue")
    return f"{queue}?{query}" if query else queue


def _filters(
    groups: list[moderation.EventWaiting], chosen: UUID | None
) -> list[dict[str, str | int | bool]]:
    """Return the links to all of the queue, and to the part of each event in it."""
    everything: dict[str, str | int | bool] = {
        "id": "",
        "label": _("All events"),
        "url": _address(),
        "count": sum(group.count for group in groups),
        "is_current": chosen is None,
    }
    shown = [g for g in groups[:EVENTS_IN_FILTER] if g.event_id != chosen]
    shown[:0] = [g for g in groups if g.event_id == chosen]
    if chosen and not any(group.event_id == chosen for group in groups):
        title = Event.objects.values_list("title", flat=True).get(pk=chosen)
        shown.insert(0, moderation.EventWaiting(chosen, title, 0))
    return [everything] + [
        {
            "id": str(group.event_id),
            "label": group.title,
            "url": _address(event=group.event_id),
            "count": group.count,
            "is_current": group.event_id == chosen,
        }
        for group in shown
    ]


@require_POST
@may_moderate
def comment_approve(request: HttpRequest) -> HttpResponse:
    """Show the chosen comments to everybody in their galleries."""
    return _decide(request, Status.PENDING, Status.APPROVED)


@require_POST
@may_moderate
def comment_reject(request: HttpRequest) -> HttpResponse:
    """Keep the chosen comments from the galleries."""
    return _decide(request, Status.PENDING, Status.REJECTED)


@require_POST
@may_moderate
def comment_put_back(request: HttpRequest) -> HttpResponse:
    """Take a decision back: the comments wait again."""
    decided = request.POST.get("decided")
    if decided not in DECIDED:
        return bad_request(request)
    return _decide(request, Status(decided), Status.PENDING)


def _decide(request: HttpRequest, was: Comment.Status, becomes: Comment.Status) -> HttpResponse:
    ids = _chosen_comments(request)
    if not ids:
        return _answer_none_chosen(request)
    if len(ids) > moderation.QUEUE_ROWS:
        return bad_request(request)
    decision = moderation.decide_comments(ids=ids, was=was, becomes=becomes)
    if not (decision.changed or decision.settled):
        raise Http404
    if decision.changed:
        _remember(request, decision, becomes)
    return _answer(request, decision, becomes)


def _chosen_comments(request: HttpRequest) -> list[UUID]:
    """Return the comments that a form names: the one of its button, or those that are ticked."""
    named = request.POST.getlist("only") or request.POST.getlist("comments")
    return list({_read_id(text) for text in named})


def _answer_none_chosen(request: HttpRequest) -> HttpResponse:
    message = _("Select at least one comment.")
    if wants_json(request):
        return problem(request, 400, "none_chosen", message)
    messages.warning(request, message)
    return SeeOther(safe_next(request, _address()))


def _remember(request: HttpRequest, decision: moderation.Decision, becomes: Comment.Status) -> None:
    """Write down who decided, and what this person may take back as the last decision."""
    changed = Comment.objects.filter(pk__in=decision.changed)
    message = [{"changed": {"fields": ["status"]}}]
    LogEntry.objects.log_actions(str(request.user.pk), changed, CHANGE, message)
    if becomes == Status.PENDING:
        request.session.pop(LAST_DECISION, None)
    else:
        ids = [str(pk) for pk in decision.changed]
        request.session[LAST_DECISION] = {"ids": ids, "status": becomes.value}


def _last_decision(request: HttpRequest) -> dict[str, Any] | None:
    last = request.session.get(LAST_DECISION)
    return last and last | {"text": _said(len(last["ids"]), Status(last["status"]))}


def _answer(
    request: HttpRequest, decision: moderation.Decision, becomes: Comment.Status
) -> HttpResponse:
    late = _said_late(len(decision.settled))
    if wants_json(request):
        return JsonResponse(
            {
                "done": _said(len(decision.changed), becomes),
                "late": late,
                "changed": decision.changed,
                "counts": _counts(),
            }
        )
    if decision.changed and becomes == Status.PENDING:
        messages.success(request, _said(len(decision.changed), becomes))
    if late:
        messages.warning(request, late)
    return SeeOther(safe_next(request, _address()))


def _counts() -> dict[str, int]:
    """Return how many comments wait in each event, and under "" in all."""
    counts = {str(group.event_id): group.count for group in moderation.waiting_by_event()}
    return counts | {"": sum(counts.values())}


def _said(count: int, status: Comment.Status) -> str:
    if not count:
        return ""
    text = {
        Status.APPROVED: ngettext(
            "One comment is approved.", "%(count)d comments are approved.", count
        ),
        Status.REJECTED: ngettext(
            "One comment is rejected.", "%(count)d comments are rejected.", count
        ),
        Status.PENDING: ngettext(
            "One comment waits again.", "%(count)d comments wait again.", count
        ),
    }[status]
    return text % {"count": count}


def _said_late(count: int) -> str:
    if not count:
        return ""
    text = ngettext(
        "Somebody else was faster with one comment; it stays as they decided.",
        "Somebody else was faster with %(count)d comments; they stay as decided.",
        count,
    )
    return text % {"count": count}


queue_urls: list[URLPattern] = [
    path("queue/", comment_queue, name="engagement_comment_queue"),
    path("queue/approve/", comment_approve, name="engagement_comment_approve"),
    path("queue/reject/", comment_reject, name="engagement_comment_reject"),
    path("queue/put-back/", comment_put_back, name="engagement_comment_put_back"),
]

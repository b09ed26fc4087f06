"""What every page of the admin shows of the queue: `{% load moderation %}`."""

from __future__ import annotations

from django import template
from django.template.context import Context

from engagement.moderation import waiting

register = template.Library()


@register.simple_tag(takes_context=True)
def waiting_comments(context: Context) -> int:
    """Return how many comments and wishes wait; one query for a page, however often it asks."""
    request = context["request"]
    if not hasattr(request, "waiting_comments"):
        request.waiting_comments = waiting().count()
    return int(request.waiting_comments)

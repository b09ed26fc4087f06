"""Likes, comments and editing requests in the photographer's admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from engagement import services
from engagement.models import Comment, EditingRequest, EditingRequestPhoto, PhotoLike
from engagement.moderation_views import queue_urls
from events.admin import EventFilter
from hafiportrait.admin import FactAdmin, StudioInline, StudioModelAdmin

WORDS_IN_LIST = 12


class PhotoEventFilter(EventFilter):
    """Rows of the photos of one event."""

    event_path = "photo__event"


@admin.register(PhotoLike)
class PhotoLikeAdmin(FactAdmin[PhotoLike]):
    """Which photo was liked by which guest."""

    list_display = ("photo", "event", "session", "created_at")
    list_filter = (PhotoEventFilter,)
    list_select_related = ("photo__event", "session")
    search_fields = ("photo__filename", "session__display_name", "photo__event__title")
    ordering = ("-created_at",)
    fields = ("photo", "session", "ip_address", "created_at")

    @admin.display(description=_("event"), ordering="photo__event__title")
    def event(self, like: PhotoLike) -> str:
        return str(like.photo.event)


@admin.register(Comment)
class CommentAdmin(StudioModelAdmin[Comment]):
    """What guests wrote: read, approved or rejected, never rewritten."""

    list_display = ("author_name", "words", "event", "photo", "status", "created_at")
    list_filter = ("status", EventFilter, ("photo", admin.EmptyFieldListFilter), "attendance")
    list_select_related = ("event", "photo")
    search_fields = ("author_name", "author_email", "content", "event__title")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    actions = ("approve", "reject")
    readonly_fields = (
        "event",
        "photo",
        "author_name",
        "author_email",
        "content",
        "relation",
        "attendance",
        "ip_address",
        "created_at",
    )
    fields = ("status", *readonly_fields)

    def get_urls(self) -> list[URLPattern]:
        """Put the queue before the comments' own pages, which take any address for an id."""
        guard = self.admin_site.admin_view
        queue = [
            URLPattern(url.pattern, guard(url.callback), url.default_args, url.name)
            for url in queue_urls
        ]
        return queue + super().get_urls()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: Comment, form: ModelForm[Comment], change: bool
    ) -> None:
        self._moderate(Comment.objects.filter(pk=obj.pk), Comment.Status(obj.status))

    def delete_model(self, request: HttpRequest, obj: Comment) -> None:
        services.delete_comments(comments=Comment.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Comment]) -> None:
        services.delete_comments(comments=queryset)

    @admin.action(description=_("Approve"))
    def approve(self, request: HttpRequest, queryset: QuerySet[Comment]) -> None:
        """Show the comments to everybody in the gallery."""
        found = self._moderate(queryset, Comment.Status.APPROVED)
        done = ngettext("One comment is approved.", "%(count)d comments are approved.", found)
        self.message_user(request, done % {"count": found}, messages.SUCCESS)

    @admin.action(description=_("Reject"))
    def reject(self, request: HttpRequest, queryset: QuerySet[Comment]) -> None:
        """Keep the comments from the gallery."""
        found = self._moderate(queryset, Comment.Status.REJECTED)
        done = ngettext("One comment is rejected.", "%(count)d comments are rejected.", found)
        self.message_user(request, done % {"count": found}, messages.SUCCESS)

    def _moderate(self, comments: QuerySet[Comment], status: Comment.Status) -> int:
        return services.moderate_comments(comments=comments, status=status)

    @admin.display(description=_("words"))
    def words(self, comment: Comment) -> str:
        return Truncator(comment.content).words(WORDS_IN_LIST)


class RequestPhotoFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # not generic when it runs
    """The photos of a request, all of the request's own event."""

    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            photo = form.cleaned_data.get("photo")
            if photo is not None and photo.event_id != self.instance.event_id:
                form.add_error("photo", ValidationError(_("This photo is of another event.")))


class RequestPhotoInline(StudioInline):
    """What is meant: chosen while the request is made, then only read."""

    model = EditingRequestPhoto
    formset = RequestPhotoFormSet
    extra = 0
    can_delete = False
    fields = ("photo", "note", "pin_x", "pin_y")
    raw_id_fields = ("photo",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[EditingRequestPhoto]:
        return super().get_queryset(request).select_related("photo").order_by("photo__filename")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None


@admin.register(EditingRequest)
class EditingRequestAdmin(StudioModelAdmin[EditingRequest]):
    """What clients want done: the wish is theirs, state and notes are the studio's."""

    list_display = ("event", "client", "request_type", "photo_count", "status", "created_at")
    list_filter = ("status", "request_type", EventFilter)
    list_select_related = ("event", "client")
    search_fields = ("event__title", "client__full_name", "client__email", "description")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    autocomplete_fields = ("event", "client")
    inlines = (RequestPhotoInline,)
    fields = ("event", "client", "request_type", "description", "status", "admin_notes")
    wish = ("event", "client", "request_type", "description", "created_at", "completed_at")

    def get_fields(self, request: HttpRequest, obj: EditingRequest | None = None) -> Any:
        return self.fields if obj is None else (*self.wish, "status", "admin_notes")

    def get_readonly_fields(self, request: HttpRequest, obj: EditingRequest | None = None) -> Any:
        return () if obj is None else self.wish

    def get_queryset(self, request: HttpRequest) -> QuerySet[EditingRequest]:
        return super().get_queryset(request).annotate(found_photos=Count("request_photos"))

    def save_model(
        self,
        request: HttpRequest,
        obj: EditingRequest,
        form: ModelForm[EditingRequest],
        change: bool,
    ) -> None:
        super().save_model(request, obj, form, change)
        services.set_request_status(request=obj, status=EditingRequest.Status(obj.status))

    @admin.display(description=_("photos"), ordering="found_photos")
    def photo_count(self, editing_request: EditingRequest) -> int:
        return int(getattr(editing_request, "found_photos", 0))

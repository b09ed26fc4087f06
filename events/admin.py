"""Events and guests in the photographer's admin."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import IntegrityError
from django.db.models import Model, QuerySet
from django.forms import BaseInlineFormSet, BaseModelFormSet, ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from events import services
from events.admin_forms import EventAdminForm
from events.models import Chapter, Event, GuestSession, OldSlug
from events.qr import KINDS, draw_qr
from hafiportrait.admin import FactAdmin, FactInline, StudioInline, StudioModelAdmin
from hafiportrait.lib.http import SeeOther

EVENTS_IN_FILTER = 20
GUESTS_MAY = (
    "allow_downloads",
    "download_size",
    "watermark_enabled",
    "keep_location",
    "allow_comments",
    "require_moderation",
)
FURTHER = ("description", "cover_in_preview", "storage_quota")


class EventFilter(admin.SimpleListFilter):
    """Rows of one event: the latest are offered, any other by a link that names it."""

    title = _("event")
    parameter_name = "event"
    event_path = "event"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        titles = Event.objects.order_by("-event_date").values_list("pk", "title")
        offered = {str(pk): title for pk, title in titles[:EVENTS_IN_FILTER]}
        if self.value() and self.value() not in offered:
            offered |= {str(pk): title for pk, title in titles.filter(pk=self._chosen())}
        return list(offered.items())

    def _chosen(self) -> UUID:
        try:
            return UUID(self.value() or "")
        except ValueError as error:
            raise IncorrectLookupParameters(error) from error

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        return queryset.filter(**{self.event_path: self._chosen()})


class ChapterInline(StudioInline):
    """The parts of the day."""

    model = Chapter
    extra = 0
    fields = ("title", "slug", "position")
    prepopulated_fields = {"slug": ("title",)}


class OldSlugInline(FactInline):
    """Addresses that the event had."""

    model = OldSlug
    fields = readonly_fields = ("slug", "created_at")


@admin.register(Event)
class EventAdmin(StudioModelAdmin[Event]):
    """Events: who may enter, until when, and what guests may do."""

    form = EventAdminForm
    list_display = ("title", "event_date", "status", "client", "location", "access_code")
    list_filter = ("status", "watermark_enabled")
    list_select_related = ("client",)
    search_fields = ("title", "slug", "access_code", "location", "client__full_name")
    date_hierarchy = "event_date"
    ordering = ("-event_date",)
    autocomplete_fields = ("client", "partners")
    prepopulated_fields = {"slug": ("title",)}
    inlines = (ChapterInline,)
    fieldsets = (
        (None, {"fields": ("title", "event_date", "location", "client", "partners")}),
        (_("Entry"), {"fields": ("slug", "access_code", "status", "storage_expires_at")}),
        (_("What guests may do"), {"fields": GUESTS_MAY}),
        (_("More"), {"classes": ("collapse",), "fields": FURTHER}),
    )

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        own = [
            path("<str:object_id>/qr/<str:kind>/", guard(self.qr), name="events_event_qr"),
            path("<str:object_id>/new-code/", guard(self.new_code), name="events_event_new_code"),
        ]
        return own + super().get_urls()

    def get_inlines(self, request: HttpRequest, obj: Event | None) -> Any:
        """Name former addresses where there are any."""
        had_others = obj is not None and obj.old_slugs.exists()
        return (*self.inlines, OldSlugInline) if had_others else self.inlines

    def get_form(
        self, request: HttpRequest, obj: Event | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Offer to add people beside the fields that name them, and not to delete them."""
        form = super().get_form(request, obj, change=change, **kwargs)
        for name in self.autocomplete_fields:
            form.base_fields[name].widget.can_delete_related = False
        return form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError:
            # Somebody took the address or the code after the form had looked; it looks again,
            # and says so at the field.
            return super().changeform_view(request, object_id, form_url, extra_context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show link, code and QR as they are stored, not as a refused form has them."""
        original = context.get("original")
        context["event"] = Event.objects.get(pk=original.pk) if original else None
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: Event, form: ModelForm[Event], change: bool
    ) -> None:
        if change:
            services.update_event(event=obj)
        else:
            obj.save()

    def save_formset(
        self,
        request: HttpRequest,
        form: Any,
        formset: BaseModelFormSet[Model, Any],
        change: bool,
    ) -> None:
        super().save_formset(request, form, formset, change)
        if isinstance(formset, BaseInlineFormSet) and formset.has_changed():
            services.touch_gallery(event=form.instance)

    @method_decorator(require_safe)
    def qr(self, request: HttpRequest, object_id: str, kind: str) -> HttpResponse:
        """Draw the QR code that leads into the event; `?download=1` gives it as a file."""
        event = self.get_object(request, object_id)
        if kind not in KINDS:
            raise Http404
        placing = "attachment" if request.GET.get("download") else "inline"
        response = HttpResponse(draw_qr(event.entry_url, kind), content_type=KINDS[kind])
        response["Content-Disposition"] = f'{placing}; filename="qr-{event.slug}.{kind}"'
        return response

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def new_code(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask whether the code shall change, and change it."""
        event = self.get_object(request, object_id)
        if request.method == "POST":
            services.rotate_code(event=event)
            self.log_change(request, event, [{"changed": {"fields": [gettext("Access code")]}}])
            done = _("The event has a new code. Everybody has to enter again with it.")
            self.message_user(request, done, messages.SUCCESS)
            return SeeOther(reverse("admin:events_event_change", args=[event.pk]))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "event": event,
            "title": _("New access code"),
        }
        return TemplateResponse(request, "admin/events/event/new_code.html", context)


@admin.register(GuestSession)
class GuestSessionAdmin(FactAdmin[GuestSession]):
    """Who came in, by browser."""

    list_display = (
        "name",
        "event",
        "entered_by",
        "page_views",
        "first_seen_at",
        "last_seen_at",
    )
    list_filter = (EventFilter, "entered_by")
    list_select_related = ("event", "user")
    search_fields = ("display_name", "event__title", "user__full_name")
    ordering = ("-last_seen_at",)
    fields = (
        "event",
        "display_name",
        "user",
        "entered_by",
        "page_views",
        "first_seen_at",
        "last_seen_at",
        "ip_address",
        "user_agent",
    )

    @admin.display(description=_("guest"), ordering="display_name")
    def name(self, session: GuestSession) -> str:
        return str(session.user or session)

"""Photos in the photographer's admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from events.admin import EventFilter
from events.admission import Audience
from events.models import Chapter
from gallery import services
from gallery.links import LinkMaker
from gallery.models import Photo, Rendition
from gallery.upload_views import upload_urls
from hafiportrait.admin import FactInline, StudioModelAdmin

LIST_KIND, PREVIEW_KIND = Rendition.Kind.W400, Rendition.Kind.W800
PREVIEW_PIXELS = 400
LIST_PIXELS = 72
# The camera's facts in the order of a caption; `metadata` is an allow-list of its own.
CAMERA_FACTS = {
    "make": _("Make"),
    "model": _("Camera"),
    "lens": _("Lens"),
    "exposure_time": _("Exposure, seconds"),
    "f_number": _("Aperture"),
    "iso": _("ISO"),
    "focal_length": _("Focal length, mm"),
}


class RenditionInline(FactInline):
    """The pictures that were made of the photo."""

    model = Rendition
    fields = readonly_fields = ("kind", "width", "height", "weight", "generation")
    ordering = ("generation", "width")

    @admin.display(description=_("size"))
    def weight(self, rendition: Rendition) -> str:
        return filesizeformat(rendition.bytes)


@admin.register(Photo)
class PhotoAdmin(StudioModelAdmin[Photo]):
    """Photos of all events; they come in by the upload page."""

    list_display = (
        "thumbnail",
        "filename",
        "event",
        "chapter",
        "state",
        "visibility",
        "like_count",
        "uploaded",
    )
    list_display_links = ("thumbnail", "filename")
    list_filter = (
        EventFilter,
        "status",
        "visibility",
        "is_cover",
        "is_featured",
        ("damaged_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("event", "chapter")
    search_fields = ("filename", "original_filename", "caption", "event__title")
    ordering = ("-uploaded_at",)
    actions = ("hide_from_guests", "show_to_guests", "make_cover", "retry_failed")
    inlines = (RenditionInline,)
    fieldsets = (
        (None, {"fields": ("preview", "filename", "event", "status", "reason")}),
        (
            _("In the gallery"),
            {"fields": ("caption", "chapter", "visibility", "display_order", "is_featured")},
        ),
        (
            _("File"),
            {
                "fields": (
                    "original_filename",
                    "dimensions",
                    "weight",
                    "mime_type",
                    "checksum",
                    "damaged_at",
                    "uploaded_at",
                    "uploaded_by",
                )
            },
        ),
        (_("Camera"), {"fields": ("taken_at", "camera")}),
    )
    readonly_fields = (
        "preview",
        "filename",
        "event",
        "status",
        "reason",
        "original_filename",
        "dimensions",
        "weight",
        "mime_type",
        "checksum",
        "damaged_at",
        "uploaded_at",
        "uploaded_by",
        "taken_at",
        "camera",
    )

    def get_urls(self) -> list[URLPattern]:
        """Put the upload page before the photos' own pages, which take any address for an id."""
        guard = self.admin_site.admin_view
        uploads = [
            URLPattern(url.pattern, guard(url.callback), url.default_args, url.name)
            for url in upload_urls
        ]
        return uploads + super().get_urls()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Photo]:
        return super().get_queryset(request).filter(deleted_at=None)

    def get_form(
        self, request: HttpRequest, obj: Photo | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Offer the chapters of the photo's own event only."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is not None and "chapter" in form.base_fields:
            chapters: Any = form.base_fields["chapter"]
            chapters.queryset = Chapter.objects.filter(event=obj.event_id)
        return form

    def goes_along(self, chosen: list[Any]) -> dict[str, int]:
        """Nothing: the row stays for the archives and downloads that name it."""
        return {}

    def save_model(
        self, request: HttpRequest, obj: Photo, form: ModelForm[Photo], change: bool
    ) -> None:
        services.save_typed(photo=obj, fields=set(form.changed_data))

    def delete_model(self, request: HttpRequest, obj: Photo) -> None:
        services.delete_photos(photos=Photo.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Photo]) -> None:
        services.delete_photos(photos=queryset)

    @admin.action(description=_("Hide from guests"))
    def hide_from_guests(self, request: HttpRequest, queryset: QuerySet[Photo]) -> None:
        """Leave the photos to the client."""
        found = services.set_visibility(photos=queryset, visibility=Photo.Visibility.CLIENT)
        done = ngettext(
            "One photo is hidden from guests now.",
            "%(count)d photos are hidden from guests now.",
            found,
        )
        self.message_user(request, done % {"count": found}, messages.SUCCESS)

    @admin.action(description=_("Show to guests"))
    def show_to_guests(self, request: HttpRequest, queryset: QuerySet[Photo]) -> None:
        """Give the photos back to everybody."""
        found = services.set_visibility(photos=queryset, visibility=Photo.Visibility.EVERYONE)
        done = ngettext(
            "One photo is shown to guests now.", "%(count)d photos are shown to guests now.", found
        )
        self.message_user(request, done % {"count": found}, messages.SUCCESS)

    @admin.action(description=_("Make it the cover of its event"))
    def make_cover(self, request: HttpRequest, queryset: QuerySet[Photo]) -> None:
        """Make one photo the cover."""
        chosen = list(queryset.select_related(None)[:2])
        if len(chosen) != 1 or chosen[0].status != Photo.Status.READY:
            wrong = _("A cover is one photo that is ready.")
            self.message_user(request, wrong, messages.ERROR)
            return
        services.set_cover(photo=chosen[0])
        done = _("%(name)s is the cover now.") % {"name": chosen[0].filename}
        self.message_user(request, done, messages.SUCCESS)

    @admin.action(description=_("Try failed ones again"))
    def retry_failed(self, request: HttpRequest, queryset: QuerySet[Photo]) -> None:
        """Put failed photos back into the queue."""
        found = services.retry_photos(photos=queryset)
        done = ngettext("One photo is tried again.", "%(count)d photos are tried again.", found)
        self.message_user(request, done % {"count": found}, messages.SUCCESS)

    @admin.display(description=_("photo"))
    def thumbnail(self, photo: Photo) -> str:
        return _picture(photo, LIST_KIND, LIST_PIXELS)

    @admin.display(description=_("status"), ordering="status")
    def state(self, photo: Photo) -> str:
        marks = {
            photo.get_status_display(): True,
            gettext("cover"): photo.is_cover,
            gettext("featured"): photo.is_featured,
            gettext("file damaged"): photo.damaged_at,
        }
        return " · ".join(mark for mark, holds in marks.items() if holds)

    @admin.display(description=_("uploaded"), ordering="uploaded_at")
    def uploaded(self, photo: Photo) -> str:
        return date_format(localtime(photo.uploaded_at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("photo"))
    def preview(self, photo: Photo) -> str:
        return _picture(photo, PREVIEW_KIND, PREVIEW_PIXELS)

    @admin.display(description=_("reason"))
    def reason(self, photo: Photo) -> str:
        # The worker speaks no language: it writes the source text of a translated sentence.
        return gettext(photo.error) if photo.error else "–"

    @admin.display(description=_("pixels"))
    def dimensions(self, photo: Photo) -> str:
        return f"{photo.width} × {photo.height}"

    @admin.display(description=_("size"))
    def weight(self, photo: Photo) -> str:
        return filesizeformat(photo.file_size)

    @admin.display(description=_("camera"))
    def camera(self, photo: Photo) -> str:
        known = photo.metadata or {}
        facts = [(name, known[key]) for key, name in CAMERA_FACTS.items() if key in known]
        return format_html_join("", '<span class="fact">{}: {}</span>', facts) or "–"


def _picture(photo: Photo, kind: str, pixels: int) -> str:
    """Return the photo's picture in a box of so many pixels, or a mark where it has none yet."""
    if not photo.generation:
        return format_html('<span class="no-picture" data-pixels="{}">…</span>', pixels)
    longer = max(photo.width, photo.height)
    width, height = (max(1, pixels * side // longer) for side in (photo.width, photo.height))
    link = LinkMaker(photo.event, Audience.STAFF).url(photo, kind)
    return format_html(
        '<img src="{}" width="{}" height="{}" alt="{}" loading="lazy">',
        link,
        width,
        height,
        photo.caption or photo.filename,
    )

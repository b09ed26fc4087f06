"""The photographer's admin site, and what its pages have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import BadRequest, ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.forms import CheckboxInput
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

M = TypeVar("M", bound=models.Model)
ROWS_PER_PAGE = 50
COUNT_LIMIT = 10_000
APPS_IN_ORDER = ("events", "gallery", "engagement", "portfolio", "analytics", "accounts")

if TYPE_CHECKING:
    DjangoModelAdmin = admin.ModelAdmin
    DjangoInline = admin.TabularInline[Any, Any]
    DjangoPaginator = Paginator[Any]
else:
    DjangoInline = admin.TabularInline
    DjangoPaginator = Paginator

    class DjangoModelAdmin(admin.ModelAdmin):
        """The stubs name the model of an admin (`ModelAdmin[Event]`); Django's class does not."""

        def __class_getitem__(cls, model: Any) -> type:
            return cls


class StudioAdminSite(admin.AdminSite):
    """Django's admin under the studio's name."""

    site_title = site_header = _("Studio")
    index_title = _("Overview")

    def get_urls(self) -> list[Any]:
        """Leave out "view on site", which fails on ids of ours; pages have links of their own."""
        return [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Guard a view: staff only, and no query that the database cannot read."""

        @wraps(view)
        def readable(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            # PostgreSQL refuses NUL in text, which a filter would only find out in the query.
            if any("\x00" in value for _, values in request.GET.lists() for value in values):
                raise BadRequest("NUL in the query")
            return view(request, *args, **kwargs)

        return super().admin_view(readable, cacheable)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Return the apps in the order of the studio's work, not of the alphabet."""
        apps = super().get_app_list(request, app_label)
        places = {name: place for place, name in enumerate(APPS_IN_ORDER)}
        return sorted(apps, key=lambda app: places.get(app["app_label"], len(places)))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Lead to the one page where everybody changes a password."""
        return redirect("account_change_password")


class StudioAdminConfig(AdminConfig):
    default_site = "hafiportrait.admin.StudioAdminSite"


class CappedPaginator(DjangoPaginator):
    """Pages over a list that may be very long: it is counted up to COUNT_LIMIT rows only.

    What lies further down is found by a filter or a search.
    """

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: COUNT_LIMIT + 1].count())

    @cached_property
    def count(self) -> int:
        """The number of rows that have a page."""
        return min(self._counted, COUNT_LIMIT)

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than were counted."""
        return self._counted > COUNT_LIMIT


def name_inputs(formset: Any) -> Any:
    """Give every input of a table a name of its own: the head of its column is no label of it."""
    for field in formset.form.base_fields.values():
        field.widget.attrs["aria-label"] = field.label
    formset.deletion_widget = CheckboxInput(attrs={"aria-label": _("Delete")})
    return formset


class StudioModelAdmin(DjangoModelAdmin[M]):
    """The pages of one model: short lists, 404 for what is not there, deletions summed up."""

    list_per_page = ROWS_PER_PAGE
    view_on_site = False
    # Neither the whole list nor its filters are counted: likes and downloads run into millions.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> M:
        """Return the row; raises Http404 where Django would redirect to the overview."""
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found

    def formfield_for_dbfield(self, *args: Any, **kwargs: Any) -> Any:
        """Return the field of a form; the two inputs of a time are named, where Django has none."""
        field: Any = super().formfield_for_dbfield(*args, **kwargs)
        if field is not None and isinstance(field.widget, AdminSplitDateTime):
            for half, name in zip(field.widget.widgets, (_("date"), _("time")), strict=True):
                half.attrs["aria-label"] = format_lazy("{}: {}", field.label, name)
        return field

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        return name_inputs(super().get_changelist_formset(request, **kwargs))

    def response_action(
        self, request: HttpRequest, queryset: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """Carry out an action; ids that are none are a bad request, not an error of ours."""
        try:
            return super().response_action(request, queryset, *args, **kwargs)
        except ValidationError as error:
            raise BadRequest("no such rows") from error

    def get_deleted_objects(
        self, objs: Iterable[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Name what is chosen and count what goes along: an event takes ten thousand rows."""
        chosen = list(objs)
        allowed = all(self.has_delete_permission(request, obj) for obj in chosen)
        missing = set() if allowed else {str(self.opts.verbose_name)}
        counts = {str(self.opts.verbose_name_plural): len(chosen)} | self.goes_along(chosen)
        return [str(obj) for obj in chosen], counts, missing, []

    def goes_along(self, chosen: list[Any]) -> dict[str, int]:
        """Return how many rows of other models are deleted with these, by their names."""
        counts = {}
        for relation in self.opts.related_objects:
            if relation.on_delete is models.CASCADE and not relation.hidden:
                rows = relation.related_model._base_manager
                found = rows.filter(**{f"{relation.field.name}__in": chosen}).count()
                counts[str(relation.related_model._meta.verbose_name_plural)] = found
        return {name: found for name, found in counts.items() if found}


class FactAdmin(StudioModelAdmin[M]):
    """What happened: it is read here, and written nowhere."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class StudioInline(DjangoInline):
    """Rows below another one."""

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return name_inputs(super().get_formset(request, obj, **kwargs))


class FactInline(StudioInline):
    """Rows below another one that are only read."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

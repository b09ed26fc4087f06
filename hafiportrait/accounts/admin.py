"""People, and what they were told, in the photographer's admin."""

from __future__ import annotations

from typing import Any

# Imported so that what they register can be taken off again.
from allauth.account.admin import EmailAddress
from allauth.mfa.admin import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from hafiportrait.accounts import notifications
from hafiportrait.accounts.forms import PersonChangeForm, PersonCreationForm
from hafiportrait.accounts.models import Notification, User
from hafiportrait.admin import FactAdmin, StudioModelAdmin

# A studio has one kind of staff; addresses follow the person; the secrets of a second factor are
# nobody's to read.
for model in (Group, EmailAddress, Authenticator):
    admin.site.unregister(model)


@admin.register(User)
class PersonAdmin(StudioModelAdmin[User], UserAdmin):  # type: ignore[type-arg]  # not generic
    """Photographers and clients."""

    form = PersonChangeForm
    add_form = PersonCreationForm
    list_display = ("full_name", "email", "role", "is_active", "has_second_factor", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("full_name", "email", "phone")
    date_hierarchy = None
    ordering = ("full_name", "email")
    filter_horizontal = ()
    readonly_fields = ("last_login", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("full_name", "email", "phone", "language", "password")}),
        (_("Access"), {"fields": ("role", "is_active")}),
        (_("Times"), {"fields": ("last_login", "created_at", "updated_at")}),
    )
    add_fieldsets = (
        (None, {"fields": ("full_name", "email", "phone", "language", "role")}),
        (_("Password"), {"fields": ("usable_password", "password1", "password2")}),
    )
    actions = ("remove_second_factor",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        factors = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
        return super().get_queryset(request).annotate(second_factor=Exists(factors))

    @admin.display(description=_("second factor"), boolean=True)
    def has_second_factor(self, person: User) -> bool:
        return bool(getattr(person, "second_factor", False))

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Keep photographers from locking themselves out."""
        fixed = super().get_readonly_fields(request, obj)
        return (*fixed, "role", "is_active") if obj == request.user else fixed

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and obj != request.user

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            # allauth keeps addresses of its own, by which the old one could still log in.
            EmailAddress.objects.filter(user=obj).delete()

    @admin.action(description=_("Remove the second factor (lost phone)"))
    def remove_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let people enrol a new second factor; staff have to at their next log-in."""
        found = Authenticator.objects.filter(user__in=queryset)
        people = found.order_by().values("user").distinct().count()
        found.delete()
        done = ngettext(
            "The second factor of one person was removed.",
            "The second factors of %(count)d people were removed.",
            people,
        )
        self.message_user(request, done % {"count": people}, messages.SUCCESS)


@admin.register(Notification)
class NotificationAdmin(FactAdmin[Notification]):
    """What people were told, and what could not be sent."""

    list_display = ("created_at", "user", "label", "channel", "status", "sent_at")
    list_filter = ("status", "channel")
    list_select_related = ("user",)
    search_fields = ("user__full_name", "user__email")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    fields = ("label", "user", "to", "channel", "language", "status", "reason", "created_at")
    readonly_fields = ("label", "reason")
    actions = ("try_again",)

    @admin.display(description=_("kind"), ordering="kind")
    def label(self, notification: Notification) -> str:
        return notifications.label_of(notification.kind)

    @admin.display(description=_("reason"))
    def reason(self, notification: Notification) -> str:
        """Return what the mail server said last, in its own words, or our own reason translated."""
        return gettext(notification.error) if notification.error else "–"

    @admin.action(description=_("Send what could not be sent"))
    def try_again(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        """Send again what was given up."""
        found = notifications.try_again(rows=queryset)
        said = ngettext(
            "%(count)d letter is sent again.", "%(count)d letters are sent again.", found
        )
        self.message_user(request, said % {"count": found}, messages.SUCCESS)

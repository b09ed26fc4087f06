"""The house is closed: every address has a door, and the list of open ones is exact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from events.models import Event
from tests.factories import ready_photo

# Open to strangers. What is added here is shown to the whole world.
OPEN = {
    "home",
    "events:enter",
    "events:qr-enter",
    "events:event-enter",
    "events:event-card",
    "gallery:media",  # a signed link is the admission
    "manifest",
    "worker",
    "offline",
    "healthz",
    "readyz",
    "set_language",
    "admin:login",
    "accounts:login",
    "accounts:unsubscribe",  # a signed address is the permission, and only to be left alone
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_confirm_email",
    "account_confirm_login_code",
    "account_email_verification_sent",
    "mfa_authenticate",
}
# Behind the gallery's door: admitted guests, the event's client, partners and staff.
GALLERY = {
    "gallery:photo-list",
    "gallery:photo-detail",
    "gallery:photo-download",
    "gallery:archive-create",
    "gallery:archive-download",
    "gallery:photo-updates",
    "gallery:slideshow",
    "events:gallery-qr",
    "engagement:photo-like",
    "engagement:comment-create",
    "engagement:comment-delete",
    "engagement:guestbook",
    "engagement:guestbook-keepsake",
}


def all_views(patterns: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from all_views(pattern.url_patterns, space)
        elif isinstance(pattern, URLPattern):
            yield f"{prefix}{pattern.name}", pattern.callback


def is_gallery_door(view: Any) -> bool:
    while view is not None:
        if getattr(view, "is_gallery_door", False):
            return True
        view = getattr(view, "__wrapped__", None)
    return False


class DoorTests:
    def test_the_pages_open_to_strangers_are_exactly_these(self) -> None:
        opened = {
            name
            for name, view in all_views()
            if not getattr(view, "login_required", True) and not is_gallery_door(view)
        }

        assert opened == OPEN

    def test_every_page_of_a_gallery_has_its_door(self) -> None:
        assert {name for name, view in all_views() if is_gallery_door(view)} == GALLERY

    def test_nothing_is_exempt_from_the_token_check(self) -> None:
        exempt = {name for name, view in all_views() if getattr(view, "csrf_exempt", False)}

        assert exempt == {"accounts:unsubscribe"}  # mail programs post there, RFC 8058

    @pytest.mark.django_db
    @pytest.mark.parametrize("name", sorted(GALLERY))
    def test_a_stranger_gets_no_gallery_page(self, dimas: Client, event: Event, name: str) -> None:
        photo = ready_photo(event)
        try:
            address = reverse(name, args=[event.slug])
        except NoReverseMatch:
            address = reverse(name, args=[event.slug, photo.pk])

        assert dimas.post(address).status_code in (403, 405)
        assert dimas.get(address).status_code in (302, 405)
        assert dimas.get(address, headers={"accept": "application/json"}).status_code in (403, 405)

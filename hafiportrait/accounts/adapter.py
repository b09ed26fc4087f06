"""How allauth behaves here."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from hafiportrait.accounts.models import User
from hafiportrait.lib.errors import problem
from hafiportrait.lib.http import absolute, client_address
from hafiportrait.lib.ratelimit import Limit, count, seconds_left

# Wrong passwords. Per person and address, so that nobody can lock out somebody else from afar.
WRONG_FOR_PERSON = Limit("log-in-person", most=10, seconds=300)
WRONG_FROM_ADDRESS = Limit("log-in-address", most=100, seconds=600)


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Accounts are made by the studio; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """Leave it: the e-mail address is the only name."""

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Answer 429 after too many wrong passwords, right or wrong.

        allauth counts in the cache, which falls open when it is gone; we count in the database.
        """
        left = max(seconds_left(limit, who) for limit, who in _limits(request, credentials))
        if left:
            raise ImmediateHttpResponse(
                problem(
                    request,
                    429,
                    "too_many_tries",
                    _("Too many wrong passwords. Try again in a few minutes."),
                    title=_("Please wait"),
                    retry_after=left,
                )
            )

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        for limit, who in _limits(request, credentials):
            count(limit, who)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link of the mail, with our own address and never the Host header's."""
        return absolute(urlsplit(super().get_reset_password_from_key_url(key)).path)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail in the studio's name."""
        studio = SimpleNamespace(name=settings.STUDIO_NAME, domain=settings.SITE_HOST)
        super().send_mail(template_prefix, email, context | {"current_site": studio})

    def reauthenticate(self, user: User, password: str) -> bool:
        """Return whether this is the person's password.

        allauth looks the address up in a table of its own, which is empty for accounts that the
        studio made.
        """
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk


def _limits(request: HttpRequest, credentials: dict[str, Any]) -> Iterator[tuple[Limit, str]]:
    address = client_address(request)
    yield WRONG_FOR_PERSON, f"{credentials.get('email', '').strip().lower()}|{address}"
    yield WRONG_FROM_ADDRESS, address

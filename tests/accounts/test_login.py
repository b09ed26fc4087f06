"""Logging in by e-mail and password, and nobody signing up."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from hafiportrait.accounts.adapter import WRONG_FOR_PERSON, WRONG_FROM_ADDRESS
from hafiportrait.accounts.models import User
from hafiportrait.lib import ratelimit
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
JSON = {"accept": "application/json"}


def try_to_log_in(client: Client, email: str, password: str = PASSWORD, **extra: Any) -> Any:
    """Send the log-in form."""
    return client.post(LOGIN, {"login": email, "password": password}, **extra)


def is_logged_in(client: Client) -> bool:
    """Return whether this browser belongs to somebody."""
    return "_auth_user_id" in client.session


class LoginTests:
    def test_a_stranger_may_see_the_form(self, dimas: Client) -> None:
        assert dimas.get(LOGIN).status_code == 200

    @pytest.mark.parametrize("email", ["budi@example.com", "BUDI@Example.COM", " budi@example.com"])
    def test_a_client_gets_in_by_address_and_password(
        self, dimas: Client, budi: User, email: str
    ) -> None:
        answer = try_to_log_in(dimas, email)

        assert (answer.status_code, answer["Location"]) == (302, "/accounts/start/")
        assert dimas.session["_auth_user_id"] == str(budi.pk)

    def test_the_time_is_kept(self, dimas: Client, budi: User) -> None:
        try_to_log_in(dimas, budi.email)

        budi.refresh_from_db()
        assert budi.last_login is not None
        assert (timezone.now() - budi.last_login).total_seconds() < 60

    def test_the_session_s_key_changes(self, dimas: Client, budi: User) -> None:
        dimas.session["seen"] = "before"
        dimas.session.save()
        session = dimas.session
        session["seen"] = "before"
        session.save()
        before = session.session_key

        try_to_log_in(dimas, budi.email)

        assert dimas.session.session_key != before

    def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(
        self, dimas: Client, budi: User
    ) -> None:
        def page(email: str) -> str:
            answer = try_to_log_in(Client(), email, "a-wrong-password")
            text = answer.content.decode().replace(email, "…")
            return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)

        assert page("budi@example.com") == page("nono@example.com")

    def test_a_wrong_password_lets_nobody_in(self, dimas: Client, budi: User) -> None:
        try_to_log_in(dimas, budi.email, "a-wrong-password")

        assert is_logged_in(dimas) is False

    def test_somebody_who_left_stays_outside(self, dimas: Client, budi: User) -> None:
        budi.is_active = False
        budi.save()

        try_to_log_in(dimas, budi.email)

        assert is_logged_in(dimas) is False

    def test_a_guest_s_odd_form_is_answered(self, dimas: Client, budi: User) -> None:
        answer = try_to_log_in(dimas, "\x00" * 300, "x" * 5000)

        assert answer.status_code == 400
        assert is_logged_in(dimas) is False


class LimitTests:
    def test_the_eleventh_wrong_password_is_told_to_wait(self, dimas: Client, budi: User) -> None:
        answers = [try_to_log_in(dimas, budi.email, "wrong").status_code for _ in range(11)]

        answer = try_to_log_in(dimas, budi.email, headers=JSON)

        assert answers == [400] * 10 + [429]
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_tries")
        assert 0 < int(answer["Retry-After"]) <= WRONG_FOR_PERSON.seconds
        assert is_logged_in(dimas) is False

    def test_another_address_is_not_locked_out_with_it(self, dimas: Client, budi: User) -> None:
        for _ in range(11):
            try_to_log_in(dimas, budi.email, "wrong")

        try_to_log_in(dimas, budi.email, REMOTE_ADDR="203.0.113.7")

        assert is_logged_in(dimas) is True

    def test_right_ones_are_never_counted(self, budi: User) -> None:
        for _ in range(12):
            assert try_to_log_in(Client(), budi.email).status_code == 302

    def test_an_address_that_tries_many_people_is_stopped(self, dimas: Client, budi: User) -> None:
        for _ in range(WRONG_FROM_ADDRESS.most):
            ratelimit.count(WRONG_FROM_ADDRESS, "127.0.0.1")

        assert try_to_log_in(dimas, budi.email).status_code == 429


class SignUpTests:
    def test_the_form_is_not_shown(self, dimas: Client) -> None:
        answer = dimas.get("/accounts/signup/")

        assert b'name="password1"' not in answer.content

    def test_sending_it_makes_nobody(self, dimas: Client) -> None:
        answer = dimas.post(
            "/accounts/signup/", {"email": "dimas@example.com", "password1": PASSWORD}
        )

        assert User.objects.count() == 0
        assert answer.status_code == 200


class LogoutTests:
    def test_asking_for_the_page_changes_nothing(self, dimas: Client, budi: User) -> None:
        try_to_log_in(dimas, budi.email)

        dimas.get("/accounts/logout/")

        assert is_logged_in(dimas) is True

    def test_the_form_ends_the_session(self, dimas: Client, budi: User) -> None:
        try_to_log_in(dimas, budi.email)

        dimas.post("/accounts/logout/")

        assert is_logged_in(dimas) is False


class ClosedByDefaultTests:
    @pytest.mark.parametrize("address", ["/admin/", "/accounts/email/", "/accounts/2fa/"])
    def test_a_stranger_is_sent_to_the_log_in(self, dimas: Client, address: str) -> None:
        answer = dimas.get(address)

        assert answer.status_code == 302
        assert answer["Location"].split("?")[0] in {LOGIN, "/admin/login/"}

    def test_a_client_is_not_let_into_the_studio(self, budi: User, log_in: Any) -> None:
        answer = log_in(budi).get("/admin/")

        assert answer.status_code in {302, 403}


class PasswordResetTests:
    def test_the_mail_s_link_is_ours_whatever_the_host_header_says(
        self, dimas: Client, budi: User, settings: Settings, mailoutbox: list[EmailMessage]
    ) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        settings.SITE_URL = "https://photos.example.com"

        dimas.post(
            "/accounts/password/reset/", {"email": budi.email}, headers={"host": "evil.example"}
        )

        words = str(mailoutbox[0].body)
        assert "https://photos.example.com/accounts/password/reset/key/" in words
        assert "evil.example" not in words + mailoutbox[0].subject

    def test_an_unknown_address_gets_no_mail_and_the_same_answer(
        self, dimas: Client, budi: User, mailoutbox: list[EmailMessage]
    ) -> None:
        known = dimas.post("/accounts/password/reset/", {"email": budi.email})
        unknown = dimas.post("/accounts/password/reset/", {"email": "nobody@example.com"})

        assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
        assert [mail.to for mail in mailoutbox] == [[budi.email]]


class EmailPageTests:
    def test_nobody_adds_addresses_to_an_account(
        self, log_in: Callable[[User], Client], budi: User
    ) -> None:
        assert log_in(budi).get("/accounts/email/").status_code == 404

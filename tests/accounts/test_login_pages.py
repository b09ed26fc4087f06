"""The pages of logging in, of the password and of the second factor, as people see them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from hafiportrait.accounts.models import User
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

LogIn = Callable[[User], Client]
SECRET = "JBSWY3DPEHPK3PXP"
FOR_STRANGERS = (
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
)
FOR_EVERYBODY_LOGGED_IN = (
    "account_change_password",
    "account_logout",
    "account_reauthenticate",
    "mfa_index",
    "mfa_reauthenticate",
)
FOR_THOSE_WHO_PROVED_IT = (
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
)
WORDS = {"id": "Masuk", "en": "Log in"}
INLINE = re.compile(
    r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*(src=|application/json))"
)
every_language = pytest.mark.parametrize("language", ["id", "en"])


def look(browser: Client, name: str, language: str) -> Any:
    return browser.get(reverse(name), headers={"Accept-Language": language}, follow=True)


def is_our_page(response: Any, language: str) -> bool:
    """Return whether it is a page of our own frame, in this language, and ours to the last line."""
    text = response.content.decode()
    return (
        response.status_code == 200
        and f'<html lang="{language}">' in text
        and text.count('class="page__main account"') == 1
        and not INLINE.search(text)
    )


@pytest.fixture
def budis_browser(budi: User, dimas: Client) -> Client:
    """The browser of Budi, who has a second factor and has proved who he is."""
    TOTP.activate(budi, SECRET)
    RecoveryCodes.activate(budi)
    dimas.force_login(budi, backend="allauth.account.auth_backends.AuthenticationBackend")
    dimas.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return dimas


class LoginPageTests:
    @every_language
    @pytest.mark.parametrize("name", FOR_STRANGERS)
    def test_pages_for_strangers_are_ours(self, name: str, language: str, budi: User) -> None:
        response = look(Client(), name, language)

        if name == "account_logout":  # nobody to log out: on to the start page
            assert response.redirect_chain != []
        else:
            assert is_our_page(response, language)

    @every_language
    @pytest.mark.parametrize("name", FOR_EVERYBODY_LOGGED_IN)
    def test_pages_of_those_who_are_logged_in_are_ours(
        self, name: str, language: str, budis_browser: Client
    ) -> None:
        assert is_our_page(look(budis_browser, name, language), language)

    @every_language
    @pytest.mark.parametrize("name", FOR_THOSE_WHO_PROVED_IT)
    def test_pages_of_the_second_factor_are_ours(
        self, name: str, language: str, budis_browser: Client
    ) -> None:
        assert is_our_page(look(budis_browser, name, language), language)

    @pytest.mark.parametrize("name", FOR_THOSE_WHO_PROVED_IT + FOR_EVERYBODY_LOGGED_IN)
    def test_strangers_see_none_of_them(self, name: str, dimas: Client) -> None:
        response = dimas.get(reverse(name))

        assert response.status_code == 302

    @every_language
    def test_enrolment_shows_a_code_to_scan_and_to_type(
        self, language: str, budi: User, log_in: LogIn
    ) -> None:
        browser = log_in(budi)
        browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})

        response = look(browser, "mfa_activate_totp", language)

        text = response.content.decode()
        secret = browser.session["mfa.totp.secret"]
        assert is_our_page(response, language)
        assert len(re.findall(r'class="account__qr"\s+src="data:image/svg\+xml', text)) == 1
        assert text.count(f'value="{secret}"') == 1

    @every_language
    def test_the_second_factor_is_asked_for_on_our_page(
        self, language: str, budi: User, dimas: Client
    ) -> None:
        TOTP.activate(budi, SECRET)
        form = {"login": budi.email, "password": PASSWORD}

        response = dimas.post(
            reverse("account_login"), form, headers={"Accept-Language": language}, follow=True
        )

        assert response.redirect_chain[-1][0] == reverse("mfa_authenticate")
        assert is_our_page(response, language)

    @every_language
    def test_the_log_in_offers_neither_sign_up_nor_a_guest_s_detour(
        self, language: str, dimas: Client
    ) -> None:
        text = look(dimas, "account_login", language).content.decode()

        assert text.count(reverse("account_signup")) == 0
        assert text.count(f'href="{reverse("events:enter")}"') == 1
        assert text.count(f"<h1>{WORDS[language]}</h1>") == 1

    def test_every_field_has_its_label(self, dimas: Client) -> None:
        text = dimas.get(reverse("account_login")).content.decode()

        labels = re.findall(r'<label for="(\w+)">', text)
        assert labels == ["id_login", "id_password"]
        assert [text.count(f'id="{label}"') for label in labels] == [1, 1]

    def test_a_wrong_password_is_said_on_the_page_and_read_out(self, budi: User) -> None:
        browser = Client(headers={"Accept-Language": "en"})

        response = browser.post(
            reverse("account_login"), {"login": budi.email, "password": "a-wrong-password"}
        )

        text = response.content.decode()
        reason = "The email address and/or password you specified are not correct."
        assert text.count(f'<p class="field__error" role="alert">{reason}</p>') == 1

    def test_no_page_of_it_is_kept_by_a_cache(self, dimas: Client) -> None:
        response = dimas.get(reverse("account_login"))

        assert response.headers["Cache-Control"].split(", ").count("no-store") == 1


class AfterLoginTests:
    def test_strangers_are_asked_to_log_in(self, dimas: Client) -> None:
        response = dimas.get(reverse("accounts:after-login"))

        assert response.headers["Location"].startswith(reverse("account_login"))

    def test_only_reading_is_allowed(self, budi: User, log_in: LogIn) -> None:
        assert log_in(budi).post(reverse("accounts:after-login")).status_code == 405

    def test_photographers_go_to_the_studio(
        self, hafi: User, log_in: LogIn, settings: Settings
    ) -> None:
        settings.SECOND_FACTOR_REQUIRED = False

        response = log_in(hafi).get(reverse("accounts:after-login"))

        assert response.headers["Location"] == reverse("admin:index")

    def test_clients_go_to_their_galleries(self, budi: User, log_in: LogIn) -> None:
        response = log_in(budi).get(reverse("accounts:after-login"))

        assert response.headers["Location"] == "/masuk/"

    def test_the_log_in_leads_there(self, budi: User, dimas: Client) -> None:
        response = dimas.post(reverse("account_login"), {"login": budi.email, "password": PASSWORD})

        assert response.headers["Location"] == reverse("accounts:after-login")

    def test_a_log_in_on_the_way_to_the_studio_leads_on(
        self, hafi: User, dimas: Client, settings: Settings
    ) -> None:
        settings.SECOND_FACTOR_REQUIRED = False
        asked = dimas.get("/admin/events/event/", follow=True).redirect_chain[-1][0]

        form = {"login": hafi.email, "password": PASSWORD, "next": "/admin/events/event/"}
        response = dimas.post(asked, form)

        assert response.headers["Location"] == "/admin/events/event/"

    @pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "\\\\evil"])
    def test_a_log_in_never_leads_out_of_the_site(
        self, elsewhere: str, budi: User, dimas: Client
    ) -> None:
        form = {"login": budi.email, "password": PASSWORD, "next": elsewhere}

        response = dimas.post(reverse("account_login"), form)

        assert response.headers["Location"] == reverse("accounts:after-login")


class LanguageTests:
    def test_a_visitor_chooses_and_comes_back_to_the_page(self, dimas: Client) -> None:
        page = reverse("account_login")

        response = dimas.post(reverse("set_language"), {"language": "en", "next": page})

        assert response.headers["Location"] == page
        assert '<html lang="en">' in dimas.get(page).content.decode()

    def test_the_studio_offers_both_languages(
        self, hafi: User, log_in: LogIn, settings: Settings
    ) -> None:
        settings.SECOND_FACTOR_REQUIRED = False

        text = log_in(hafi).get("/admin/events/event/?q=a").content.decode()

        assert re.findall(r'name="language"\s+value="(\w+)"', text) == ["id", "en"]
        assert re.findall(r'name="next"\s+value="(.+?)"', text) == ["/admin/events/event/?q=a"]


class PasswordResetTests:
    def test_known_and_unknown_addresses_get_the_same_answer(self, budi: User) -> None:
        answers = [
            Client().post(reverse("account_reset_password"), {"email": email}).headers["Location"]
            for email in (budi.email, "nobody@example.com")
        ]

        assert answers == [reverse("account_reset_password_done")] * 2
        assert [message.to for message in mail.outbox] == [[budi.email]]

    def test_an_account_made_without_a_password_gets_one(self, dimas: Client) -> None:
        UserFactory.create(email="siti@example.com", password=None)
        User.objects.get(email="siti@example.com").set_unusable_password()
        dimas.post(reverse("account_reset_password"), {"email": "siti@example.com"})
        (link,) = re.findall(r"http://testserver(\S+)", str(mail.outbox[0].body))

        page = dimas.get(link, follow=True)
        new = {"password1": "sangat-panjang-99", "password2": "sangat-panjang-99"}
        dimas.post(page.redirect_chain[-1][0], new)

        assert is_our_page(page, "id")
        assert User.objects.get(email="siti@example.com").check_password("sangat-panjang-99")

    def test_a_used_link_says_so_on_our_page(self, dimas: Client) -> None:
        link = reverse("account_reset_password_from_key", args=["junk", "set-password"])

        assert is_our_page(dimas.get(link), "id")

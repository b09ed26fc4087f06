"""People in the photographer's admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from pytest_django import Settings

from hafiportrait.accounts.models import User
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

LogIn = Callable[[User], Client]
LIST = "/admin/accounts/user/"
NEW_PASSWORD = "sangat-panjang-99"


def page_of(person: User) -> str:
    return f"{LIST}{person.pk}/change/"


def typed(person: User, **changes: str) -> dict[str, Any]:
    form = {
        "email": person.email,
        "full_name": person.full_name,
        "phone": person.phone or "",
        "role": person.role,
        "is_active": "on",
    }
    return form | changes


@pytest.fixture
def studio(hafi: User, log_in: LogIn, settings: Settings) -> Client:
    """The photographer's browser; the second factor has tests of its own."""
    settings.SECOND_FACTOR_REQUIRED = False
    client = log_in(hafi)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


class PersonAddTests:
    def new(self, **changes: str) -> dict[str, str]:
        form = {
            "email": "siti@example.com",
            "full_name": "Siti",
            "role": "CLIENT",
            "usable_password": "true",
            "password1": NEW_PASSWORD,
            "password2": NEW_PASSWORD,
        }
        return form | changes

    def test_clients_make_nobody(self, budi: User, log_in: LogIn) -> None:
        response = log_in(budi).post(f"{LIST}add/", self.new(role="ADMIN"), follow=True)

        assert response.status_code == 403
        assert User.objects.count() == 1

    def test_a_client_is_made_and_logs_in(self, studio: Client, dimas: Client) -> None:
        studio.post(f"{LIST}add/", self.new(email="Siti@Example.com"))

        dimas.post("/accounts/login/", {"login": "siti@example.com", "password": NEW_PASSWORD})
        siti = User.objects.get(email="siti@example.com")
        assert (siti.role, siti.is_staff) == (User.Role.CLIENT, False)
        assert dimas.session["_auth_user_id"] == str(siti.pk)

    def test_without_a_password_nobody_logs_in_by_one(self, studio: Client) -> None:
        studio.post(f"{LIST}add/", self.new(usable_password="false", password1="", password2=""))

        assert User.objects.get(email="siti@example.com").has_usable_password() is False

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"email": "BUDI@example.com"}, "email"),
            ({"email": "no address"}, "email"),
            ({"full_name": ""}, "full_name"),
            ({"role": "OWNER"}, "role"),
            ({"password2": "something-else-1"}, "password2"),
            ({"password1": "12345678", "password2": "12345678"}, "password2"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(
        self, changes: dict[str, str], field: str, studio: Client, budi: User
    ) -> None:
        response = studio.post(f"{LIST}add/", self.new(**changes))

        assert set(response.context["adminform"].form.errors) - {"__all__"} == {field}
        assert User.objects.count() == 2


class PersonChangeTests:
    def test_clients_change_nobody(self, budi: User, log_in: LogIn) -> None:
        response = log_in(budi).post(page_of(budi), typed(budi, role="ADMIN"), follow=True)

        assert response.status_code == 403
        assert User.objects.get().role == User.Role.CLIENT

    def test_a_changed_address_logs_in_and_the_old_one_does_not(
        self, budi: User, studio: Client
    ) -> None:
        EmailAddress.objects.create(user=budi, email=budi.email, primary=True, verified=True)

        studio.post(page_of(budi), typed(budi, email="budi@baru.example.com"))

        answers = {}
        for email in ("budi@example.com", "budi@baru.example.com"):
            browser = Client()
            browser.post("/accounts/login/", {"login": email, "password": PASSWORD})
            answers[email] = "_auth_user_id" in browser.session
        assert answers == {"budi@example.com": False, "budi@baru.example.com": True}

    def test_the_password_is_neither_shown_nor_lost(self, budi: User, studio: Client) -> None:
        text = studio.get(page_of(budi)).content.decode()
        studio.post(page_of(budi), typed(budi, full_name="Budi Santoso"))

        found = User.objects.get(pk=budi.pk)
        assert budi.password not in text
        assert (found.full_name, found.password) == ("Budi Santoso", budi.password)

    def test_a_new_password_ends_the_sessions_of_the_old(
        self, budi: User, studio: Client, log_in: LogIn
    ) -> None:
        browser = log_in(budi)
        form = {"usable_password": "true", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}

        studio.post(f"{LIST}{budi.pk}/password/", {**form, "set-password": "1"})

        assert User.objects.get(pk=budi.pk).check_password(NEW_PASSWORD) is True
        assert browser.get("/accounts/password/change/").status_code == 302

    def test_the_password_page_of_nobody_is_not_found(self, studio: Client) -> None:
        assert studio.get(f"{LIST}junk/password/").status_code == 404

    def test_photographers_cannot_lock_themselves_out(self, hafi: User, studio: Client) -> None:
        form = typed(hafi, role="CLIENT", full_name="Hafi H.")
        del form["is_active"]

        studio.post(page_of(hafi), form)
        deleted = studio.post(f"{LIST}{hafi.pk}/delete/", {"post": "yes"})
        studio.post(
            LIST, {"action": "delete_selected", "_selected_action": str(hafi.pk), "post": "yes"}
        )

        found = User.objects.get(pk=hafi.pk)
        assert (found.full_name, found.role, found.is_active) == ("Hafi H.", "ADMIN", True)
        assert deleted.status_code == 403


class SecondFactorTests:
    def test_the_list_says_who_has_one(self, hafi: User, budi: User, studio: Client) -> None:
        TOTP.activate(hafi, "JBSWY3DPEHPK3PXP")

        rows = studio.get(LIST).context["cl"].result_list

        assert {row.full_name: row.second_factor for row in rows} == {"Hafi": True, "Budi": False}

    def test_a_lost_one_is_removed_with_its_recovery_codes(
        self, mira: User, hafi: User, studio: Client
    ) -> None:
        TOTP.activate(mira, "JBSWY3DPEHPK3PXP")
        TOTP.activate(hafi, "JBSWY3DPEHPK3PXP")
        Authenticator.objects.create(user=mira, type="recovery_codes", data={})

        response = studio.post(
            LIST,
            {"action": "remove_second_factor", "_selected_action": str(mira.pk)},
            follow=True,
        )

        said = [str(message) for message in response.context["messages"]]
        assert said == ["The second factor of one person was removed."]
        assert list(Authenticator.objects.values_list("user", flat=True)) == [hafi.pk]

    def test_its_secrets_have_no_page(self, studio: Client) -> None:
        answers = [
            studio.get(f"/admin/{place}/").status_code
            for place in ("mfa/authenticator", "account/emailaddress", "auth/group")
        ]

        assert answers == [404, 404, 404]

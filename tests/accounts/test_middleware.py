"""Outside the demo a photographer has a second factor before anything else."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries, Settings

from hafiportrait.accounts.middleware import ClosedByDefaultMiddleware
from hafiportrait.accounts.models import User
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

ENROLMENT = "/accounts/2fa/totp/activate/"
REAUTHENTICATION = "/accounts/reauthenticate/"
SECRET = "JBSWY3DPEHPK3PXP"
LogIn = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _outside_the_demo(settings: Settings) -> None:
    settings.DEMO = False
    settings.SECOND_FACTOR_REQUIRED = True


def code_now(secret: str) -> str:
    """Return what the photographer's telephone shows."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


class SecondFactorTests:
    def test_a_photographer_without_one_is_led_to_enrol(self, hafi: User, log_in: LogIn) -> None:
        answer = log_in(hafi).get("/admin/")

        assert (answer.status_code, answer["Location"]) == (302, ENROLMENT)

    def test_a_form_sent_without_one_changes_nothing(self, hafi: User, log_in: LogIn) -> None:
        answer = log_in(hafi).post(f"/admin/accounts/user/{hafi.pk}/delete/", {"post": "yes"})

        assert (answer.status_code, answer["Location"]) == (302, ENROLMENT)
        assert User.objects.filter(pk=hafi.pk).exists() is True

    def test_with_one_the_studio_is_open(self, hafi: User, log_in: LogIn) -> None:
        TOTP.activate(hafi, SECRET)

        assert log_in(hafi).get("/admin/").status_code == 200

    def test_in_the_demo_nobody_is_asked(
        self, hafi: User, log_in: LogIn, settings: Settings
    ) -> None:
        settings.SECOND_FACTOR_REQUIRED = False

        assert log_in(hafi).get("/admin/").status_code == 200

    def test_a_client_is_not_forced(self, budi: User, log_in: LogIn) -> None:
        answer = log_in(budi).get("/accounts/password/change/")

        assert answer.status_code == 200

    @pytest.mark.parametrize("address", ["/accounts/2fa/", "/accounts/logout/"])
    def test_the_way_to_enrol_and_the_way_out_stay_open(
        self, hafi: User, log_in: LogIn, address: str
    ) -> None:
        assert log_in(hafi).get(address).status_code == 200

    def test_a_stranger_is_sent_to_the_log_in_as_ever(self, dimas: Client) -> None:
        answer = dimas.get("/admin/")

        assert answer["Location"].split("?")[0] in {"/admin/login/", "/accounts/login/"}


class EnrolmentTests:
    def test_a_photographer_proves_the_password_enrols_and_gets_in(
        self, hafi: User, dimas: Client
    ) -> None:
        dimas.post("/accounts/login/", {"login": hafi.email, "password": PASSWORD})
        asked = dimas.get(ENROLMENT)
        proved = dimas.post(asked["Location"], {"password": PASSWORD})
        dimas.get(ENROLMENT)
        secret = dimas.session["mfa.totp.secret"]

        answer = dimas.post(ENROLMENT, {"code": code_now(secret)})

        assert asked["Location"].split("?")[0] == REAUTHENTICATION
        assert (proved["Location"], answer.status_code) == (ENROLMENT, 302)
        assert Authenticator.objects.filter(user=hafi, type="totp").count() == 1
        assert dimas.get("/admin/").status_code == 200

    def test_a_wrong_password_proves_nothing(self, hafi: User, dimas: Client) -> None:
        dimas.post("/accounts/login/", {"login": hafi.email, "password": PASSWORD})
        dimas.post(REAUTHENTICATION, {"password": "a-wrong-password"})

        answer = dimas.get(ENROLMENT)

        assert answer["Location"].split("?")[0] == REAUTHENTICATION

    def test_the_password_alone_no_longer_opens_the_studio(self, hafi: User, dimas: Client) -> None:
        TOTP.activate(hafi, SECRET)

        answer = dimas.post("/accounts/login/", {"login": hafi.email, "password": PASSWORD})

        assert answer["Location"] == "/accounts/2fa/authenticate/"
        assert "_auth_user_id" not in dimas.session

    def test_password_and_code_open_it(self, hafi: User, dimas: Client) -> None:
        TOTP.activate(hafi, SECRET)
        dimas.post("/accounts/login/", {"login": hafi.email, "password": PASSWORD})

        dimas.post("/accounts/2fa/authenticate/", {"code": code_now(SECRET)})

        assert dimas.session["_auth_user_id"] == str(hafi.pk)
        assert dimas.get("/admin/").status_code == 200

    def test_the_studio_s_own_log_in_is_the_same_one(self, hafi: User, dimas: Client) -> None:
        TOTP.activate(hafi, SECRET)

        answer = dimas.post("/admin/login/", {"username": hafi.email, "password": PASSWORD})

        assert answer.status_code == 302
        assert answer["Location"].split("?")[0] == "/accounts/login/"
        assert "_auth_user_id" not in dimas.session


class ClosedByDefaultTests:
    def test_a_public_view_is_let_through_without_asking_who_it_is(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        def public(request: object) -> None: ...

        public.login_required = False  # type: ignore[attr-defined]  # as Django's decorator does
        door = ClosedByDefaultMiddleware(lambda request: None)  # type: ignore[arg-type]  # never called

        with django_assert_num_queries(0):
            answer = door.process_view(RequestFactory().get("/"), public, (), {})

        assert answer is None

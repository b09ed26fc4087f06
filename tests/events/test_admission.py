"""Who is admitted, to which event, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from events.admission import (
    GUEST_COOKIES_LIMIT,
    Actor,
    Audience,
    admit,
    cookie_name,
    is_closed_to,
    let_in,
    remember_browser,
)
from events.models import Event
from events.services import end_admissions, rotate_code
from hafiportrait.accounts.models import User
from tests.factories import EventFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Browser:
    """A browser as far as cookies go."""

    def __init__(self, user: User | None = None) -> None:
        self.cookies: dict[str, str] = {"sessionid": "x"} if user else {}
        self.user = user

    def request(self) -> HttpRequest:
        """Return a request with all its cookies."""
        request = RequestFactory().get("/")
        request.COOKIES = dict(self.cookies)
        request.user = self.user or AnonymousUser()
        return request

    def keep(self, response: HttpResponse) -> HttpResponse:
        """Keep the cookies of an answer, and forget those that it takes back."""
        for name, morsel in response.cookies.items():
            if morsel["max-age"] == 0:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
        return response

    def open_form(self) -> None:
        """See the page on which one types a code."""
        response = HttpResponse()
        remember_browser(self.request(), response)
        self.keep(response)

    def enter(self, event: Event, entered_by: str = "CODE") -> HttpResponse:
        """Be let in."""
        return self.keep(let_in(self.request(), HttpResponse(), event, entered_by=entered_by))

    def actor(self, event: Event) -> Actor | None:
        """Return as whom the browser is admitted."""
        return admit(self.request(), event)


def session_of(browser: Browser, event: Event) -> str:
    """Return the session under which an admitted browser is known."""
    actor = browser.actor(event)
    assert actor is not None
    return actor.session_id


class GuestTests:
    def test_a_stranger_is_not_admitted(self, event: Event) -> None:
        assert Browser().actor(event) is None

    def test_who_was_let_in_is_a_guest_of_256_random_bits(
        self, event: Event, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        sari = Browser()
        sari.enter(event, "QR")

        with django_assert_num_queries(0):
            actor = sari.actor(event)

        assert actor is not None
        assert (actor.audience, actor.entered_by, actor.user) == (Audience.GUEST, "QR", None)
        assert (actor.sees_everything, actor.is_staff) == (False, False)
        assert len(bytes.fromhex(actor.session_id)) == 32

    def test_the_cookie_is_for_servers_only_and_lasts_ninety_days(
        self, event: Event, settings: Settings
    ) -> None:
        settings.HTTPS = True

        cookie = Browser().enter(event).cookies[cookie_name(event)]

        assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
        assert cookie["max-age"] == 90 * 24 * 3600

    def test_the_cookie_does_not_say_the_code(self, event: Event) -> None:
        sari = Browser()
        sari.enter(event)

        assert "KEBAYA77" not in str(sari.cookies)

    def test_two_guests_are_two_sessions(self, event: Event) -> None:
        sari, another = Browser(), Browser()
        for browser in (sari, another):
            browser.open_form()
            browser.enter(event)

        assert session_of(sari, event) != session_of(another, event)


class ForgeryTests:
    def test_another_event_s_admission_opens_nothing(self, event: Event) -> None:
        other = EventFactory.create()
        sari = Browser()
        sari.enter(event)

        sari.cookies[cookie_name(other)] = sari.cookies[cookie_name(event)]

        assert sari.actor(other) is None
        assert sari.actor(event) is not None

    def test_every_changed_character_is_noticed(self, event: Event) -> None:
        sari = Browser()
        sari.enter(event)
        value = sari.cookies[cookie_name(event)]

        admitted = 0
        for place in range(len(value)):
            changed = "A" if value[place] != "A" else "B"
            sari.cookies[cookie_name(event)] = value[:place] + changed + value[place + 1 :]
            admitted += sari.actor(event) is not None

        assert admitted == 0

    def test_a_key_of_before_opens_nothing(self, event: Event) -> None:
        from django.core import signing

        body = f"{event.pk.hex}.1.CODE.0.{'f' * 64}"
        forged = signing.Signer(key="k" * 50, salt="events.admission").sign(body)
        dimas = Browser()

        dimas.cookies[cookie_name(event)] = forged.partition(".")[2]

        assert dimas.actor(event) is None

    @hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(max_size=200))
    def test_any_text_is_no_admission(self, event: Event, value: str) -> None:
        dimas = Browser()

        dimas.cookies[cookie_name(event)] = value

        assert dimas.actor(event) is None

    @pytest.mark.parametrize(
        "value", ["1.CODE.²." + "f" * 64, "1.CODE." + "9" * 5000, "..", "a.b."]
    )
    @pytest.mark.parametrize("name", ["hp_guest_" + "0" * 32, "hp_guest_[x]", "hp_guest_a b,\x00"])
    def test_odd_cookies_break_nothing(self, event: Event, name: str, value: str) -> None:
        dimas = Browser()
        dimas.cookies = {f"{name[:-2]}{n:02}": value for n in range(30)} | {name: value}

        dimas.enter(event)

        assert dimas.actor(event) is not None

    @pytest.mark.parametrize("value", ["", ":", "forged", "forged:signature", "\x00"])
    def test_a_forged_browser_name_is_no_name(self, event: Event, value: str) -> None:
        sessions = []
        for _ in range(2):
            dimas = Browser()
            dimas.cookies["hp_browser"] = value
            dimas.enter(event)
            sessions.append(session_of(dimas, event))

        assert sessions[0] != sessions[1]


class VersionTests:
    def test_a_new_code_ends_an_admission_on_the_next_request(self, event: Event) -> None:
        sari = Browser()
        sari.enter(event)

        rotate_code(event=event)

        assert sari.actor(event) is None

    def test_who_enters_again_keeps_the_session_and_its_likes(self, event: Event) -> None:
        sari = Browser()
        sari.enter(event)
        before = session_of(sari, event)
        end_admissions(event=event)

        sari.enter(event)

        assert session_of(sari, event) == before

    def test_a_version_of_the_future_opens_nothing(self, event: Event) -> None:
        sari = Browser()
        event.access_version = 2
        sari.enter(event)

        event.access_version = 1

        assert sari.actor(event) is None


class SeveralEventsTests:
    def test_a_browser_may_be_a_guest_of_several(self, event: Event) -> None:
        other = EventFactory.create()
        sari = Browser()
        sari.open_form()

        sari.enter(event)
        sari.enter(other)

        assert session_of(sari, event) != session_of(sari, other)

    def test_beyond_twenty_the_oldest_is_forgotten(self) -> None:
        events = EventFactory.create_batch(GUEST_COOKIES_LIMIT + 2)
        sari = Browser()
        for number, event in enumerate(events):
            with time_machine.travel(NOON + timedelta(minutes=number), tick=False):
                sari.enter(event)

        admitted = [event for event in events if sari.actor(event)]

        assert admitted == events[2:]

    def test_a_browser_that_enters_many_times_at_once_is_one_guest(self, event: Event) -> None:
        sari = Browser()
        sari.open_form()
        sessions = set()

        for _ in range(30):
            same_moment = Browser()
            same_moment.cookies = dict(sari.cookies)
            same_moment.enter(event)
            sessions.add(session_of(same_moment, event))

        assert len(sessions) == 1

    def test_a_browser_is_named_once(self) -> None:
        sari = Browser()
        sari.open_form()
        first = dict(sari.cookies)

        sari.open_form()

        assert sari.cookies == first


class LogInTests:
    @pytest.mark.parametrize(
        ("who", "audience"),
        [("hafi", Audience.STAFF), ("budi", Audience.CLIENT), ("ani", Audience.CLIENT)],
    )
    def test_staff_client_and_partner_are_admitted_by_it(
        self,
        event: Event,
        request: pytest.FixtureRequest,
        settings: Settings,
        who: str,
        audience: Audience,
    ) -> None:
        settings.SECOND_FACTOR_REQUIRED = False
        user = request.getfixturevalue(who)

        actor = Browser(user).actor(event)

        assert actor is not None
        assert (actor.audience, actor.user, actor.entered_by) == (audience, user, "CLIENT")
        assert actor.sees_everything is True

    def test_a_person_is_one_session_in_every_browser(self, event: Event, budi: User) -> None:
        assert session_of(Browser(budi), event) == session_of(Browser(budi), event)

    def test_another_couple_is_not_admitted(self, event: Event) -> None:
        other = EventFactory.create()
        stranger = User.objects.create_user("other@example.com", full_name="Other")
        other.partners.add(stranger)

        assert Browser(stranger).actor(event) is None

    def test_another_couple_may_be_a_guest(self, event: Event) -> None:
        stranger = Browser(User.objects.create_user("other@example.com", full_name="Other"))
        stranger.enter(event)

        actor = stranger.actor(event)

        assert actor is not None
        assert (actor.audience, actor.user) == (Audience.GUEST, None)

    def test_somebody_who_left_is_not_admitted(self, event: Event, budi: User) -> None:
        budi.is_active = False

        assert Browser(budi).actor(event) is None

    def test_without_a_session_cookie_nobody_is_looked_up(self, event: Event, budi: User) -> None:
        browser = Browser(budi)
        browser.cookies.clear()

        assert browser.actor(event) is None


class SecondFactorTests:
    @pytest.fixture(autouse=True)
    def _outside_the_demo(self, settings: Settings) -> None:
        settings.SECOND_FACTOR_REQUIRED = True

    def test_a_photographer_without_one_is_a_stranger(
        self, event: Event, hafi: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(2):  # the factor, partners
            assert Browser(hafi).actor(event) is None

    def test_with_one_it_is_the_photographer(
        self, event: Event, hafi: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        TOTP.activate(hafi, "JBSWY3DPEHPK3PXP")

        with django_assert_num_queries(1):  # the factor
            actor = Browser(hafi).actor(event)

        assert actor is not None
        assert (actor.audience, actor.user) == (Audience.STAFF, hafi)

    def test_without_one_a_photographer_with_the_code_is_a_guest(
        self, event: Event, hafi: User
    ) -> None:
        browser = Browser(hafi)
        browser.enter(event)

        actor = browser.actor(event)

        assert actor is not None
        assert (actor.audience, actor.user) == (Audience.GUEST, None)

    def test_a_draft_is_not_found_without_one(
        self, event: Event, hafi: User, log_in: Callable[[User], Client]
    ) -> None:
        Event.objects.update(status=Event.Status.DRAFT)
        browser = log_in(hafi)

        addresses = ("/e/budi-ani/", "/e/budi-ani/enter/")

        assert [browser.get(address).status_code for address in addresses] == [404, 404]

    def test_clients_need_none_and_cost_nothing_more(
        self,
        event: Event,
        budi: User,
        ani: User,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        with django_assert_num_queries(1):  # partners
            actors = [Browser(person).actor(event) for person in (budi, ani)]

        assert [actor and actor.audience for actor in actors] == [Audience.CLIENT] * 2


class ClosedTests:
    @pytest.mark.parametrize(
        ("status", "hours", "closed"),
        [("ACTIVE", 1, False), ("ACTIVE", 0, True), ("ACTIVE", -1, True), ("ARCHIVED", 1, True)],
    )
    def test_it_is_closed_to_guests_once_archived_or_over(
        self, event: Event, status: str, hours: int, closed: bool
    ) -> None:
        event.status = status
        event.storage_expires_at = NOON + timedelta(hours=hours)
        guest = Actor(Audience.GUEST, "s", "QR")

        assert is_closed_to(event, guest, at=NOON) is closed
        assert is_closed_to(event, None, at=NOON) is closed

    @pytest.mark.parametrize("audience", [Audience.CLIENT, Audience.STAFF])
    def test_it_stays_open_for_the_couple_and_the_studio(
        self, event: Event, audience: Audience, budi: Any
    ) -> None:
        event.status = Event.Status.ARCHIVED

        assert is_closed_to(event, Actor(audience, "s", "CLIENT", budi), at=NOON) is False

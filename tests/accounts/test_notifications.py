"""What people are told: once for each fact, in their language, and not if they do not want it."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from hafiportrait.accounts import notifications
from hafiportrait.accounts.models import Notification, User
from hafiportrait.accounts.notifications import Kind, notify
from hafiportrait.lib import jobs
from tests.factories import EventFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 21, 4, tzinfo=UTC)
Status = Notification.Status


def shown(notification: Notification) -> dict[str, Any] | None:
    """Return what the letter of the tests shows, which is void where it says so."""
    return None if notification.context.get("is_void") else {"event": EventFactory.build()}


def a_kind(name: str, **values: Any) -> Kind:
    usual: dict[str, Any] = {"label": "News", "role": User.Role.CLIENT, "context": shown}
    return Kind(name, template="events/email/gallery_closes", **(usual | values))


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    both = (Notification.Channel.EMAIL, Notification.Channel.BELL)
    kinds = [
        a_kind("news"),
        a_kind("invitation", is_essential=True),
        a_kind("work", role=User.Role.ADMIN, channels=both),
    ]
    monkeypatch.setattr(notifications, "_kinds", {kind.name: kind for kind in kinds})


@pytest.fixture
def clock() -> Iterator[Any]:
    """The clock, standing at noon until it is moved."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def send() -> None:
    """Let a worker do what is due."""
    while jobs.run_next(notifications.JOB):
        pass


def letters() -> list[EmailMultiAlternatives]:
    return [letter for letter in mail.outbox if isinstance(letter, EmailMultiAlternatives)]


class FailingServer:
    """A mail server that answers with an error."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> None:
        self.error = error
        monkeypatch.setattr(EmailMultiAlternatives, "send", self.send)

    def send(self) -> int:
        if self.error:
            raise self.error
        return 1


class NotifyTests:
    def test_a_person_is_told_once_for_each_fact(self, budi: User, ani: User) -> None:
        for fact in ("a", "a", "b"):
            notify(kind="news", to=[budi, ani], fact=fact)
        send()
        notify(kind="news", to=[budi], fact="a")
        send()

        assert sorted(letter.to[0] for letter in letters()) == [
            *("ani@example.com", "ani@example.com"),
            *("budi@example.com", "budi@example.com"),
        ]

    def test_nobody_is_told_what_did_not_happen(self, budi: User) -> None:
        with transaction.atomic():
            notify(kind="news", to=[budi], fact="a")
            transaction.set_rollback(True)

        assert not Notification.objects.exists()

    def test_what_is_for_later_waits(self, budi: User, clock: Any) -> None:
        notify(kind="news", to=[budi], fact="a", due_at=NOON + timedelta(hours=1))

        send()
        assert letters() == []
        clock.move_to(NOON + timedelta(hours=1))
        send()

        assert len(letters()) == 1

    def test_the_bell_rings_at_once_beside_the_letter(self, hafi: User) -> None:
        notify(kind="work", to=[hafi], fact="a")

        rows = Notification.objects.order_by("channel").values_list("channel", "status", "due_at")
        (bell, email) = rows
        assert bell == ("BELL", "SENT", None)
        assert email[:2] == ("EMAIL", "WAITING")


class DeliverTests:
    def test_a_letter_is_sent_and_noted(self, budi: User, clock: Any) -> None:
        notify(kind="news", to=[budi], fact="a")

        send()

        row = Notification.objects.get()
        assert (row.status, row.sent_at, row.to) == (Status.SENT, NOON, "budi@example.com")
        assert (row.due_at, row.claim_token) == (None, None)

    @pytest.mark.parametrize(
        ("language", "greeting"), [("id", "Kepada Budi,"), ("en", "Dear Budi,")]
    )
    def test_it_speaks_the_person_s_language(
        self, budi: User, language: str, greeting: str
    ) -> None:
        notifications.choose_language(person=budi, language=language)
        notify(kind="news", to=[budi], fact="a")

        send()

        (letter,) = letters()
        assert greeting in str(letter.body)
        assert greeting in str(letter.alternatives[0].content)  # type: ignore[attr-defined]
        assert letter.extra_headers["Content-Language"] == language

    def test_a_language_that_is_chosen_later_holds_for_what_waits(self, budi: User) -> None:
        notify(kind="news", to=[budi], fact="a")
        notifications.choose_language(person=budi, language="en")

        send()

        assert "Dear Budi," in str(letters()[0].body)

    def test_it_says_how_to_end_it_in_the_text_the_page_and_the_headers(
        self, budi: User, settings: Settings
    ) -> None:
        notify(kind="news", to=[budi], fact="a")

        send()

        (letter,) = letters()
        address = notifications.unsubscribe_url(budi, "news")
        assert address.startswith(f"{settings.SITE_URL}/accounts/unsubscribe/")
        assert str(letter.body).count(address) == 1
        assert str(letter.alternatives[0].content).count(f'href="{address}"') == 1  # type: ignore[attr-defined]
        assert letter.extra_headers["List-Unsubscribe"] == f"<{address}>"
        assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    def test_an_essential_one_cannot_be_ended(self, budi: User) -> None:
        notifications.mute(person=budi, kind="invitation")
        notify(kind="invitation", to=[budi], fact="a")

        send()

        (letter,) = letters()
        assert "List-Unsubscribe" not in letter.extra_headers
        assert "/unsubscribe/" not in str(letter.body)

    @pytest.mark.parametrize("why", ["muted", "inactive", "void"])
    def test_what_nobody_wants_is_not_sent(self, budi: User, why: str) -> None:
        notify(kind="news", to=[budi], fact="a", context={"is_void": why == "void"})
        if why == "muted":
            notifications.mute(person=budi, kind="news")
        if why == "inactive":
            User.objects.update(is_active=False)

        send()

        assert letters() == []
        assert Notification.objects.get().status == Status.SKIPPED

    def test_one_that_was_sent_twice_is_known_as_one(self, budi: User, settings: Settings) -> None:
        notify(kind="news", to=[budi], fact="a")
        row = Notification.objects.get()

        names = {notifications.compose(row).extra_headers["Message-ID"] for _ in range(2)}  # type: ignore[union-attr]

        assert names == {f"<{row.pk}@{settings.SITE_HOST}>"}


class FaultTests:
    def test_a_mail_server_that_is_down_is_asked_again_for_hours(
        self, budi: User, clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = FailingServer(monkeypatch, ConnectionRefusedError("refused"))
        notify(kind="news", to=[budi], fact="a")
        waits = []

        for _ in range(5):
            send()
            row = Notification.objects.get()
            assert row.due_at is not None
            waits.append(row.due_at - timezone.now())
            clock.move_to(row.due_at)
        server.error = None
        send()

        assert [wait.total_seconds() for wait in waits] == [60, 300, 1800, 7200, 21600]
        assert Notification.objects.get().status == Status.SENT

    def test_it_is_given_up_in_the_end_with_the_reason(
        self, budi: User, clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        FailingServer(monkeypatch, smtplib.SMTPServerDisconnected("gone"))
        notify(kind="news", to=[budi], fact="a")

        for _ in range(6):
            send()
            clock.shift(timedelta(hours=6))

        row = Notification.objects.get()
        assert (row.status, row.attempts, row.error) == (Status.FAILED, 6, "gone")

    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (smtplib.SMTPRecipientsRefused({"a@b.c": (550, b"no such box")}), Status.FAILED),
            (smtplib.SMTPRecipientsRefused({"a@b.c": (450, b"greylisted")}), Status.WAITING),
            (smtplib.SMTPSenderRefused(553, b"not you", "x"), Status.FAILED),
            (smtplib.SMTPDataError(451, b"later"), Status.WAITING),
        ],
    )
    def test_only_what_is_refused_for_good_is_not_tried_again(
        self, budi: User, monkeypatch: pytest.MonkeyPatch, error: Exception, status: str
    ) -> None:
        FailingServer(monkeypatch, error)
        notify(kind="news", to=[budi], fact="a")

        send()

        assert Notification.objects.get().status == status

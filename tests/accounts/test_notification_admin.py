"""The list of what people were told, and a second try for what could not be sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import Settings

from hafiportrait.accounts.models import Notification, User

pytestmark = pytest.mark.django_db

LogIn = Callable[[User], Client]
LIST = "/admin/accounts/notification/"


@pytest.fixture
def studio(hafi: User, log_in: LogIn, settings: Settings) -> Client:
    """The photographer's browser."""
    settings.SECOND_FACTOR_REQUIRED = False
    return log_in(hafi)


def told(person: User, fact: str, status: str) -> Notification:
    return Notification.objects.create(
        user=person,
        kind="gallery-closes",
        fact=fact,
        channel="EMAIL",
        language="id",
        due_at=None,
        attempts=6,
        status=status,
        sent_at=None,
    )


class NotificationAdminTests:
    def test_clients_do_not_see_it(self, budi: User, log_in: LogIn) -> None:
        assert log_in(budi).get(LIST).status_code in (302, 403)

    def test_a_kind_is_called_by_its_label(self, studio: Client, budi: User) -> None:
        told(budi, "a", Notification.Status.FAILED)

        page = studio.get(LIST, headers={"Accept-Language": "en"}).content.decode()

        assert page.count("A gallery closes soon") == 1

    def test_one_of_a_kind_that_nobody_knows_any_more_is_shown(
        self, studio: Client, budi: User
    ) -> None:
        row = told(budi, "a", Notification.Status.FAILED)
        Notification.objects.update(kind="forgotten")

        assert studio.get(LIST).status_code == 200
        assert studio.get(f"{LIST}{row.pk}/change/").status_code == 200

    def test_only_what_was_given_up_is_sent_again(self, studio: Client, budi: User) -> None:
        failed = told(budi, "a", Notification.Status.FAILED)
        skipped = told(budi, "b", Notification.Status.SKIPPED)
        chosen = {"action": "try_again", "_selected_action": [failed.pk, skipped.pk]}

        studio.post(LIST, chosen)

        rows = {row.fact: row for row in Notification.objects.all()}
        assert (rows["a"].status, rows["a"].attempts) == (Notification.Status.WAITING, 0)
        assert rows["a"].due_at is not None
        assert (rows["b"].status, rows["b"].due_at) == (Notification.Status.SKIPPED, None)

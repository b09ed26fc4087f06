"""The page where people choose their letters, and the address that ends one kind of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from hafiportrait.accounts import notifications
from hafiportrait.accounts.models import User

pytestmark = pytest.mark.django_db

LogIn = Callable[[User], Client]
CHOICE = "/accounts/letters/"
KIND = "gallery-closes"


def muted(person: User) -> list[str]:
    return list(person.muted_kinds.values_list("kind", flat=True))


class WantedLettersTests:
    def test_strangers_log_in_first(self, dimas: Client) -> None:
        response = dimas.get(CHOICE)

        assert (response.status_code, response["Location"].partition("?")[0]) == (
            302,
            reverse("account_login"),
        )

    def test_a_client_ends_a_kind_and_takes_it_back(self, budi: User, log_in: LogIn) -> None:
        browser = log_in(budi)

        assert browser.post(CHOICE, {"language": "id"}).status_code == 303
        assert muted(budi) == [KIND]
        assert browser.post(CHOICE, {"language": "id", "kinds": [KIND]}).status_code == 303
        assert muted(budi) == []

    def test_the_page_shows_what_was_chosen(self, budi: User, log_in: LogIn) -> None:
        notifications.mute(person=budi, kind=KIND)

        form = log_in(budi).get(CHOICE).context["form"]

        assert (form["kinds"].initial, form["language"].initial) == ([], "id")

    def test_the_language_of_letters_is_chosen(self, budi: User, log_in: LogIn) -> None:
        log_in(budi).post(CHOICE, {"language": "en", "kinds": [KIND]})

        budi.refresh_from_db()
        assert budi.language == "en"

    @pytest.mark.parametrize("fields", [{"language": "xx"}, {"language": "id", "kinds": ["x"]}])
    def test_what_is_not_offered_is_refused(
        self, budi: User, log_in: LogIn, fields: dict[str, str]
    ) -> None:
        response = log_in(budi).post(CHOICE, fields)

        budi.refresh_from_db()
        assert (response.status_code, budi.language, muted(budi)) == (400, "id", [])

    def test_the_photographer_is_not_asked_about_the_couple_s_letters(
        self, hafi: User, budi: User
    ) -> None:
        offered = [kind.name for kind in notifications.kinds_for(hafi)]

        assert KIND in [kind.name for kind in notifications.kinds_for(budi)]
        assert KIND not in offered

    def test_other_methods_are_refused(self, budi: User, log_in: LogIn) -> None:
        assert log_in(budi).put(CHOICE).status_code == 405


class UnsubscribeTests:
    def address(self, person: User, kind: str = KIND) -> str:
        return "/" + notifications.unsubscribe_url(person, kind).split("/", 3)[3]

    def test_looking_changes_nothing_and_shows_a_button(self, budi: User, dimas: Client) -> None:
        response = dimas.get(self.address(budi))

        assert response.status_code == 200
        assert '<form class="account__form" method="post">' in response.content.decode()
        assert muted(budi) == []

    def test_one_click_ends_it_without_a_log_in_or_a_token(self, budi: User) -> None:
        strict = Client(enforce_csrf_checks=True)

        for _ in range(2):
            response = strict.post(self.address(budi), {"List-Unsubscribe": "One-Click"})
            assert response.status_code == 200

        assert muted(budi) == [KIND]

    def test_it_is_about_this_person_alone(self, budi: User, ani: User, dimas: Client) -> None:
        dimas.post(self.address(budi))

        assert muted(ani) == []

    @pytest.mark.parametrize("how", ["changed", "another kind", "nobody", "junk"])
    def test_what_we_did_not_sign_is_not_found(self, budi: User, dimas: Client, how: str) -> None:
        addresses = {
            "changed": self.address(budi)[:-2] + "x/",
            "another kind": self.address(budi, "unknown"),
            "nobody": self.address(User(email="x@example.com")),
            "junk": "/accounts/unsubscribe/junk/",
        }

        assert dimas.post(addresses[how]).status_code == 404
        assert muted(budi) == []

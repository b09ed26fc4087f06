"""The guestbook: wishes, who comes, and how many."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from engagement import limits
from engagement.models import Comment
from events.models import Event, GuestSession
from hafiportrait.accounts.models import User
from hafiportrait.lib.ratelimit import Limit
from tests.factories import EventFactory, ready_photo

pytestmark = pytest.mark.django_db

Enter = Callable[[Event], Client]
LogIn = Callable[[User], Client]
BOOK = "/e/budi-ani/guestbook/"
ENGLISH = {"Accept-Language": "en"}
AS_SCRIPT = {"Accept": "application/json", **ENGLISH}
QUERIES = 5  # event, wishes, numbers, the guest's name, page view


@pytest.fixture
def trusting(event: Event) -> Event:
    """The wedding, whose wishes are shown at once."""
    Event.objects.filter(pk=event.pk).update(require_moderation=False)
    return event


def wish(event: Event, **fields: Any) -> Comment:
    values = {"author_name": "Joko", "content": "Selamat!", "status": "APPROVED"}
    return Comment.objects.create(event=event, session_id="x", **values | fields)


def sign(browser: Client, /, **fields: str) -> Any:
    values = {"author_name": "Sari", "content": "Bahagia selalu!", **fields}
    return browser.post(BOOK, values, headers=AS_SCRIPT)


def read(browser: Client, address: str = BOOK) -> str:
    return str(browser.get(address, headers=ENGLISH).content.decode())


def numbers(page: str) -> dict[str, str]:
    """Return the numbers that the page says, by their names."""
    return dict(re.findall(r"<dt>(.*?)</dt>\s*<dd>\s*(.*?)\s*</dd>", page))


class GuestbookDoorTests:
    def test_a_stranger_is_asked_for_the_code(self, dimas: Client, event: Event) -> None:
        assert dimas.get(BOOK).status_code == 302
        assert sign(dimas).status_code == 403

    def test_a_guest_of_another_event_too(self, enter: Enter, event: Event) -> None:
        other = enter(EventFactory.create())

        assert (other.get(BOOK).status_code, sign(other).status_code) == (302, 403)

    def test_other_methods_are_refused(self, sari: Client) -> None:
        assert (sari.put(BOOK).status_code, sari.delete(BOOK).status_code) == (405, 405)

    def test_of_a_draft_nothing_is_found(self, sari: Client, event: Event) -> None:
        Event.objects.update(status=Event.Status.DRAFT)

        assert sari.get(BOOK).status_code == 404

    def test_a_closed_one_is_read_and_not_written(self, sari: Client, trusting: Event) -> None:
        sign(sari)
        Event.objects.update(allow_comments=False)

        page = read(sari)

        assert sign(sari).status_code == 403
        assert ("Bahagia selalu!" in page, "data-wish-form" in page) == (True, False)
        assert "The guestbook is closed. What was written stays here to read." in page

    @pytest.mark.parametrize("cursor", ["x", "%00", "e30", "W10", "9" * 500])
    def test_a_bad_cursor_is_refused(self, sari: Client, cursor: str) -> None:
        assert sari.get(f"{BOOK}?cursor={cursor}").status_code == 400
        assert sari.get(f"{BOOK}keepsake/?cursor={cursor}").status_code == 400


class SignTests:
    def test_a_script_is_told_its_id_and_state(self, sari: Client) -> None:
        answer = sign(sari, relation=" Teman kuliah ", attendance="YES")

        kept = Comment.objects.get()
        assert answer.status_code == 201
        assert answer.json() == {"id": str(kept.pk), "status": "PENDING"}
        assert (kept.photo, kept.relation, kept.attendance) == (None, "Teman kuliah", "YES")

    def test_a_browser_is_led_to_its_wish(self, sari: Client) -> None:
        answer = sari.post(BOOK, {"author_name": "Sari", "content": "Bahagia!"})

        where = f"{BOOK}#wish-{Comment.objects.get().pk}"
        assert (answer.status_code, answer["Location"]) == (303, where)

    @pytest.mark.parametrize("attendance", ["YES", "NO", ""])
    def test_who_comes_is_said_or_not(self, sari: Client, attendance: str) -> None:
        sign(sari, attendance=attendance)

        assert Comment.objects.get().attendance == attendance

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("attendance", "MAYBE", "Choose one of these."),
            ("attendance", "yes", "Choose one of these."),
            ("relation", "x" * 61, "At most 60 characters; this has 61."),
            ("content", "\u200b", "Please write a few words."),
        ],
    )
    def test_a_wrong_field_is_named_and_all_is_kept(
        self, sari: Client, field: str, value: str, message: str
    ) -> None:
        typed = {"author_name": "Sari", "content": "Bahagia!", "relation": "Teman", field: value}

        for_script = sari.post(BOOK, typed, headers=AS_SCRIPT)
        for_browser = sari.post(BOOK, typed, headers=ENGLISH)

        page = for_browser.content.decode()
        assert (for_script.status_code, for_browser.status_code) == (400, 400)
        assert for_script.json()["error"]["fields"] == {field: message}
        assert (message in page, 'value="Sari"' in page) == (True, True)
        assert Comment.objects.count() == 0

    def test_too_fast_keeps_what_was_typed(
        self, sari: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        none = Limit("comments-session", most=0, seconds=60)
        monkeypatch.setattr(limits, "COMMENTS", limits.Pace(none, none))

        answer = sari.post(BOOK, {"author_name": "Sari", "content": "Panjang sekali"})

        assert (answer.status_code, "Panjang sekali" in answer.content.decode()) == (429, True)
        assert int(answer["Retry-After"]) >= 1

    def test_the_name_is_filled_in_the_next_time(self, sari: Client) -> None:
        sign(sari, author_name="Sari")

        assert GuestSession.objects.get().display_name == "Sari"
        assert 'value="Sari"' in read(sari)

    def test_only_wishes_say_who_comes(self, event: Event) -> None:
        with pytest.raises(IntegrityError):
            wish(event, photo=ready_photo(event), attendance="YES")


class GuestbookTests:
    def test_an_empty_one_says_so(self, sari: Client) -> None:
        assert "No wishes yet" in read(sari)

    def test_comments_on_photos_are_none_of_its_wishes(self, sari: Client, event: Event) -> None:
        wish(event, photo=ready_photo(event), content="Di bawah foto")

        assert "Di bawah foto" not in read(sari)

    def test_wishes_of_another_event_are_not_in_it(self, sari: Client) -> None:
        wish(EventFactory.create(), content="Orang lain")

        assert "Orang lain" not in read(sari)

    def test_it_counts_what_was_approved(self, sari: Client, event: Event) -> None:
        for said in ("YES", "YES", "NO", ""):
            wish(event, attendance=said)
        for status in ("PENDING", "REJECTED"):
            wish(event, attendance="YES", status=status)
        wish(EventFactory.create(), attendance="YES")

        pages = [numbers(read(sari, address)) for address in (BOOK, f"{BOOK}keepsake/")]
        assert pages == [{"Wishes": "4", "Attending": "2", "Not attending": "1"}] * 2

    def test_the_newest_is_first_and_fifty_are_a_page(self, sari: Client, event: Event) -> None:
        for n in range(51):
            wish(event, content=f"Ke-{n:02d}.")

        first = read(sari)
        second = read(sari, BOOK + re.findall(r'href="(\?cursor=[^"]+)"', first)[0])

        assert first.index("Ke-50.") < first.index("Ke-49.") < first.index("Ke-01.")
        assert ("Ke-00." in first, "Ke-00." in second, "Ke-01." in second) == (False, True, False)

    def test_what_waits_is_seen_by_its_author_only(
        self, sari: Client, enter: Enter, event: Event, budi: User, log_in: LogIn
    ) -> None:
        sign(sari)

        own, *others = [read(b) for b in (sari, enter(event), log_in(budi))]

        assert ("Bahagia selalu!" in own, "Waiting for approval" in own) == (True, True)
        assert ["Bahagia selalu!" in page for page in others] == [False, False]
        assert numbers(own) == {}

    def test_nobody_s_address_or_session_leaks(
        self, sari: Client, enter: Enter, trusting: Event
    ) -> None:
        sign(sari, author_email="sari@example.com")
        session_id = Comment.objects.get().session_id
        Comment.objects.update(ip_address="203.0.113.99")

        guest = enter(trusting)
        pages = read(guest) + read(guest, f"{BOOK}keepsake/")

        assert pages.count("Bahagia selalu!") == 2
        secrets = ("sari@example.com", "203.0.113.99", session_id)
        assert [secret in pages for secret in secrets] == [False] * 3

    def test_it_is_kept_for_its_reader_alone(self, sari: Client, event: Event) -> None:
        for address in (BOOK, f"{BOOK}keepsake/"):
            answer = sari.get(address)
            assert answer["Cache-Control"] == "private, no-cache"
            assert {"Cookie", "Accept-Language"} <= set(answer["Vary"].split(", "))

    @pytest.mark.parametrize("number", [1, 3])
    def test_it_costs_the_same_however_many_there_are(
        self,
        sari: Client,
        event: Event,
        number: int,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for _ in range(number):
            wish(event, attendance="YES", relation="Teman")
        read(sari)

        with django_assert_num_queries(QUERIES):
            read(sari)

"""The guestbook as a small book: every approved wish, from the first on."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from engagement.models import Comment
from events.models import Event
from tests.engagement.test_guestbook import BOOK, read, sign, wish
from tests.factories import EventFactory

pytestmark = pytest.mark.django_db

KEEPSAKE = f"{BOOK}keepsake/"
QUERIES = 4  # event, wishes, numbers, page view


class GuestbookKeepsakeDoorTests:
    def test_a_stranger_is_asked_for_the_code(self, dimas: Client, event: Event) -> None:
        assert dimas.get(KEEPSAKE).status_code == 302

    def test_a_guest_of_another_event_too(
        self, event: Event, enter: Callable[[Event], Client]
    ) -> None:
        assert enter(EventFactory.create()).get(KEEPSAKE).status_code == 302

    def test_posting_is_refused(self, sari: Client) -> None:
        assert sari.post(KEEPSAKE).status_code == 405


class GuestbookKeepsakeTests:
    def test_an_empty_one_says_so(self, sari: Client) -> None:
        assert "No wishes yet" in read(sari, KEEPSAKE)

    def test_the_first_wish_comes_first(self, sari: Client, event: Event) -> None:
        for n in range(3):
            wish(event, content=f"Ke-{n}.")

        page = read(sari, KEEPSAKE)

        assert page.index("Ke-0.") < page.index("Ke-1.") < page.index("Ke-2.")

    def test_what_waits_or_was_rejected_is_not_in_it(self, sari: Client, event: Event) -> None:
        sign(sari, content="Milik sendiri")
        wish(event, content="Ditolak", status=Comment.Status.REJECTED)

        page = read(sari, KEEPSAKE)

        assert ("Milik sendiri" in page, "Ditolak" in page) == (False, False)

    def test_a_hundred_are_a_page(self, sari: Client, event: Event) -> None:
        for n in range(101):
            wish(event, content=f"Ke-{n:03d}.")

        first = read(sari, KEEPSAKE)
        second = read(sari, KEEPSAKE + re.findall(r'href="(\?cursor=[^"]+)"', first)[0])

        assert [n in first for n in ("Ke-099.", "Ke-100.")] == [True, False]
        assert [n in second for n in ("Ke-099.", "Ke-100.")] == [False, True]

    def test_who_said_it_and_whether_they_come_stands_below(
        self, sari: Client, event: Event
    ) -> None:
        wish(event, author_name="Om <Joko>", relation="Paman Ani", attendance="YES")

        page = read(sari, KEEPSAKE)

        assert "Om &lt;Joko&gt;" in page
        assert re.search(r"Paman Ani</bdi>\s*·\s*Attending", page)

    @pytest.mark.parametrize("number", [1, 3])
    def test_it_costs_the_same_however_many_there_are(
        self,
        sari: Client,
        event: Event,
        number: int,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for _ in range(number):
            wish(event)
        read(sari, KEEPSAKE)

        with django_assert_num_queries(QUERIES):
            read(sari, KEEPSAKE)

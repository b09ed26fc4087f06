"""What guests say under a photo: what is kept, what waits, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from engagement import limits
from engagement.models import Comment
from events.models import Event, GuestSession
from gallery.models import Photo
from gallery.services import delete_photos
from hafiportrait.accounts.models import User
from hafiportrait.lib.ratelimit import Limit
from tests.factories import NOBODY, EventFactory, ready_photo

pytestmark = pytest.mark.django_db

Enter = Callable[[Event], Client]
LogIn = Callable[[User], Client]
AS_SCRIPT = {"Accept": "application/json", "Accept-Language": "en"}
NOON = datetime(2026, 11, 21, 5, tzinfo=UTC)
PENDING, APPROVED = Comment.Status.PENDING, Comment.Status.APPROVED


@pytest.fixture
def photo(event: Event) -> Photo:
    return ready_photo(event)


@pytest.fixture
def trusting(event: Event) -> Event:
    """The wedding, whose comments are shown at once."""
    Event.objects.filter(pk=event.pk).update(require_moderation=False)
    return event


def address(photo: Photo | str) -> str:
    return f"/e/budi-ani/photos/{photo.pk if isinstance(photo, Photo) else photo}/comments/"


def page_of(photo: Photo) -> str:
    return f"/e/budi-ani/photos/{photo.pk}/"


def form(**fields: str) -> dict[str, str]:
    return {"author_name": "Sari", "content": "Cantik sekali!", **fields}


def say(browser: Client, photo: Photo, /, **fields: str) -> Any:
    return browser.post(address(photo), form(**fields), headers=AS_SCRIPT)


class CommentCreateDoorTests:
    def test_a_stranger_says_nothing(self, dimas: Client, photo: Photo) -> None:
        assert say(dimas, photo).status_code == 403
        assert Comment.objects.count() == 0

    def test_a_guest_of_another_event_says_nothing(self, enter: Enter, photo: Photo) -> None:
        assert say(enter(EventFactory.create()), photo).status_code == 403

    def test_a_photo_of_another_event_is_not_found(self, sari: Client) -> None:
        assert say(sari, ready_photo(EventFactory.create())).status_code == 404

    def test_a_client_only_photo_is_not_found(self, sari: Client, event: Event) -> None:
        hidden = ready_photo(event, visibility=Photo.Visibility.CLIENT)

        assert say(sari, hidden).status_code == 404

    def test_a_deleted_photo_is_not_found(self, sari: Client, photo: Photo) -> None:
        delete_photos(photos=Photo.objects.filter(pk=photo.pk))

        assert say(sari, photo).status_code == 404

    @pytest.mark.parametrize("photo_id", ["junk", NOBODY, "%00"])
    def test_junk_is_not_found(self, sari: Client, photo_id: str) -> None:
        assert sari.post(address(photo_id), form()).status_code == 404

    def test_looking_is_refused(self, sari: Client, photo: Photo) -> None:
        assert sari.get(address(photo)).status_code == 405

    def test_where_comments_are_closed_nothing_is_taken_and_all_stays_readable(
        self, sari: Client, photo: Photo, trusting: Event
    ) -> None:
        say(sari, photo, content="Masih terbaca")
        Event.objects.filter(pk=trusting.pk).update(allow_comments=False)

        answer = say(sari, photo)
        page = sari.get(page_of(photo), headers={"Accept-Language": "en"}).content.decode()

        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "switched_off")
        assert "Masih terbaca" in page
        assert "Comments are closed in this gallery." in page
        assert "data-comment-form" not in page

    def test_words_sent_to_a_former_address_are_kept_all_the_same(
        self, sari: Client, photo: Photo
    ) -> None:
        photo.event.old_slugs.create(slug="old-name")
        former = address(photo).replace("budi-ani", "old-name")

        led = sari.post(former, form())
        sari.post(former, form(), follow=True)

        assert (led.status_code, led["Location"]) == (308, address(photo))
        assert Comment.objects.get().content == "Cantik sekali!"


class CommentCreateTests:
    def test_a_script_is_told_its_id_and_state(self, sari: Client, photo: Photo) -> None:
        answer = say(sari, photo)

        comment = Comment.objects.get()
        assert answer.status_code == 201
        assert answer.json() == {"id": str(comment.pk), "status": "PENDING"}

    def test_a_browser_is_led_back_to_the_comments(self, sari: Client, photo: Photo) -> None:
        answer = sari.post(address(photo), form())

        assert (answer.status_code, answer["Location"]) == (303, f"{page_of(photo)}#comments")

    def test_only_what_the_form_names_comes_from_the_request(
        self, sari: Client, photo: Photo, trusting: Event
    ) -> None:
        other = ready_photo(trusting)
        foreign = {
            "status": "REJECTED",
            "photo": str(other.pk),
            "event": str(EventFactory.create().pk),
            "session_id": "x",
            "ip_address": "192.0.2.1",
            "created_at": "2000-01-01",
            "relation": "Paman",
            "attendance": "YES",
            "is_suspect": "1",
        }

        say(sari, photo, author_email="Sari@Example.com ", **foreign)

        comment = Comment.objects.get()
        said = (comment.author_name, comment.author_email, comment.content)
        assert said == ("Sari", "sari@example.com", "Cantik sekali!")
        assert (comment.status, comment.photo, comment.event) == (APPROVED, photo, trusting)
        assert (comment.relation, comment.attendance) == ("", "")
        assert comment.session_id == GuestSession.objects.get().session_id
        assert comment.ip_address == "127.0.0.1"
        assert comment.created_at.year > 2000

    def test_the_name_is_remembered_for_the_next_time(self, sari: Client, photo: Photo) -> None:
        say(sari, photo, author_name="Sari & Joko")

        assert GuestSession.objects.get().display_name == "Sari & Joko"
        assert 'value="Sari &amp; Joko"' in sari.get(page_of(photo)).content.decode()

    def test_the_couple_s_name_is_known(self, photo: Photo, budi: User, log_in: LogIn) -> None:
        assert 'value="Budi"' in log_in(budi).get(page_of(photo)).content.decode()

    def test_lines_and_scripts_stay_and_markup_is_text(
        self, sari: Client, photo: Photo, trusting: Event
    ) -> None:
        say(sari, photo, content="\u200b مبروك ❤️\r\n<script>alert('x')</script> \ufeff")

        page = sari.get(page_of(photo)).content.decode()
        assert Comment.objects.get().content == "مبروك ❤️\n<script>alert('x')</script>"
        assert "<script>alert" not in page
        assert "مبروك ❤️\n&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in page


class ModerationTests:
    def test_where_the_event_says_so_it_waits_and_counts_nothing(
        self, sari: Client, photo: Photo
    ) -> None:
        version = Event.objects.get(pk=photo.event_id).gallery_version

        say(sari, photo)

        photo.refresh_from_db()
        assert (Comment.objects.get().status, photo.comment_count) == (PENDING, 0)
        assert Event.objects.get(pk=photo.event_id).gallery_version == version

    def test_elsewhere_it_is_shown_and_counted_at_once(
        self, sari: Client, photo: Photo, trusting: Event
    ) -> None:
        version = Event.objects.get(pk=trusting.pk).gallery_version

        say(sari, photo)
        say(sari, photo, content="Dan lagi")

        photo.refresh_from_db()
        assert photo.comment_count == Comment.objects.filter(status=APPROVED).count() == 2
        assert Event.objects.get(pk=trusting.pk).gallery_version == version + 2

    @pytest.mark.parametrize("who", ["hafi", "budi", "ani"])
    def test_the_studio_and_the_couple_wait_for_nobody(
        self, photo: Photo, who: str, log_in: LogIn, request: pytest.FixtureRequest
    ) -> None:
        browser = log_in(request.getfixturevalue(who))

        links = "www.a.test www.b.test www.c.test"
        assert [say(browser, photo, content=links).json()["status"] for _ in "12"] == [
            "APPROVED",
            "APPROVED",
        ]

    def test_more_than_two_links_are_held(
        self, sari: Client, photo: Photo, trusting: Event
    ) -> None:
        two, three = "www.a.test http://b.test", "www.a.test http://b.test c.com"

        states = [say(sari, photo, content=text).json()["status"] for text in (two, three)]

        assert states == ["APPROVED", "PENDING"]

    def test_the_same_words_again_within_a_minute_are_held(
        self, sari: Client, enter: Enter, photo: Photo, trusting: Event
    ) -> None:
        with time_machine.travel(NOON, tick=False) as clock:
            Event.objects.update(storage_expires_at=NOON + timedelta(days=9))
            first = say(sari, photo)
            of_another = say(enter(trusting), photo)
            clock.shift(timedelta(seconds=59))
            again = say(sari, photo, content=" cantik  SEKALI! ")
            clock.shift(timedelta(seconds=61))
            later = say(sari, photo)

        states = [a.json()["status"] for a in (first, of_another, again, later)]
        assert states == ["APPROVED", "APPROVED", "PENDING", "APPROVED"]

    def test_what_fills_in_the_robots_field_is_kept_and_held(
        self, sari: Client, photo: Photo, trusting: Event
    ) -> None:
        answer = say(sari, photo, subject="Cheap rings")

        assert answer.json()["status"] == "PENDING"
        assert Comment.objects.get().content == "Cantik sekali!"


class WrongFieldTests:
    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("content", "", "Please write a few words."),
            ("content", " \u200b\n\u3164", "Please write a few words."),
            ("content", "x" * 1001, "At most 1000 characters; this has 1001."),
            ("author_name", "\u202e\u2060", "Please write your name."),
            ("author_name", "x" * 101, "At most 100 characters; this has 101."),
            ("author_email", "sari", "This is not an e-mail address."),
            ("author_email", "a@example.com, b@example.com", "This is not an e-mail address."),
            ("author_email", "a@example.com\nBcc: b@example.com", "This is not an e-mail address."),
        ],
    )
    def test_the_field_and_its_limit_are_named(
        self, sari: Client, photo: Photo, field: str, value: str, message: str
    ) -> None:
        answer = say(sari, photo, **{field: value})

        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "invalid")
        assert error["fields"] == {field: message}
        assert error["message"] == message
        assert Comment.objects.count() == 0

    @pytest.mark.parametrize("content", ["x" * 1000, "💛" * 1000, f" \u200b{'x' * 1000}\ufeff\n"])
    def test_a_thousand_characters_are_not_too_many(
        self, sari: Client, photo: Photo, content: str
    ) -> None:
        assert say(sari, photo, content=content).status_code == 201
        assert len(Comment.objects.get().content) == 1000

    def test_a_browser_gets_the_page_again_with_all_that_was_typed(
        self, sari: Client, photo: Photo
    ) -> None:
        typed = form(author_name="Sari <b>", content="x" * 1001, author_email="nothing")

        answer = sari.post(address(photo), typed, headers={"Accept-Language": "en"})

        page = answer.content.decode()
        assert answer.status_code == 400
        assert 'value="Sari &lt;b&gt;"' in page
        assert "x" * 1001 in page
        assert 'value="nothing"' in page
        assert "At most 1000 characters; this has 1001." in page
        assert "This is not an e-mail address." in page
        assert f'name="next" value="{address(photo)}"' not in page

    @pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "rot13", "idna", "utf-16"])
    def test_a_body_that_calls_itself_something_else_is_read_as_utf_8(
        self, sari: Client, photo: Photo, charset: str
    ) -> None:
        odd = "+2AA- \\ud800"
        body = "".join(
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in (("author_name", "Sari"), ("content", odd))
        )
        kind = f"multipart/form-data; boundary=b; charset={charset}"

        answer = sari.generic("POST", address(photo), f"{body}--b--\r\n".encode(), kind)

        assert answer.status_code == 303
        assert Comment.objects.get().content == odd

    @given(name=st.text(max_size=120), content=st.text(max_size=120), email=st.text(max_size=40))
    @settings(
        max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
    )
    def test_whatever_is_typed_is_kept_or_refused(
        self, sari: Client, photo: Photo, name: str, content: str, email: str
    ) -> None:
        typed = {"author_name": name, "content": content, "author_email": email}
        sent = {key: value.encode(errors="surrogatepass") for key, value in typed.items()}

        answer = sari.post(address(photo), sent)

        assert answer.status_code in (303, 400, 429)
        assert sari.get(page_of(photo)).status_code == 200

    def test_a_body_that_no_form_sends_is_not_read(self, sari: Client, photo: Photo) -> None:
        assert say(sari, photo, content="x" * 200_000).status_code == 413

    def test_a_stranger_with_such_a_body_is_refused_like_any(
        self, dimas: Client, photo: Photo
    ) -> None:
        assert say(dimas, photo, content="x" * 200_000).status_code == 403


class LimitTests:
    @pytest.fixture(autouse=True)
    def _short(self, monkeypatch: pytest.MonkeyPatch) -> None:
        short = Limit("comments-session", most=2, seconds=60)
        monkeypatch.setattr(limits, "COMMENTS", limits.Pace(short, limits.COMMENTS.address))

    def test_who_writes_too_fast_waits(self, sari: Client, enter: Enter, photo: Photo) -> None:
        answers = [say(sari, photo, content=f"Selamat {n}") for n in range(3)]

        error = answers[2].json()["error"]
        assert [answer.status_code for answer in answers] == [201, 201, 429]
        assert (error["code"], error["fields"]) == ("too_fast", {})
        assert 1 <= int(answers[2]["Retry-After"]) <= 60
        assert say(enter(photo.event), photo).status_code == 201

    def test_a_browser_keeps_what_was_typed(self, sari: Client, photo: Photo) -> None:
        for n in range(2):
            say(sari, photo, content=f"Selamat {n}")

        answer = sari.post(address(photo), form(content="Kata-kata yang panjang"))

        assert answer.status_code == 429
        assert int(answer["Retry-After"]) >= 1
        assert "Kata-kata yang panjang" in answer.content.decode()
        assert Comment.objects.count() == 2

    def test_mistakes_cost_nothing(self, sari: Client, photo: Photo) -> None:
        answers = [say(sari, photo, content="") for _ in range(3)]

        assert [answer.status_code for answer in answers] == [400, 400, 400]
        assert say(sari, photo).status_code == 201

    def test_three_hundred_guests_of_a_venue_write_every_half_minute(self) -> None:
        assert limits.COMMENTS.address.most >= 300 * limits.COMMENTS.address.seconds / 30


@pytest.mark.django_db(transaction=True)
class AtOnceTests:
    def at_once(self, photo: Photo, browser: Client, contents: list[str]) -> list[Any]:
        cookies = browser.cookies

        def one(content: str) -> Any:
            tab = Client()
            tab.cookies = cookies
            try:
                return say(tab, photo, content=content)
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=16) as threads:
            return list(threads.map(one, contents))

    def test_of_a_hundred_those_accepted_are_stored_and_the_rest_wait(
        self, photo: Photo, sari: Client
    ) -> None:
        answers = self.at_once(photo, sari, [f"Selamat {n}" for n in range(100)])

        kept = {answer.json()["id"] for answer in answers if answer.status_code == 201}
        rest = {answer.status_code for answer in answers} - {201}
        assert kept == {str(pk) for pk in Comment.objects.values_list("pk", flat=True)}
        assert 1 <= len(kept) <= limits.COMMENTS.session.most
        assert rest == {429}

    def test_of_equal_ones_only_the_first_is_shown(
        self, photo: Photo, trusting: Event, sari: Client
    ) -> None:
        answers = self.at_once(photo, sari, ["Selamat!"] * 8)

        states = sorted(answer.json()["status"] for answer in answers)
        photo.refresh_from_db()
        assert states == ["APPROVED"] + ["PENDING"] * 7
        assert photo.comment_count == 1

    def test_those_shown_are_counted_exactly(
        self, photo: Photo, trusting: Event, enter: Enter
    ) -> None:
        for n in range(3):
            self.at_once(photo, enter(trusting), [f"{n} {m}" for m in range(5)])

        photo.refresh_from_db()
        assert photo.comment_count == Comment.objects.filter(status=APPROVED).count() == 15


class ListTests:
    def said(self, photo: Photo, **fields: Any) -> Comment:
        values = {"author_name": "Joko", "content": "Halo", "status": APPROVED, "session_id": "x"}
        return Comment.objects.create(photo=photo, event=photo.event, **values | fields)

    def test_the_newest_is_first_and_fifty_are_a_page(self, sari: Client, photo: Photo) -> None:
        for n in range(52):
            self.said(photo, content=f"Ke-{n:02d}.")

        first = sari.get(page_of(photo)).content.decode()
        older = first.partition("?comments=")[2].partition("#")[0]
        second = sari.get(f"{page_of(photo)}?comments={older}").content.decode()

        assert first.index("Ke-51.") < first.index("Ke-50.") < first.index("Ke-02.")
        assert "Ke-01." not in first
        assert [f"Ke-{n:02d}." in second for n in (2, 1, 0)] == [False, True, True]

    @pytest.mark.parametrize("cursor", ["x", "%00", "e30", "W10", "9" * 500])
    def test_a_bad_cursor_gives_the_first_page(
        self, sari: Client, photo: Photo, cursor: str
    ) -> None:
        self.said(photo, content="Yang pertama")

        page = sari.get(f"{page_of(photo)}?comments={cursor}")

        assert (page.status_code, "Yang pertama" in page.content.decode()) == (200, True)

    def test_what_waits_is_seen_by_its_author_only(
        self, sari: Client, enter: Enter, photo: Photo, budi: User, log_in: LogIn
    ) -> None:
        say(sari, photo, content="Rahasia sebentar")
        english = {"Accept-Language": "en"}

        own = sari.get(page_of(photo), headers=english).content.decode()
        others = [
            b.get(page_of(photo)).content.decode() for b in (enter(photo.event), log_in(budi))
        ]

        assert "Rahasia sebentar" in own
        assert "Waiting for approval" in own
        assert ["Rahasia sebentar" in page for page in others] == [False, False]

    def test_what_was_rejected_is_seen_by_nobody(
        self, sari: Client, enter: Enter, photo: Photo
    ) -> None:
        say(sari, photo, content="Tidak pantas")
        Comment.objects.update(status=Comment.Status.REJECTED)

        pages = [b.get(page_of(photo)).content.decode() for b in (sari, enter(photo.event))]

        assert ["Tidak pantas" in page for page in pages] == [False, False]

    def test_nobody_s_address_or_session_leaks(
        self, sari: Client, enter: Enter, photo: Photo, trusting: Event
    ) -> None:
        say(sari, photo, author_email="sari@example.com")
        comment = Comment.objects.get()
        Comment.objects.update(ip_address="203.0.113.99")

        guest = enter(trusting)
        page = guest.get(page_of(photo)).content.decode()
        answer = say(guest, photo, content="Halo").content.decode()

        assert "Cantik sekali!" in page
        secrets = ("sari@example.com", "203.0.113.99", comment.session_id)
        assert [secret in page + answer for secret in secrets] == [False] * 3

    @pytest.mark.parametrize("number", [1, 3])
    def test_it_costs_the_same_however_many_there_are(
        self,
        sari: Client,
        photo: Photo,
        number: int,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for _ in range(number):
            self.said(photo)
        sari.get(page_of(photo))

        # Event, photo, three for its neighbours, like, comments, the guest's name, page view.
        with django_assert_num_queries(9):
            sari.get(page_of(photo))

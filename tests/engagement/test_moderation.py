"""The queue of what waits, across all events: who decides, what follows, and two who decide."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from engagement.models import Comment
from engagement.moderation import QUEUE_ROWS, decide_comments
from events.models import Event
from gallery.models import Photo
from hafiportrait.accounts.models import User
from tests.factories import NOBODY, EventFactory, ready_photo

LogIn = Callable[[User], Client]
Status = Comment.Status
QUEUE = "/admin/engagement/comment/queue/"
APPROVE, REJECT, PUT_BACK = f"{QUEUE}approve/", f"{QUEUE}reject/", f"{QUEUE}put-back/"
# Session, person, a page of the queue, and how much of each event waits.
QUEUE_QUERIES = 4


@pytest.fixture
def studio(hafi: User, log_in: LogIn, settings: Settings) -> Client:
    """The photographer's browser; the second factor has tests of its own."""
    settings.SECOND_FACTOR_REQUIRED = False
    return in_english(log_in(hafi))


@pytest.fixture
def assistant(mira: User, log_in: LogIn, settings: Settings) -> Client:
    """The browser of another moderator."""
    settings.SECOND_FACTOR_REQUIRED = False
    return in_english(log_in(mira))


def in_english(client: Client) -> Client:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def photo(event: Event) -> Photo:
    return ready_photo(event)


def said(event: Event, photo: Photo | None = None, **fields: Any) -> Comment:
    values = {"author_name": "Sari", "content": "Selamat!", "session_id": "a"}
    return Comment.objects.create(event=event, photo=photo, **values | fields)


def decide(browser: Client, address: str, *comments: Comment, **more: str) -> Any:
    chosen = [str(comment.pk) for comment in comments]
    return browser.post(address, {"comments": chosen, **more})


def shown(page: Any) -> list[Comment]:
    return [row.comment for row in page.context["rows"]]


def texts(page: Any) -> list[str]:
    return [str(message) for message in page.context["messages"]]


@pytest.mark.django_db
class DoorTests:
    @pytest.mark.parametrize("address", [QUEUE, APPROVE, REJECT, PUT_BACK])
    def test_strangers_guests_and_clients_are_refused(
        self, address: str, event: Event, dimas: Client, sari: Client, budi: User, log_in: LogIn
    ) -> None:
        waiting = said(event)
        form = {"comments": str(waiting.pk), "decided": "APPROVED"}
        login = reverse("account_login")

        for browser in (dimas, sari):
            asked = browser.get(address, follow=True)
            assert asked.redirect_chain[-1][0].startswith(login)
            asked = browser.post(address, form, follow=True)
            assert asked.redirect_chain[-1][0].startswith(login)
        couple = log_in(budi)

        assert couple.get(address, follow=True).status_code == 403
        assert couple.post(address, form, follow=True).status_code == 403
        waiting.refresh_from_db()
        assert waiting.status == Status.PENDING

    def test_staff_without_the_permission_is_refused(
        self, event: Event, studio: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waiting = said(event)
        monkeypatch.setattr(User, "has_perms", lambda *_: False)

        assert studio.get(QUEUE).status_code == 403
        assert decide(studio, APPROVE, waiting).status_code == 403

    @pytest.mark.parametrize("address", [APPROVE, REJECT, PUT_BACK])
    def test_decisions_are_posted(self, address: str, studio: Client) -> None:
        assert studio.get(address).status_code == 405

    def test_the_queue_takes_no_form(self, studio: Client) -> None:
        assert studio.post(QUEUE).status_code == 405

    @pytest.mark.parametrize("chosen", ["junk", NOBODY, "\x00"])
    def test_ids_of_nothing_are_not_found(self, chosen: str, studio: Client) -> None:
        assert studio.post(APPROVE, {"comments": chosen}).status_code == 404
        assert studio.post(REJECT, {"only": chosen}).status_code == 404

    @pytest.mark.parametrize("query", ["event=junk", f"event={NOBODY}"])
    def test_an_event_that_is_none_is_not_found(self, query: str, studio: Client) -> None:
        assert studio.get(f"{QUEUE}?{query}").status_code == 404

    def test_a_cursor_of_others_is_a_bad_request(self, studio: Client) -> None:
        assert studio.get(f"{QUEUE}?cursor=junk").status_code == 400

    def test_a_decision_that_is_none_cannot_be_taken_back(
        self, event: Event, studio: Client
    ) -> None:
        waiting = said(event)

        assert decide(studio, PUT_BACK, waiting, decided="PENDING").status_code == 400
        assert decide(studio, PUT_BACK, waiting).status_code == 400

    def test_more_than_a_page_at_once_is_refused(self, event: Event, studio: Client) -> None:
        many = [said(event) for _ in range(QUEUE_ROWS + 1)]

        assert decide(studio, APPROVE, *many).status_code == 400
        assert not Comment.objects.exclude(status=Status.PENDING).exists()


@pytest.mark.django_db
class QueueTests:
    def test_it_holds_what_waits_in_all_events_the_oldest_first(
        self, event: Event, photo: Photo, studio: Client
    ) -> None:
        other = EventFactory.create()
        first, second, third = said(event, photo), said(other), said(event)
        said(event, status="APPROVED")
        said(event, status="REJECTED")

        page = studio.get(QUEUE)

        assert shown(page) == [first, second, third]

    def test_it_is_narrowed_to_one_event(self, event: Event, studio: Client) -> None:
        wanted = said(event)
        said(EventFactory.create())

        page = studio.get(QUEUE, {"event": str(event.pk)})

        assert shown(page) == [wanted]
        assert [f["count"] for f in page.context["filters"]] == [2, 1, 1]
        assert [f["is_current"] for f in page.context["filters"]] == [False, True, False]

    def test_an_event_of_which_nothing_waits_has_its_page(
        self, event: Event, studio: Client
    ) -> None:
        page = studio.get(QUEUE, {"event": str(event.pk)})

        assert "Nothing is waiting" in page.content.decode()

    def test_a_row_says_all_that_a_moderator_needs(
        self, event: Event, photo: Photo, studio: Client
    ) -> None:
        said(event, photo, author_email="sari@example.com", content="<b>Hi</b>\n& bye")
        said(event, author_name="Dewi", relation="Sepupu", attendance="YES")

        html = studio.get(QUEUE).content.decode()

        assert "sari@example.com" in html
        assert "&lt;b&gt;Hi&lt;/b&gt;\n&amp; bye" in html
        assert re.search(r'<img src="/media/[^"]+/w400.webp"\s+width="112"\s+height="74"', html)
        assert all(word in html for word in ("Guestbook", "Sepupu", "Attending", event.title[:8]))

    def test_a_photo_that_was_deleted_has_no_link(
        self, event: Event, photo: Photo, studio: Client
    ) -> None:
        said(event, photo)
        Photo.objects.filter(pk=photo.pk).update(deleted_at=event.created_at)

        html = studio.get(QUEUE).content.decode()

        assert "Photo deleted" in html
        assert str(photo.pk) not in html

    def test_it_says_why_something_waits_where_that_is_known(self, studio: Client) -> None:
        event = EventFactory.create(require_moderation=False)
        early = said(event, content="Hore", status="APPROVED")
        said(event, content="Hore")
        said(event, content="a.com b.com c.com")
        said(event, content="Lain")
        said(event, content="Hore", session_id="another")
        late = said(event, content="Hore")
        Comment.objects.filter(pk=late.pk).update(created_at=early.created_at + timedelta(hours=1))
        said(EventFactory.create(require_moderation=True))

        reasons = [str(row.reason) for row in studio.get(QUEUE).context["rows"]]

        look = "Held for a look"
        assert reasons == ["Said twice within a minute", "Many links", look, look, "", look]

    def test_the_next_page_goes_on_after_the_last_row(self, event: Event, studio: Client) -> None:
        last = [said(event) for _ in range(QUEUE_ROWS + 1)][-1]
        first_page = studio.get(QUEUE, {"event": str(event.pk)})

        second_page = studio.get(first_page.context["next_url"])

        assert len(shown(first_page)) == QUEUE_ROWS
        assert shown(second_page) == [last]
        assert second_page.context["next_url"] == ""

    def test_all_that_is_shown_can_be_ticked_by_a_link(self, event: Event, studio: Client) -> None:
        said(event)
        said(event)
        page = studio.get(QUEUE)

        ticked = studio.get(page.context["select_url"])

        assert len(re.findall(r"\schecked", page.content.decode())) == 1  # the switch of the keys
        assert len(re.findall(r"\schecked", ticked.content.decode())) == 3

    def test_it_costs_the_same_for_one_row_and_for_three(
        self, event: Event, studio: Client
    ) -> None:
        counts = []
        for more in (1, 2):
            for _ in range(more):
                said(EventFactory.create(), ready_photo(EventFactory.create()))
            with CaptureQueriesContext(connection) as queries:
                studio.get(QUEUE)
            counts.append(len(queries))

        assert counts == [QUEUE_QUERIES] * 2

    def test_the_overview_and_the_list_say_how_many_wait(
        self, event: Event, studio: Client
    ) -> None:
        said(event)
        said(event)
        said(event, status="APPROVED")

        overview = studio.get("/admin/").content.decode()
        changes = studio.get("/admin/engagement/comment/").content.decode()

        assert '(<span data-waiting="">2</span>)' in overview
        assert "2 are waiting – open the queue" in changes
        assert f'href="{QUEUE}"' in overview

    def test_nothing_on_it_stands_inline(self, event: Event, studio: Client) -> None:
        said(event)

        html = studio.get(QUEUE).content.decode()

        assert re.findall(r"<style|\sstyle=|\son[a-z]+=|<script>|javascript:", html) == []


@pytest.mark.django_db
class DecisionTests:
    def test_approved_ones_are_shown_and_counted(
        self, event: Event, photo: Photo, studio: Client, sari: Client
    ) -> None:
        one, two, wish = said(event, photo), said(event, photo), said(event)
        event.refresh_from_db()

        answer = decide(studio, APPROVE, one, two, wish, next=f"{QUEUE}?event={event.pk}")

        photo.refresh_from_db()
        assert (answer.status_code, answer["Location"]) == (303, f"{QUEUE}?event={event.pk}")
        assert photo.comment_count == 2
        assert Event.objects.get().gallery_version == event.gallery_version + 1
        assert "Selamat!" in sari.get(f"/e/{event.slug}/guestbook/").content.decode()

    def test_rejected_ones_are_neither(
        self, event: Event, photo: Photo, studio: Client, sari: Client
    ) -> None:
        comment, wish = said(event, photo), said(event)

        decide(studio, REJECT, comment, wish)

        photo.refresh_from_db()
        statuses = set(Comment.objects.values_list("status", flat=True))
        assert (photo.comment_count, statuses) == (0, {Status.REJECTED})
        assert "Selamat!" not in sari.get(f"/e/{event.slug}/guestbook/").content.decode()

    def test_the_button_of_a_row_means_this_row_and_not_what_is_ticked(
        self, event: Event, studio: Client
    ) -> None:
        ticked, meant = said(event), said(event)

        decide(studio, APPROVE, ticked, only=str(meant.pk))

        assert list(Comment.objects.filter(status=Status.APPROVED)) == [meant]

    def test_nothing_chosen_is_said(self, event: Event, studio: Client) -> None:
        said(event)

        page = studio.post(APPROVE, follow=True)

        assert texts(page) == ["Select at least one comment."]

    def test_nothing_chosen_is_said_to_a_script(self, studio: Client) -> None:
        answer = studio.post(APPROVE, headers={"accept": "application/json"})

        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "none_chosen")

    def test_next_stays_inside_the_site(self, event: Event, studio: Client) -> None:
        answer = decide(studio, APPROVE, said(event), next="https://example.com/")

        assert answer["Location"] == QUEUE

    def test_the_history_says_who_decided(self, event: Event, studio: Client, hafi: User) -> None:
        comment = said(event)

        decide(studio, REJECT, comment)

        entry = LogEntry.objects.get()
        assert (entry.user, entry.object_id) == (hafi, str(comment.pk))

    def test_a_script_hears_what_changed_and_what_waits(self, event: Event, studio: Client) -> None:
        comment, done = said(event), said(event, status="REJECTED")
        said(event)
        chosen = {"comments": [str(comment.pk), str(done.pk)]}

        answer = studio.post(APPROVE, chosen, headers={"accept": "application/json"})

        assert answer.json() == {
            "done": "One comment is approved.",
            "late": "Somebody else was faster with one comment; it stays as they decided.",
            "changed": [str(comment.pk)],
            "counts": {str(event.pk): 1, "": 1},
        }


@pytest.mark.django_db
class PutBackTests:
    def test_the_last_decision_is_shown_and_taken_back(
        self, event: Event, photo: Photo, studio: Client
    ) -> None:
        some = [said(event, photo), said(event, photo)]
        decide(studio, APPROVE, *some)
        last = studio.get(QUEUE).context["last"]

        page = studio.post(
            PUT_BACK, {"comments": last["ids"], "decided": last["status"]}, follow=True
        )

        photo.refresh_from_db()
        assert last["text"] == "2 comments are approved."
        assert texts(page) == ["2 comments wait again."]
        assert (shown(page), photo.comment_count, page.context["last"]) == (some, 0, None)

    def test_each_moderator_sees_their_own(
        self, event: Event, studio: Client, assistant: Client
    ) -> None:
        decide(studio, APPROVE, said(event))

        assert assistant.get(QUEUE).context["last"] is None

    def test_what_was_decided_otherwise_meanwhile_stays(self, event: Event, studio: Client) -> None:
        comment = said(event)
        decide(studio, APPROVE, comment)
        Comment.objects.filter(pk=comment.pk).update(status=Status.REJECTED)

        decide(studio, PUT_BACK, comment, decided="APPROVED")

        comment.refresh_from_db()
        assert comment.status == Status.REJECTED


@pytest.mark.django_db
class TwoModeratorsTests:
    def test_the_second_one_is_told_and_changes_nothing(
        self, event: Event, studio: Client, assistant: Client
    ) -> None:
        comment = said(event)
        decide(studio, REJECT, comment)
        version = Event.objects.get().gallery_version

        page = assistant.post(APPROVE, {"comments": str(comment.pk)}, follow=True)

        comment.refresh_from_db()
        assert texts(page) == [
            "Somebody else was faster with one comment; it stays as they decided."
        ]
        assert (comment.status, page.context["last"]) == (Status.REJECTED, None)
        assert Event.objects.get().gallery_version == version

    def test_the_rest_of_a_selection_is_decided_nevertheless(
        self, event: Event, studio: Client, assistant: Client
    ) -> None:
        both, hers = said(event), said(event)
        decide(studio, REJECT, both)

        decide(assistant, APPROVE, both, hers)

        both.refresh_from_db()
        hers.refresh_from_db()
        assert (both.status, hers.status) == (Status.REJECTED, Status.APPROVED)


@pytest.mark.django_db(transaction=True)
class AtTheSameInstantTests:
    def test_one_of_two_decides_and_the_count_follows(self, event: Event, photo: Photo) -> None:
        comments = [said(event, photo) for _ in range(4)]
        ids = [comment.pk for comment in comments]
        together = Barrier(2)
        found: dict[Comment.Status, int] = {}

        def run(becomes: Comment.Status, chosen: list[Any]) -> None:
            together.wait()
            decision = decide_comments(ids=chosen, was=Status.PENDING, becomes=becomes)
            found[becomes] = len(decision.changed)
            connection.close()

        hafi = Thread(target=run, args=(Status.APPROVED, ids))
        mira = Thread(target=run, args=(Status.REJECTED, ids[::-1]))
        for moderator in (hafi, mira):
            moderator.start()
        for moderator in (hafi, mira):
            moderator.join()

        photo.refresh_from_db()
        approved = Comment.objects.filter(status=Status.APPROVED).count()
        assert sorted(found.values()) == [0, 4]
        assert approved == photo.comment_count == found[Status.APPROVED]

"""Typing a code on /masuk/ and on one event's own page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from events.entry import WRONG_A_MINUTE, WRONG_IN_TEN_MINUTES
from events.models import Event, GuestSession
from hafiportrait.accounts.models import User
from hafiportrait.lib import ratelimit
from tests.factories import EventFactory

pytestmark = pytest.mark.django_db

ENTER = "/masuk/"
EVENT_ENTER = "/e/budi-ani/enter/"
GALLERY = "/e/budi-ani/"


def type_code(client: Client, code: str, where: str = ENTER, **data: str) -> int:
    return client.post(where, {"code": code, **data}).status_code


class EnterTests:
    def test_wrong_code_is_refused_with_the_form(self, dimas: Client, event: Event) -> None:
        response = dimas.post(ENTER, {"code": "WRONGCODE"}, headers={"accept-language": "en"})

        assert response.status_code == 400
        assert "That code does not open this gallery." in response.content.decode()

    def test_a_draft_s_code_answers_like_a_wrong_one(self, dimas: Client) -> None:
        EventFactory.create(slug="draft", access_code="HIDDEN77", status=Event.Status.DRAFT)
        wrong = dimas.post(ENTER, {"code": "WRONGCODE"})

        draft = Client().post(ENTER, {"code": "HIDDEN77"})

        assert draft.status_code == wrong.status_code == 400
        assert draft.cookies.keys() == wrong.cookies.keys()

    def test_a_blank_code_is_refused(self, dimas: Client) -> None:
        assert type_code(dimas, "") == 400

    def test_a_code_with_nul_is_refused(self, dimas: Client, event: Event) -> None:
        assert type_code(dimas, "KEBAYA77\x00") == 400

    def test_other_methods_are_refused(self, dimas: Client) -> None:
        assert dimas.put(ENTER).status_code == 405

    def test_the_right_code_leads_into_the_gallery(self, dimas: Client, event: Event) -> None:
        response = dimas.post(ENTER, {"code": "KEBAYA77"})

        assert response.status_code == 303
        assert response["Location"] == GALLERY
        assert dimas.get(GALLERY).status_code == 200

    @pytest.mark.parametrize("typed", ["kebaya77", " KEBAYA 77 ", "keba-ya77", "ＫＥＢＡＹＡ７７"])
    def test_the_code_is_forgiving(self, dimas: Client, event: Event, typed: str) -> None:
        assert type_code(dimas, typed) == 303

    def test_a_closed_event_says_so(self, dimas: Client, event: Event) -> None:
        Event.objects.update(status=Event.Status.ARCHIVED)

        assert type_code(dimas, "KEBAYA77") == 410

    def test_the_session_remembers_how_the_guest_came(self, dimas: Client, event: Event) -> None:
        type_code(dimas, "KEBAYA77")

        dimas.get(GALLERY)

        assert GuestSession.objects.get().entered_by == GuestSession.EnteredBy.CODE

    def test_one_browser_that_enters_twice_is_one_guest(self, dimas: Client, event: Event) -> None:
        dimas.get(ENTER)
        names = []
        for _ in range(2):
            browser = Client()
            browser.cookies.update(dimas.cookies)
            browser.post(ENTER, {"code": "KEBAYA77"})
            browser.get(GALLERY)
            names.append(GuestSession.objects.get().session_id)

        assert names[0] == names[1]

    def test_next_outside_the_gallery_is_ignored(self, dimas: Client, event: Event) -> None:
        response = dimas.post(ENTER, {"code": "KEBAYA77", "next": "https://evil.example/"})

        assert response["Location"] == GALLERY

    def test_next_inside_the_gallery_is_followed(self, dimas: Client, event: Event) -> None:
        response = dimas.post(ENTER, {"code": "KEBAYA77", "next": GALLERY + "?chapter=akad"})

        assert response["Location"] == GALLERY + "?chapter=akad"

    def test_json_readers_get_json(self, dimas: Client, event: Event) -> None:
        response = dimas.post(ENTER, {"code": "WRONGCODE"}, headers={"accept": "application/json"})

        assert response.status_code == 400
        assert response.json()["error"]["code"] == "wrong_code"

    @pytest.mark.parametrize("language", ["id", "en"])
    def test_the_form_speaks_both_languages(self, dimas: Client, language: str) -> None:
        response = dimas.get(ENTER, headers={"accept-language": language})

        assert response.status_code == 200
        assert f'<html lang="{language}"' in response.content.decode()


class OwnGalleriesTests:
    def test_a_client_finds_the_own_galleries_and_no_draft(
        self, log_in: Callable[[User], Client], ani: User, event: Event
    ) -> None:
        draft = EventFactory.create(status=Event.Status.DRAFT)
        draft.partners.add(ani)
        EventFactory.create(slug="foreign")

        page = log_in(ani).get(ENTER).content.decode()

        assert re.findall(r'href="(/e/[^"]+)"', page) == [GALLERY]

    def test_logging_in_leads_there(self, log_in: Callable[[User], Client], budi: User) -> None:
        assert log_in(budi).get("/accounts/start/")["Location"] == ENTER

    def test_the_start_page_leads_there(self, dimas: Client) -> None:
        assert dimas.get("/")["Location"] == ENTER


class ManyWrongCodesTests:
    def test_from_the_twenty_first_wrong_code_a_minute_the_answer_is_429(
        self, dimas: Client, event: Event
    ) -> None:
        answers = [type_code(dimas, "WRONGCODE") for _ in range(21)]

        assert answers == [400] * 20 + [429]

    def test_429_says_when_to_come_back(self, dimas: Client, event: Event) -> None:
        for _ in range(20):
            type_code(dimas, "WRONGCODE")

        response = dimas.post(ENTER, {"code": "WRONGCODE"})

        assert 1 <= int(response["Retry-After"]) <= WRONG_A_MINUTE.seconds

    def test_right_codes_pass_meanwhile(self, dimas: Client, event: Event) -> None:
        for _ in range(21):
            type_code(dimas, "WRONGCODE")

        assert type_code(dimas, "KEBAYA77") == 303

    def test_three_hundred_right_codes_from_one_address_pass(
        self, dimas: Client, event: Event
    ) -> None:
        answers = {type_code(Client(), "KEBAYA77") for _ in range(300)}

        assert answers == {303}

    def test_after_two_hundred_typing_is_closed_right_or_wrong(
        self, dimas: Client, event: Event
    ) -> None:
        for _ in range(200):
            ratelimit.count(WRONG_IN_TEN_MINUTES, "127.0.0.1")

        assert type_code(dimas, "KEBAYA77") == 429

    def test_scanning_and_being_inside_are_untouched_then(
        self, sari: Client, dimas: Client, event: Event
    ) -> None:
        for _ in range(200):
            ratelimit.count(WRONG_IN_TEN_MINUTES, "127.0.0.1")

        assert sari.get(GALLERY).status_code == 200
        assert dimas.get("/q/KEBAYA77/").status_code == 302

    def test_each_event_counts_its_own_wrong_codes(self, dimas: Client, event: Event) -> None:
        EventFactory.create(slug="other")
        for _ in range(21):
            type_code(dimas, "WRONGCODE", EVENT_ENTER)

        assert type_code(dimas, "WRONGCODE", "/e/other/enter/") == 400


class EventEnterTests:
    def test_an_unknown_event_is_not_found(self, dimas: Client, db: None) -> None:
        assert dimas.get("/e/nobody/enter/").status_code == 404

    def test_a_draft_is_not_found(self, dimas: Client, event: Event) -> None:
        Event.objects.update(status=Event.Status.DRAFT)

        assert dimas.get(EVENT_ENTER).status_code == 404
        assert type_code(dimas, "KEBAYA77", EVENT_ENTER) == 404

    def test_an_expired_event_is_gone(self, dimas: Client, event: Event) -> None:
        Event.objects.update(storage_expires_at=timezone.now() - timedelta(seconds=1))

        assert dimas.get(EVENT_ENTER).status_code == 410

    def test_the_code_of_another_event_does_not_open_it(self, dimas: Client, event: Event) -> None:
        EventFactory.create(slug="other", access_code="OTHERONE")

        assert type_code(dimas, "OTHERONE", EVENT_ENTER) == 400
        assert dimas.get("/e/other/").status_code == 302

    def test_its_own_code_opens_it(self, dimas: Client, event: Event) -> None:
        assert type_code(dimas, "KEBAYA77", EVENT_ENTER) == 303

    def test_the_page_shows_the_title_and_neither_code_nor_place(
        self, dimas: Client, event: Event
    ) -> None:
        Event.objects.update(location="Grand Ballroom", description="Only for friends")

        page = dimas.get(EVENT_ENTER).content.decode()

        assert "Pernikahan Budi &amp; Ani" in page
        assert "KEBAYA77" not in page
        assert "Grand Ballroom" not in page
        assert "Only for friends" not in page

    def test_the_page_has_a_preview_for_chats(self, dimas: Client, event: Event) -> None:
        page = dimas.get(EVENT_ENTER).content.decode()

        assert 'property="og:image" content="http://testserver/e/budi-ani/enter/card.png"' in page

    def test_a_former_address_leads_to_the_present_one(self, dimas: Client, event: Event) -> None:
        event.old_slugs.create(slug="old-name")

        response = dimas.get("/e/old-name/enter/?next=/e/old-name/")

        assert response.status_code == 301
        assert response["Location"] == "/e/budi-ani/enter/?next=/e/old-name/"


class EventCardTests:
    def test_the_card_is_a_png_of_the_usual_size(self, dimas: Client, event: Event) -> None:
        response = dimas.get(EVENT_ENTER + "card.png")

        assert response.status_code == 200
        assert response["Content-Type"] == "image/png"
        assert response.content[16:24] == (1200).to_bytes(4, "big") + (630).to_bytes(4, "big")

    def test_a_draft_has_no_card(self, dimas: Client, event: Event) -> None:
        Event.objects.update(status=Event.Status.DRAFT)

        assert dimas.get(EVENT_ENTER + "card.png").status_code == 404


class QrEnterTests:
    def test_a_wrong_code_gets_the_form(self, dimas: Client, event: Event) -> None:
        assert dimas.get("/q/WRONGCODE/").status_code == 400

    def test_a_draft_s_code_is_wrong(self, dimas: Client, event: Event) -> None:
        Event.objects.update(status=Event.Status.DRAFT)

        assert dimas.get("/q/KEBAYA77/").status_code == 400

    def test_posting_is_refused(self, dimas: Client, event: Event) -> None:
        assert dimas.post("/q/KEBAYA77/").status_code == 405

    def test_scanning_leads_straight_into_the_gallery(self, dimas: Client, event: Event) -> None:
        response = dimas.get("/q/KEBAYA77/")

        assert response.status_code == 302
        assert response["Location"] == GALLERY
        assert dimas.get(GALLERY).status_code == 200

    def test_neither_referrer_nor_cache_keep_the_code(self, dimas: Client, event: Event) -> None:
        response = dimas.get("/q/KEBAYA77/")

        assert response["Referrer-Policy"] == "no-referrer"
        assert response["Cache-Control"] == "no-store"

    def test_the_admission_is_http_only(self, dimas: Client, event: Event) -> None:
        cookie = dimas.get("/q/KEBAYA77/").cookies[f"hp_guest_{event.pk.hex}"]

        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"

    def test_a_robot_without_cookies_is_no_visitor(self, event: Event) -> None:
        Client().get("/q/KEBAYA77/")
        Client().get(GALLERY)

        assert GuestSession.objects.count() == 0

    def test_a_new_code_ends_every_admission_at_once(
        self, sari: Client, hafi: User, event: Event
    ) -> None:
        from events.services import rotate_code

        assert sari.get(GALLERY).status_code == 200

        rotate_code(event=event)

        assert sari.get(GALLERY).status_code == 302
        assert sari.get("/q/KEBAYA77/").status_code == 400

    def test_one_browser_may_visit_several_events(self, sari: Client, event: Event) -> None:
        EventFactory.create(slug="other", access_code="OTHERONE")

        sari.get("/q/OTHERONE/")

        assert sari.get(GALLERY).status_code == 200
        assert sari.get("/e/other/").status_code == 200

"""The two languages: every page is wholly in the one that its reader chose."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import allauth
import django
import polib
import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.apps import apps
from django.conf import settings as site_settings
from django.core import mail
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import formats, translation
from django.utils.text import capfirst

from engagement.models import Comment
from events.entry import WRONG_A_MINUTE
from events.models import Event
from gallery.models import Photo
from hafiportrait.accounts.models import User
from tests.factories import PASSWORD, ChapterFactory, EventFactory, ready_photo
from tests.test_admin import MAKERS, address

pytestmark = pytest.mark.django_db

LogIn = Callable[[User], Client]
LANGUAGES = ("id", "en")
SWITCH = "/i18n/"
SECRET = "JBSWY3DPEHPK3PXP"
COOKIE = "django_language"
# Shorter sentences are words that the other language, a name or a file may hold as well.
SENTENCE_CHARACTERS = 12
HELD = re.compile(r"%\(\w+\)[sd]|%?\{\w+\}|%[sd]")
# What no sentence of a language does without, and the other language does not have.
GIVEAWAYS = {
    "en": {"the", "and", "of", "your", "you", "with", "this", "is", "are", "that", "please", "for"},
    "id": {"dan", "yang", "untuk", "dengan", "anda", "tidak", "ini", "dari", "atau", "silakan"},
}
PACKAGES = (
    Path(allauth.__file__).parent,
    Path(django.__file__).parent / "conf",
    Path(django.__file__).parent / "contrib" / "admin",
    Path(django.__file__).parent / "contrib" / "auth",
)
# Attributes that people read or hear.
SPOKEN = {"alt", "title", "aria-label", "placeholder", "content"}
SILENT = {"script", "style"}
FOR_STRANGERS = (
    "events:enter",
    "account_login",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
)
FOR_STAFF = (
    "account_logout",
    "account_change_password",
    "account_reauthenticate",
    "mfa_index",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "admin:index",
)
REFUSALS = {
    404: {"id": "Tidak ditemukan", "en": "Not found"},
    410: {"id": "Galeri ini sudah ditutup", "en": "This gallery is closed"},
    403: {"id": "Tidak ada akses", "en": "No entry"},
    429: {"id": "Terlalu banyak percobaan", "en": "Too many tries"},
}
WAITING = {"id": "Menunggu persetujuan", "en": "Waiting for approval"}
every_language = pytest.mark.parametrize("language", LANGUAGES)
every_model = pytest.mark.parametrize("model", MAKERS, ids=lambda model: model.__name__)


class VisibleText(HTMLParser):
    """Gathers what a page says to eyes and ears."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT
        facts = dict(attrs)
        is_button = tag == "input" and facts.get("type") in ("submit", "button", "reset")
        spoken = SPOKEN | {"value"} if is_button else SPOKEN
        self.said += [value or "" for name, value in attrs if name in spoken]
        self.said += [value or "" for name, value in attrs if name.startswith("data-")]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.said.append(data)


def visible_text(response: Any) -> str:
    parser = VisibleText()
    parser.feed(response.content.decode())
    return " | ".join(" ".join(said.split()) for said in parser.said if said.strip())


def catalogues() -> Iterator[polib.POFile | polib.MOFile]:
    yield polib.pofile(str(site_settings.LOCALE_PATHS[0] / "id" / "LC_MESSAGES" / "django.po"))
    for package in PACKAGES:
        yield polib.mofile(str(package / "locale" / "id" / "LC_MESSAGES" / "django.mo"))


def both_ways(entry: polib.POEntry | polib.MOEntry) -> tuple[set[str], set[str]]:
    """Return the sentence in English and in Indonesian, both with their plural forms."""
    english = {entry.msgid, entry.msgid_plural}
    indonesian = {entry.msgstr, *entry.msgstr_plural.values()}
    return english - indonesian, indonesian - english


@cache
def sentences(language: str) -> dict[str, re.Pattern[str]]:
    """Return the long pieces of every sentence that the language says in its own way."""
    own: set[str] = set()
    other: set[str] = set()
    for catalogue in catalogues():
        for entry in catalogue:
            english, indonesian = both_ways(entry)
            own |= english if language == "en" else indonesian
            other |= indonesian if language == "en" else english
    pieces = {" ".join(piece.split()) for text in own for piece in HELD.split(text)}
    long = {piece for piece in pieces - other if len(piece) >= SENTENCE_CHARACTERS}
    return {piece: re.compile(rf"(?<!\w){re.escape(piece)}(?!\w)") for piece in long}


@cache
def unmarked_labels() -> set[str]:
    """Return what Django calls those of our fields that nobody gave a name to translate."""
    fields = (field for model in apps.get_models() for field in model._meta.fields)
    names = (getattr(field, "verbose_name", "") for field in fields)
    return {capfirst(name) for name in names if isinstance(name, str)}


def foreign(text: str, language: str) -> list[str]:
    """Return what a text in this language says in the other one."""
    other = "en" if language == "id" else "id"
    found = [piece for piece, pattern in sentences(other).items() if pattern.search(text)]
    words = set(re.findall(r"[a-z]+", text.lower()))
    labels = {label.rstrip(":") for label in text.split(" | ")}
    unmarked = unmarked_labels() & labels if language == "id" else set()
    return sorted(found) + sorted(words & GIVEAWAYS[other]) + sorted(unmarked)


def look(browser: Client, path: str, language: str) -> Any:
    return browser.get(path, headers={"Accept-Language": language}, follow=True)


def assert_speaks(response: Any, language: str) -> None:
    page = response.content.decode()
    assert re.findall(r'<html\s+lang="([^"]*)"', page) == [language]
    assert response.headers["Content-Language"] == language
    assert foreign(visible_text(response), language) == []


@pytest.fixture
def studio(hafi: User, dimas: Client) -> Client:
    """Hafi's browser, with a second factor and a password that was typed just now."""
    TOTP.activate(hafi, SECRET)
    RecoveryCodes.activate(hafi)
    dimas.force_login(hafi, backend=site_settings.AUTHENTICATION_BACKENDS[0])
    dimas.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return dimas


@pytest.fixture
def photo(event: Event) -> Photo:
    return ready_photo(event, chapter=ChapterFactory.create(event=event))


def said_by_others(
    event: Event, photo: Photo | None, *, status: str = Comment.Status.APPROVED
) -> None:
    """Have two guests say something under a photo, or sign the guestbook."""
    for attendance in Comment.Attendance.values if photo is None else ("", ""):
        Comment.objects.create(
            event=event,
            photo=photo,
            author_name="Joko",
            content="Salam hangat",
            attendance=attendance,
            session_id="of-somebody-else",
            status=status,
        )


def say(browser: Client, path: str, **fields: str) -> None:
    """Say something as a guest, which waits for approval."""
    browser.post(path, {"author_name": "Sari", "content": "Salam manis", **fields})


def expired_gallery() -> str:
    """Return the address of a gallery that closed when 21 November began in Makassar."""
    event: Event = EventFactory.create(storage_expires_at=datetime(2025, 11, 20, 16, tzinfo=UTC))
    return event.get_absolute_url()


class CatalogueTests:
    def test_every_sentence_is_translated(self) -> None:
        ours = next(catalogues())

        assert [entry.msgid for entry in ours if not entry.translated() or entry.fuzzy] == []

    def test_both_languages_are_looked_for(self) -> None:
        english = "Type the access code from your invitation card."
        indonesian = "Ketik kode akses yang tertera di kartu undangan Anda."

        assert foreign(english, "id") == [english, "the", "your"]
        assert foreign(indonesian, "en") == ["Ketik kode akses", indonesian, "anda", "yang"]

    def test_placeholders_are_left_as_they_are(self) -> None:
        changed = [
            entry.msgid
            for entry in next(catalogues())
            if set(HELD.findall(entry.msgid_plural or entry.msgid))
            != set(HELD.findall(entry.msgstr or entry.msgstr_plural.get(0, "")))
        ]

        assert changed == []


@every_language
class GuestPageTests:
    def test_the_gallery(self, sari: Client, event: Event, photo: Photo, language: str) -> None:
        assert_speaks(look(sari, event.get_absolute_url(), language), language)

    def test_a_gallery_without_photos(self, sari: Client, event: Event, language: str) -> None:
        assert_speaks(look(sari, event.get_absolute_url(), language), language)

    def test_one_photo(self, sari: Client, event: Event, photo: Photo, language: str) -> None:
        ready_photo(event)
        page = reverse("gallery:photo-detail", args=[event.slug, photo.pk])

        assert_speaks(look(sari, page, language), language)

    def test_one_photo_with_comments(
        self, sari: Client, event: Event, photo: Photo, language: str
    ) -> None:
        page = reverse("gallery:photo-detail", args=[event.slug, photo.pk])
        said_by_others(event, photo)
        say(sari, reverse("engagement:comment-create", args=[event.slug, photo.pk]))

        response = look(sari, page, language)

        assert_speaks(response, language)
        assert WAITING[language] in visible_text(response)

    @pytest.mark.parametrize("show", ["liked", "popular"])
    def test_favourites(
        self, sari: Client, event: Event, photo: Photo, show: str, language: str
    ) -> None:
        page = f"{event.get_absolute_url()}?show={show}"

        assert_speaks(look(sari, page, language), language)
        sari.post(reverse("engagement:photo-like", args=[event.slug, photo.pk]), {"liked": "1"})
        liked = look(sari, page, language)

        assert_speaks(liked, language)
        assert str(photo.pk) in liked.content.decode()

    def test_the_guestbook(self, sari: Client, event: Event, language: str) -> None:
        page = reverse("engagement:guestbook", args=[event.slug])

        assert_speaks(look(sari, page, language), language)
        said_by_others(event, None)
        say(sari, page, attendance=Comment.Attendance.YES)
        signed = look(sari, page, language)

        assert_speaks(signed, language)
        assert WAITING[language] in visible_text(signed)

    def test_a_wish_that_is_wrong(self, sari: Client, event: Event, language: str) -> None:
        headers = {"Accept-Language": language}
        wrong = {"author_name": "", "content": "x" * 1001, "author_email": "no address"}

        response = sari.post(
            reverse("engagement:guestbook", args=[event.slug]), wrong, headers=headers
        )

        assert response.status_code == 400
        assert_speaks(response, language)

    def test_the_guestbook_as_a_book(self, sari: Client, event: Event, language: str) -> None:
        page = reverse("engagement:guestbook-keepsake", args=[event.slug])

        assert_speaks(look(sari, page, language), language)
        said_by_others(event, None)

        assert_speaks(look(sari, page, language), language)

    def test_closed_comments(self, sari: Client, event: Event, photo: Photo, language: str) -> None:
        Event.objects.filter(pk=event.pk).update(allow_comments=False)

        for page in (
            reverse("gallery:photo-detail", args=[event.slug, photo.pk]),
            reverse("engagement:guestbook", args=[event.slug]),
        ):
            assert_speaks(look(sari, page, language), language)

    def test_the_wall(self, sari: Client, event: Event, photo: Photo, language: str) -> None:
        page = reverse("gallery:slideshow", args=[event.slug])

        assert_speaks(look(sari, page, language), language)

    def test_the_code_form_of_one_event(self, dimas: Client, event: Event, language: str) -> None:
        assert_speaks(look(dimas, event.get_absolute_url(), language), language)

    def test_a_wrong_code(self, dimas: Client, event: Event, language: str) -> None:
        headers = {"Accept-Language": language}

        response = dimas.post(reverse("events:enter"), {"code": "WRONGCODE"}, headers=headers)

        assert_speaks(response, language)

    def test_the_galleries_of_a_client(
        self, budi: User, event: Event, log_in: LogIn, language: str
    ) -> None:
        assert_speaks(look(log_in(budi), reverse("events:enter"), language), language)

    @pytest.mark.parametrize("name", FOR_STRANGERS)
    def test_what_strangers_see(self, dimas: Client, name: str, language: str) -> None:
        assert_speaks(look(dimas, reverse(name), language), language)

    def test_a_wrong_password(self, dimas: Client, language: str) -> None:
        wrong = {"login": "budi@example.com", "password": "a-wrong-password"}
        headers = {"Accept-Language": language}

        assert_speaks(dimas.post(reverse("account_login"), wrong, headers=headers), language)

    def test_a_forgotten_password(self, dimas: Client, budi: User, language: str) -> None:
        headers = {"Accept-Language": language}

        dimas.post(reverse("account_reset_password"), {"email": budi.email}, headers=headers)
        letter = f"{mail.outbox[0].subject}\n{mail.outbox[0].body}"
        link = re.findall(r"https?://\S+", letter)[0]

        assert foreign(" ".join(letter.split()), language) == []
        assert_speaks(look(dimas, link, language), language)
        assert_speaks(look(dimas, f"{link}x", language), language)


@every_language
class StaffPageTests:
    @pytest.mark.parametrize("name", FOR_STAFF)
    def test_the_account(self, studio: Client, name: str, language: str) -> None:
        assert_speaks(look(studio, reverse(name), language), language)

    def test_enrolling_a_second_factor(self, mira: User, log_in: LogIn, language: str) -> None:
        browser = log_in(mira)
        browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})

        assert_speaks(look(browser, reverse("admin:index"), language), language)

    def test_the_code_of_the_second_factor(self, hafi: User, dimas: Client, language: str) -> None:
        TOTP.activate(hafi, SECRET)
        dimas.post(reverse("account_login"), {"login": hafi.email, "password": PASSWORD})
        headers = {"Accept-Language": language}

        wrong = dimas.post(reverse("mfa_authenticate"), {"code": "000"}, headers=headers)

        assert_speaks(wrong, language)

    def test_a_password_that_is_too_easy(self, studio: Client, language: str) -> None:
        easy = {"oldpassword": "wrong", "password1": "123", "password2": "123"}
        headers = {"Accept-Language": language}

        response = studio.post(reverse("account_change_password"), easy, headers=headers)

        assert_speaks(response, language)

    @every_model
    def test_the_admin_of(self, studio: Client, model: type[Model], language: str) -> None:
        row = MAKERS[model]()
        pages = [
            address(model, "changelist"),
            address(model, "change", row.pk),
            address(model, "history", row.pk),
        ]

        for page in pages:
            assert_speaks(look(studio, page, language), language)

    def test_the_queue_of_comments(self, studio: Client, photo: Photo, language: str) -> None:
        queue = reverse("admin:engagement_comment_queue")

        assert_speaks(look(studio, queue, language), language)
        for place in (photo, None):
            said_by_others(photo.event, place, status=Comment.Status.PENDING)

        assert_speaks(look(studio, queue, language), language)

    @pytest.mark.parametrize("model", [Event, User], ids=lambda model: model.__name__)
    def test_a_form_that_is_wrong(self, studio: Client, model: type[Model], language: str) -> None:
        headers = {"Accept-Language": language}

        response = studio.post(address(model, "add"), {"email": "no address"}, headers=headers)

        assert_speaks(response, language)

    def test_deleting_an_event(self, studio: Client, event: Event, language: str) -> None:
        assert_speaks(look(studio, address(Event, "delete", event.pk), language), language)

    @pytest.mark.parametrize("page", ["events_event_new_code", "gallery_photo_upload"])
    def test_the_pages_of_one_event(
        self, studio: Client, photo: Photo, page: str, language: str
    ) -> None:
        path = reverse(f"admin:{page}", args=[photo.event.pk])

        assert_speaks(look(studio, path, language), language)


@every_language
class RefusalTests:
    def assert_refuses(self, response: Any, status: int, language: str) -> None:
        titles = re.findall(r"<h1>\s*(.*?)\s*</h1>", response.content.decode())
        assert (response.status_code, titles) == (status, [REFUSALS[status][language]])
        assert_speaks(response, language)

    def test_not_found(self, dimas: Client, language: str) -> None:
        self.assert_refuses(look(dimas, "/e/nobodys-wedding/", language), 404, language)

    def test_closed(self, dimas: Client, language: str) -> None:
        self.assert_refuses(look(dimas, expired_gallery(), language), 410, language)

    def test_no_entry(self, budi: User, log_in: LogIn, language: str) -> None:
        self.assert_refuses(look(log_in(budi), reverse("admin:index"), language), 403, language)

    def test_too_many_tries(self, dimas: Client, event: Event, language: str) -> None:
        path, headers = reverse("events:enter"), {"Accept-Language": language}
        for _ in range(WRONG_A_MINUTE.most):
            dimas.post(path, {"code": "WRONGCODE"})

        response = dimas.post(path, {"code": "WRONGCODE"}, headers=headers)

        self.assert_refuses(response, 429, language)

    def test_scripts_are_told_in_words_too(self, dimas: Client, language: str) -> None:
        headers = {"Accept": "application/json", "Accept-Language": language}

        answer = dimas.get("/e/nobodys-wedding/", headers=headers).json()

        assert foreign(answer["error"]["message"], language) == []
        assert answer["error"]["code"] == "not_found"


class SwitchTests:
    def language_of(self, browser: Client, **headers: str) -> str:
        page = browser.get(reverse("events:enter"), headers=headers).content.decode()
        found: list[str] = re.findall(r'<html lang="([^"]*)"', page)
        return found[0]

    def test_indonesian_unless_the_browser_says_otherwise(self, dimas: Client) -> None:
        assert self.language_of(dimas) == "id"
        assert self.language_of(dimas, accept_language="de-DE,de") == "id"
        assert self.language_of(dimas, accept_language="en-GB,en;q=0.9") == "en"

    @every_language
    def test_the_choice_is_kept_in_a_cookie_and_beats_the_browser(
        self, dimas: Client, language: str
    ) -> None:
        other = "en" if language == "id" else "id"

        answer = dimas.post(SWITCH, {"language": language, "next": "/masuk/"})

        assert (answer.status_code, answer["Location"]) == (302, "/masuk/")
        assert answer.cookies[COOKIE].value == language
        assert answer.cookies[COOKIE]["httponly"] is True
        assert self.language_of(dimas, accept_language=other) == language

    def test_looking_at_the_switch_changes_nothing(self, dimas: Client) -> None:
        dimas.get(SWITCH, {"language": "en"})

        assert self.language_of(dimas) == "id"

    def test_an_unknown_language_is_no_choice(self, dimas: Client) -> None:
        answer = dimas.post(SWITCH, {"language": "xx", "next": "/masuk/"})

        assert (answer.status_code, COOKIE in answer.cookies) == (302, False)

    def test_it_leads_nowhere_outside(self, dimas: Client) -> None:
        answer = dimas.post(SWITCH, {"language": "en", "next": "https://example.org/"})

        assert answer["Location"] == "/"

    def test_it_switches_a_cached_gallery(self, sari: Client, event: Event, photo: Photo) -> None:
        first = look(sari, event.get_absolute_url(), "id")
        sari.post(SWITCH, {"language": "en", "next": event.get_absolute_url()})

        second = look(sari, event.get_absolute_url(), "id")

        assert_speaks(first, "id")
        assert_speaks(second, "en")


class DateTests:
    def test_the_gallery_says_the_day_in_full(self, sari: Client, event: Event) -> None:
        Event.objects.filter(pk=event.pk).update(event_date=datetime(2026, 11, 21, 2, tzinfo=UTC))

        page = look(sari, event.get_absolute_url(), "id")

        said = re.findall(r"<time[^>]*>([^<]+)</time>", page.content.decode())
        assert said == ["Sabtu, 21 November 2026"]

    def test_a_closed_gallery_says_when(self, dimas: Client) -> None:
        page = look(dimas, expired_gallery(), "id")

        assert "Galeri ini ditutup pada Jumat, 21 November 2025." in visible_text(page)

    def test_no_month_is_cut_short(self) -> None:
        with translation.override("id"):
            days = [formats.date_format(datetime(2026, n, 1), "DATE_FORMAT") for n in range(1, 13)]

        assert days == [
            "Kamis, 1 Januari 2026",
            "Minggu, 1 Februari 2026",
            "Minggu, 1 Maret 2026",
            "Rabu, 1 April 2026",
            "Jumat, 1 Mei 2026",
            "Senin, 1 Juni 2026",
            "Rabu, 1 Juli 2026",
            "Sabtu, 1 Agustus 2026",
            "Selasa, 1 September 2026",
            "Kamis, 1 Oktober 2026",
            "Minggu, 1 November 2026",
            "Selasa, 1 Desember 2026",
        ]

"""The letters of accounts: in the reader's language, in our colours, as text and as a page."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from hafiportrait.accounts.models import User
from tests.test_languages import foreign
from tests.test_tokens import DARK, LIGHT, declarations

pytestmark = pytest.mark.django_db

TAGS = re.compile(r"<style.*?</style>|<[^>]+>", re.S)
SUBJECTS = {
    "id": "Pilih kata sandi untuk Hafiportrait",
    "en": "Choose your password at Hafiportrait",
}
every_language = pytest.mark.parametrize("language", ["id", "en"])


def letter_to(person: User, language: str = "en") -> EmailMultiAlternatives:
    """Return the letter that a forgotten password brings."""
    headers = {"Accept-Language": language}
    Client().post(reverse("account_reset_password"), {"email": person.email}, headers=headers)
    (letter,) = mail.outbox
    assert isinstance(letter, EmailMultiAlternatives)
    return letter


def page_of(letter: EmailMultiAlternatives) -> str:
    """Return the letter as a mail program draws it."""
    ((content, kind),) = letter.alternatives
    assert kind == "text/html"
    return str(content)


class PasswordLetterTests:
    @every_language
    def test_the_subject_is_in_the_reader_s_language(self, budi: User, language: str) -> None:
        assert letter_to(budi, language).subject == SUBJECTS[language]

    @every_language
    def test_text_and_page_are_wholly_in_the_reader_s_language(
        self, budi: User, language: str
    ) -> None:
        letter = letter_to(budi, language)

        page = page_of(letter)
        assert page.count(f'<html lang="{language}">') == 1
        assert foreign(" ".join(TAGS.sub(" | ", page).split()), language) == []
        assert foreign(" ".join(str(letter.body).split()), language) == []

    def test_text_and_page_lead_to_the_same_place(self, budi: User) -> None:
        letter = letter_to(budi)

        (link,) = re.findall(r"http\S+/reset/key/\S+", str(letter.body))
        assert page_of(letter).count(f'href="{link}"') == 2

    def test_the_studio_s_name_is_text(self, budi: User, settings: Settings) -> None:
        settings.STUDIO_NAME = "Foto & <b>Film</b>"

        letter = letter_to(budi)

        assert letter.subject == "Choose your password at Foto & <b>Film</b>"
        assert str(letter.body).count("Foto & <b>Film</b>") == 1
        assert page_of(letter).count("Foto &amp; &lt;b&gt;Film&lt;/b&gt;") == 2

    def test_every_colour_is_one_of_ours(self) -> None:
        folder = settings.BASE_DIR / "templates" / "email"
        source = "".join(path.read_text() for path in sorted(folder.glob("*.html")))
        by_day, _, by_night = source.partition("@media (prefers-color-scheme: dark)")
        by_night, _, body = by_night.partition("</style>")

        colour = re.compile(r"#[0-9a-f]{3,8}\b", re.I)
        assert set(colour.findall(by_day + body)) - set(declarations(LIGHT).values()) == set()
        assert set(colour.findall(by_night)) - set(declarations(DARK).values()) == set()
        assert len(set(colour.findall(by_night))) >= 5

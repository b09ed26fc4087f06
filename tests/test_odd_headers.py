"""Headers and cookies of any sort change nothing but the answer, which is never a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client, RequestFactory

from engagement.models import Comment, PhotoLike
from events.admission import cookie_name
from events.models import Event
from gallery.models import Photo
from hafiportrait.wsgi import application
from tests.factories import ready_photo

pytestmark = pytest.mark.django_db

GALLERY = "/e/budi-ani/"
# Parameters in an encoding that there is not, or that fails (RFC 2231).
ODD_PARAMETERS = [
    "a*=bogus''x",
    "a*=bogus''%41",
    "a*0*=bogus''%41",
    "a*=idna''%ff",
    "a*=%00''x",
    "a*=rot13''x",
    f"a*{'9' * 5000}=x",
    "charset*0*=bogus''x",
    "charset*=utf-8''%00",
]


@pytest.fixture
def photo(event: Event) -> Photo:
    return ready_photo(event)


@contextmanager
def one_connection() -> Iterator[None]:
    """Keep the test's connection, with what it has not committed, as Django's own client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


def answer(address: str, environ: dict[str, str], *, body: bytes | None = None) -> int:
    """Return the status with which the application that gunicorn runs answers."""
    asked = RequestFactory().generic("GET" if body is None else "POST", address, body or b"")
    statuses: list[str] = []

    def start(status: str, *_: Any) -> Any:
        statuses.append(status)

    known = {"wsgi.input": BytesIO(body or b""), "CONTENT_LENGTH": str(len(body or b""))}
    with one_connection():
        response: Any = application(asked.environ | known | environ, start)
        response.close()
    return int(statuses[0].split()[0])


def cookies_of(browser: Client) -> str:
    return "; ".join(f"{name}={morsel.coded_value}" for name, morsel in browser.cookies.items())


def as_sari(sari: Client) -> dict[str, str]:
    """Return what her browser says beside the form: cookies and token."""
    token = sari.cookies["csrftoken"].value
    return {"HTTP_COOKIE": cookies_of(sari), "HTTP_X_CSRFTOKEN": token}


class AcceptTests:
    @pytest.mark.parametrize("parameter", ODD_PARAMETERS)
    def test_pages_and_refusals_are_given_as_pages(
        self, sari: Client, dimas: Client, photo: Photo, parameter: str
    ) -> None:
        odd = {"Accept": f"application/json; {parameter}"}

        found = [
            sari.get(f"{GALLERY}photos/{photo.pk}/", headers=odd).status_code,
            sari.get("/e/nobody/", headers=odd).status_code,
            dimas.get(GALLERY, headers=odd).status_code,
        ]

        assert found[:2] == [200, 404]
        assert found[2] in (302, 403)  # where the parameter can be read, a script has asked

    @pytest.mark.parametrize("parameter", ODD_PARAMETERS)
    def test_what_was_stored_is_answered_as_stored(
        self, sari: Client, photo: Photo, parameter: str
    ) -> None:
        odd = {"Accept": f"application/json; {parameter}"}
        words = {"author_name": "Sari", "content": "Cantik!"}

        liked = sari.post(f"{GALLERY}photos/{photo.pk}/like/", {"liked": "1"}, headers=odd)
        said = sari.post(f"{GALLERY}photos/{photo.pk}/comments/", words, headers=odd)

        assert liked.status_code in (200, 303)
        assert said.status_code in (201, 303)
        assert (PhotoLike.objects.count(), Comment.objects.count()) == (1, 1)

    @pytest.mark.parametrize("parameter", ODD_PARAMETERS)
    def test_the_language_is_chosen_all_the_same(self, sari: Client, parameter: str) -> None:
        odd = {"HTTP_ACCEPT": f"text/html; {parameter}", **as_sari(sari)}

        assert answer("/i18n/", odd, body=b"language=en") in (204, 302)


class ContentTypeTests:
    @pytest.mark.parametrize("parameter", ODD_PARAMETERS)
    @pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=b"])
    def test_a_page_is_read(self, sari: Client, photo: Photo, kind: str, parameter: str) -> None:
        odd = {"CONTENT_TYPE": f"{kind}; {parameter}", "HTTP_COOKIE": cookies_of(sari)}

        assert answer(GALLERY, odd) == 200
        assert answer("/e/nobody/", odd) == 404
        assert answer("/e/nobody/%C3%A9/", odd) == 404

    @pytest.mark.parametrize("parameter", ODD_PARAMETERS)
    def test_a_form_is_one_with_nothing_in_it(
        self, sari: Client, photo: Photo, parameter: str
    ) -> None:
        odd = {"CONTENT_TYPE": f"text/plain; {parameter}", **as_sari(sari)}
        comments = f"{GALLERY}photos/{photo.pk}/comments/"

        assert answer(comments, odd, body=b"author_name=Sari&content=Hi") == 400
        assert Comment.objects.count() == 0

    def test_a_form_that_can_be_read_is_kept(self, sari: Client, photo: Photo) -> None:
        plain = {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-8"}
        body = urlencode({"author_name": "Sari", "content": "Cantik!"}).encode()
        comments = f"{GALLERY}photos/{photo.pk}/comments/"

        found = answer(comments, plain | as_sari(sari), body=body)

        assert found == 303
        assert Comment.objects.get().content == "Cantik!"


class CookieTests:
    # In quotes a cookie may hold any character, by its number in octal digits.
    @pytest.mark.parametrize(
        "value",
        [
            '"\\000aaaaaaaaaaaa"',
            "aaaaaaaaaa\x00aaa",
            '"\\355\\240\\200aaaaaaaaa"',
            "\xed\xa0\x80aaaaaaaaa",
            "\xf0\x9f\x92\x9b" * 9,
            "a" * 7000,
            "a.b.c.d.e",
            "../../etc",
            "",
        ],
    )
    @pytest.mark.parametrize(
        "name",
        ["sessionid", "csrftoken", "messages", "django_language", "hp_browser", "the guest's own"],
    )
    def test_whatever_it_holds_the_site_answers(
        self, sari: Client, event: Event, photo: Photo, name: str, value: str
    ) -> None:
        name = cookie_name(event) if name == "the guest's own" else name
        sari.cookies.pop(name, None)
        browser = Client(headers={"Cookie": f"{cookies_of(sari)}; {name}={value}"})
        is_out = name == cookie_name(event)

        found = [
            browser.get(address).status_code
            for address in (
                GALLERY,
                f"{GALLERY}enter/",
                "/accounts/login/",
                "/admin/",
                "/e/nobody/",
            )
        ]

        assert found == [302 if is_out else 200, 200, 200, 302, 404]
        assert browser.get(f"/q/{event.access_code}/").status_code == 302
        assert browser.post(f"{GALLERY}enter/", {"code": "wrong"}).status_code == 400

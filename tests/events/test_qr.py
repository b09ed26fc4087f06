"""The QR code of an event: who gets it, what it says, and how it is drawn."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
import qrcode
from django.test import Client
from PIL import Image
from qrcode.constants import ERROR_CORRECT_Q

from events.models import Event
from events.qr import draw_qr
from hafiportrait.accounts.models import User
from tests.factories import NOBODY

LogIn = Callable[[User], Client]
Matrix = list[list[bool]]
TEXT = "http://testserver/q/KEBAYA77/"


def address(event: Event, kind: str) -> str:
    return f"/admin/events/event/{event.pk}/qr/{kind}/"


def matrix_of(text: str) -> Matrix:
    """Return the dark modules of the code that says the text, its margin included."""
    code: Any = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, border=4)
    code.add_data(text)
    return [[bool(module) for module in row] for row in code.get_matrix()]


def matrix_of_png(data: bytes, modules: int) -> Matrix:
    with Image.open(io.BytesIO(data)) as image:
        step = image.width // modules
        middle = step // 2
        return [
            [image.getpixel((x * step + middle, y * step + middle)) == 0 for x in range(modules)]
            for y in range(modules)
        ]


def matrix_of_svg(data: bytes, modules: int) -> Matrix:
    dark = {(int(x), int(y)) for x, y in re.findall(rb"M(\d+),(\d+)H", data)}
    return [[(x, y) in dark for x in range(modules)] for y in range(modules)]


@pytest.fixture
def studio(hafi: User, log_in: LogIn, settings: Any) -> Client:
    """The photographer's browser; the second factor has tests of its own."""
    settings.SECOND_FACTOR_REQUIRED = False
    return log_in(hafi)


@pytest.mark.django_db
class EventQrTests:
    def test_strangers_are_asked_to_log_in(self, event: Event, dimas: Client) -> None:
        response = dimas.get(address(event, "png"))

        assert response.headers["Location"].startswith("/accounts/login/?next=")

    def test_guests_are_asked_to_log_in(self, event: Event, sari: Client) -> None:
        response = sari.get(address(event, "svg"))

        assert response.headers["Location"].startswith("/accounts/login/?next=")

    def test_the_client_is_refused(self, event: Event, budi: User, log_in: LogIn) -> None:
        response = log_in(budi).get(address(event, "png"), follow=True)

        assert response.status_code == 403

    def test_only_reading_is_allowed(self, event: Event, studio: Client) -> None:
        assert studio.post(address(event, "png")).status_code == 405

    @pytest.mark.parametrize("wrong", ["junk/qr/png", f"{NOBODY}/qr/png", "junk/qr/svg"])
    def test_an_id_that_is_none_is_not_found(self, wrong: str, studio: Client) -> None:
        assert studio.get(f"/admin/events/event/{wrong}/").status_code == 404

    def test_another_kind_of_file_is_not_found(self, event: Event, studio: Client) -> None:
        assert studio.get(address(event, "gif")).status_code == 404

    @pytest.mark.parametrize(
        ("kind", "mime_type"), [("png", "image/png"), ("svg", "image/svg+xml")]
    )
    def test_it_is_shown_with_its_own_type(
        self, kind: str, mime_type: str, event: Event, studio: Client
    ) -> None:
        response = studio.get(address(event, kind))

        assert response.headers["Content-Type"] == mime_type
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert (
            response.headers["Cache-Control"]
            == "max-age=0, no-cache, no-store, must-revalidate, private"
        )
        assert response.headers["Content-Disposition"] == f'inline; filename="qr-budi-ani.{kind}"'

    def test_it_is_a_file_to_keep_when_asked_for(self, event: Event, studio: Client) -> None:
        response = studio.get(address(event, "png"), {"download": "1"})

        assert response.headers["Content-Disposition"] == 'attachment; filename="qr-budi-ani.png"'

    def test_it_leads_into_the_event_by_the_site_s_own_address(
        self, event: Event, studio: Client
    ) -> None:
        expected = matrix_of(TEXT)

        drawn = studio.get(address(event, "png"), headers={"Host": "localhost"}).content

        assert matrix_of_png(drawn, len(expected)) == expected

    def test_a_new_code_is_drawn_at_once(self, event: Event, studio: Client) -> None:
        Event.objects.filter(pk=event.pk).update(access_code="SELENDANG8")
        expected = matrix_of("http://testserver/q/SELENDANG8/")

        drawn = studio.get(address(event, "svg")).content

        assert matrix_of_svg(drawn, len(expected)) == expected


class DrawQrTests:
    def test_both_kinds_say_the_text_inside_a_margin_of_four_modules(self) -> None:
        expected = matrix_of(TEXT)

        png, svg = draw_qr(TEXT, "png"), draw_qr(TEXT, "svg")

        assert matrix_of_png(png, len(expected)) == expected
        assert matrix_of_svg(svg, len(expected)) == expected
        assert not any(any(row) for row in (*expected[:4], *expected[-4:]))

    @pytest.mark.parametrize("text", ["short", TEXT, "https://photos.example.com/q/" + "W" * 32])
    def test_the_png_is_large_enough_for_print(self, text: str) -> None:
        modules = len(matrix_of(text))

        with Image.open(io.BytesIO(draw_qr(text, "png"))) as image:
            width, height = image.size

        assert width == height >= 1000
        assert width % modules == 0

    def test_the_svg_holds_neither_style_nor_script(self) -> None:
        drawn = draw_qr(TEXT, "svg").decode()

        assert re.findall(r"style|script|href|\son\w+=", drawn) == []
        assert re.findall(r"<(\w+)", drawn) == ["svg", "rect", "path"]

"""The code that leads to a gallery: the couple's lets in, a guest's leads to the door."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.test import Client
from PIL import Image

from events.models import Event
from hafiportrait.accounts.models import User
from tests.events.test_qr import matrix_of, matrix_of_png
from tests.factories import EventFactory

pytestmark = pytest.mark.django_db

QR = "/e/budi-ani/qr.png"
INSIDE = "http://testserver/q/KEBAYA77/"
DOOR = "http://testserver/e/budi-ani/"


def says(client: Client, text: str) -> bool:
    """Return whether the code that this person gets says the text."""
    expected = matrix_of(text)
    drawn: bytes = client.get(QR, headers={"Host": "localhost"}).content
    return matrix_of_png(drawn, len(expected)) == expected


class GalleryQrTests:
    def test_a_stranger_is_asked_for_the_code(self, dimas: Client, event: Event) -> None:
        assert dimas.get(QR).status_code == 302

    def test_a_guest_of_another_event_is_asked_for_the_code(
        self, enter: Callable[[Event], Client], event: Event
    ) -> None:
        assert enter(EventFactory.create()).get(QR).status_code == 302

    def test_an_unknown_event_is_not_found(self, sari: Client) -> None:
        assert sari.get("/e/nobody/qr.png").status_code == 404

    def test_posting_is_refused(self, sari: Client) -> None:
        assert sari.post(QR).status_code == 405

    def test_a_guest_s_leads_to_the_door_and_carries_no_code(self, sari: Client) -> None:
        assert says(sari, DOOR)
        assert not says(sari, INSIDE)

    @pytest.mark.parametrize("who", ["budi", "ani", "hafi"])
    def test_that_of_the_couple_and_the_studio_lets_in(
        self,
        request: pytest.FixtureRequest,
        log_in: Callable[[User], Client],
        event: Event,
        who: str,
    ) -> None:
        person: User = request.getfixturevalue(who)

        assert says(log_in(person), INSIDE)

    def test_it_is_a_picture_that_nobody_keeps(self, sari: Client) -> None:
        response = sari.get(QR)

        assert response["Content-Type"] == "image/png"
        assert response["Cache-Control"] == "private, no-store"

    @pytest.mark.parametrize("size", [250, 500, 1000, 2000])
    def test_it_is_as_large_as_wanted(self, sari: Client, size: int) -> None:
        with Image.open(io.BytesIO(sari.get(QR, {"size": size}).content)) as image:
            assert size <= image.width <= size + 60

    @pytest.mark.parametrize("size", ["", "-1", "501", "100000", "junk"])
    def test_another_size_is_refused(self, sari: Client, size: str) -> None:
        assert sari.get(QR, {"size": size}).status_code == 400

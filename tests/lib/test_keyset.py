"""Pages that start after a row: nothing twice, nothing missed, and no cursor breaks them."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from events.models import Event
from gallery.models import GALLERY_ORDER, Photo
from hafiportrait.lib.keyset import BadCursor, after, decode, encode, page
from tests.factories import PhotoFactory

MORNING = datetime(2026, 11, 7, 8, tzinfo=UTC)
FIELDS = [Photo._meta.get_field(name) for name in GALLERY_ORDER]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def cursor_of(values: Any) -> str:
    """Return the text of a cursor that holds whatever JSON can hold."""
    raw = json.dumps(values).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(cursor: str) -> list[Any] | None:
    """Return what a cursor says for the gallery's order, or None for a bad one."""
    try:
        return decode(cursor, FIELDS)  # type: ignore[arg-type]  # none of them is a relation
    except BadCursor:
        return None


@pytest.fixture
def photos(event: Event) -> list[Photo]:
    """Twelve photos in the gallery's order, of which many share an order and a time."""
    made = [
        PhotoFactory.create(
            event=event, display_order=n // 6, sort_at=MORNING + timedelta(microseconds=n // 3)
        )
        for n in range(12)
    ]
    return sorted(made, key=lambda p: (p.display_order, p.sort_at, p.id.hex))


def walk(rows: Any, size: int) -> list[Photo]:
    """Return the rows of all pages, one after the other."""
    found: list[Photo] = []
    cursor = ""
    while True:
        piece = page(rows, GALLERY_ORDER, cursor, size=size)
        found += piece.rows
        cursor = piece.next_cursor
        if not cursor:
            return found


class PageTests:
    @pytest.mark.parametrize("size", [1, 2, 3, 5, 11, 12, 13])
    def test_pages_of_any_size_give_every_row_once_and_in_order(
        self, photos: list[Photo], size: int
    ) -> None:
        assert walk(Photo.objects.all(), size) == photos

    def test_the_last_page_has_no_cursor_even_if_it_is_full(self, photos: list[Photo]) -> None:
        first = page(Photo.objects.all(), GALLERY_ORDER, "", size=6)
        last = page(Photo.objects.all(), GALLERY_ORDER, first.next_cursor, size=6)

        assert (first.rows, last.rows) == (photos[:6], photos[6:])
        assert last.next_cursor == ""

    def test_no_rows_are_one_empty_page(self, event: Event) -> None:
        empty = page(Photo.objects.all(), GALLERY_ORDER, "", size=60)

        assert (empty.rows, empty.next_cursor) == ([], "")

    def test_a_row_that_arrives_meanwhile_neither_repeats_nor_hides_another(
        self, event: Event, photos: list[Photo]
    ) -> None:
        first = page(Photo.objects.all(), GALLERY_ORDER, "", size=6)
        PhotoFactory.create(event=event, display_order=-1)

        rest = page(Photo.objects.all(), GALLERY_ORDER, first.next_cursor, size=60)

        assert rest.rows == photos[6:]

    def test_a_cursor_outlives_the_row_it_names(self, photos: list[Photo]) -> None:
        first = page(Photo.objects.all(), GALLERY_ORDER, "", size=6)
        photos[5].delete()

        assert (
            page(Photo.objects.all(), GALLERY_ORDER, first.next_cursor, size=60).rows
            == (photos[6:])
        )

    def test_backwards_gives_the_rows_before(self, photos: list[Photo]) -> None:
        here = encode([getattr(photos[4], name) for name in GALLERY_ORDER])

        before = after(Photo.objects.all(), GALLERY_ORDER, here, backwards=True)

        assert list(before.in_gallery_order()) == photos[:4]

    @pytest.mark.parametrize("count", [1, 3])
    def test_a_page_is_one_query(
        self, event: Event, count: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        made = PhotoFactory.create_batch(count, event=event)
        before = encode([-1, MORNING, made[0].id])

        with django_assert_num_queries(1):
            page(Photo.objects.all(), GALLERY_ORDER, before, size=60)

    def test_the_query_is_the_same_text_whatever_the_page(self, photos: list[Photo]) -> None:
        cursors = [encode([getattr(photos[n], name) for name in GALLERY_ORDER]) for n in (0, 9)]
        with CaptureQueriesContext(connection) as queries:
            for cursor in cursors:
                page(Photo.objects.all(), GALLERY_ORDER, cursor, size=3)

        shapes = {query["sql"].split("WHERE")[1].count("(") for query in queries}
        assert len(queries) == 2
        assert len(shapes) == 1


class CursorTests:
    @given(
        st.integers(-(2**31), 2**31 - 1),
        st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)),
        st.uuids(),
    )
    def test_what_was_written_is_read(self, order: int, naive: datetime, key: Any) -> None:
        values = [order, naive.replace(tzinfo=UTC), key]

        assert decoded(encode(values)) == values

    def test_a_cursor_fits_an_address_as_it_is(self) -> None:
        cursor = encode([0, MORNING, UUID(int=2**128 - 1)])

        assert cursor.replace("-", "").replace("_", "").isalnum()

    @given(st.text(max_size=500))
    def test_any_text_is_a_cursor_or_a_bad_one(self, text: str) -> None:
        found = decoded(text)

        assert found is None or len(found) == len(FIELDS)

    @given(json_values)
    def test_any_json_is_a_cursor_or_a_bad_one(self, values: Any) -> None:
        found = decoded(cursor_of(values))

        assert found is None or len(found) == len(FIELDS)

    @pytest.mark.parametrize(
        "values",
        [
            [],
            {},
            "text",
            [0, MORNING.isoformat()],
            [0, MORNING.isoformat(), "not a uuid"],
            [0, 5, "0" * 32],
            [0, "2026-11-07T08:00:00", "0" * 32],
            [0, "2026-11-07", "0" * 32],
            [0, "0001-01-01T00:00:00+14:00", "0" * 32],
            [0, "9999-12-31T23:59:59-14:00", "0" * 32],
            [None, MORNING.isoformat(), "0" * 32],
            [True, MORNING.isoformat(), "0" * 32],
            [[0], MORNING.isoformat(), "0" * 32],
            [2**31, MORNING.isoformat(), "0" * 32],
            [float("inf"), MORNING.isoformat(), "0" * 32],
            [float("nan"), MORNING.isoformat(), "0" * 32],
            [0, MORNING.isoformat(), -1],
            [0, MORNING.isoformat(), 1.5],
            [0, MORNING.isoformat() + "x", "0" * 32],
            [0, MORNING.isoformat(), "\ud800" * 32],
        ],
    )
    def test_values_of_another_order_are_refused(self, values: Any) -> None:
        with pytest.raises(BadCursor):
            decode(cursor_of(values), FIELDS)  # type: ignore[arg-type]  # no relations

    @pytest.mark.parametrize(
        "cursor", ["=", "a", "\x00", "é", "ゼ", "W10=====", "9" * 401, "[" * 300, "\ud800"]
    )
    def test_text_that_is_no_cursor_is_refused(self, cursor: str) -> None:
        with pytest.raises(BadCursor):
            decode(cursor, FIELDS)  # type: ignore[arg-type]  # none of them is a relation

    @pytest.mark.django_db
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(
        st.integers(-(2**31), 2**31 - 1),
        st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
        st.uuids().map(str),
    )
    def test_every_cursor_that_is_read_can_be_compared_by_the_database(
        self, order: int, moment: str, key: str
    ) -> None:
        values = decoded(cursor_of([order, moment, key]))
        cursor = encode(values) if values else ""

        assert page(Photo.objects.all(), GALLERY_ORDER, cursor, size=1).rows == []


if connection.vendor == "postgresql":

    class PlanTests:
        def test_a_page_in_the_middle_is_one_range_of_the_gallery_index(self, event: Event) -> None:
            rows = PhotoFactory.build_batch(
                3000,
                event=event,
                status=Photo.Status.READY,
                due_at=None,
                sequence=1,
                delivery_size=1,
                delivery_crc32=1,
            )
            Photo.objects.bulk_create(rows)
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE photos")
            middle = encode([rows[1500].display_order, rows[1500].sort_at, rows[1500].id])

            plan = (
                after(Photo.objects.for_event(event).ready(), GALLERY_ORDER, middle)
                .in_gallery_order()[:61]
                .explain()
            )

            assert "Index Scan using photos_gallery_order_index" in plan
            assert "Index Cond: ((event_id = " in plan
            assert "(ROW(display_order, sort_at, id) > ROW(0, " in plan
            assert "Sort" not in plan
            assert "Filter" not in plan

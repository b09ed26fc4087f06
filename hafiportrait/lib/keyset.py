"""Keyset pages: the next page starts after a row, not after a number of rows.

A page costs the same at row 60 and at row 60,000, and a photo that arrives while a guest
scrolls neither repeats nor hides another.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import BooleanField, F, Field, Func, Model, QuerySet, Value

M = TypeVar("M", bound=Model)
T = TypeVar("T")
CURSOR_CHARACTERS_LIMIT = 400
# What the decoders of base64, JSON and Django's fields raise for text that we did not write.
UNREADABLE = (ValueError, TypeError, OverflowError, RecursionError, ValidationError)


class BadCursor(ValueError):
    """The cursor was not made by us, or not for this order."""


class Row(Func):
    """A row value, `(a, b, c)`, which both databases compare by the order of an index."""

    template = "(%(expressions)s)"


class RowComparison(Func):
    """`(a, b, c) > (x, y, z)`; one range of a composite index on PostgreSQL and SQLite."""

    template = "%(expressions)s"
    output_field = BooleanField()
    conditional = True


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of rows, and the cursor of the page after it (empty on the last)."""

    rows: list[T]
    next_cursor: str


def encode(values: Sequence[Any]) -> str:
    """Return the cursor text for one row's ordering values (numbers, datetimes, UUIDs)."""
    plain = [v.isoformat() if isinstance(v, datetime) else _plain(v) for v in values]
    raw = json.dumps(plain, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _plain(value: Any) -> Any:
    return value.hex if isinstance(value, UUID) else value


def decode(cursor: str, fields: Sequence[Field[Any, Any]]) -> list[Any]:
    """Return the ordering values of a cursor, each in the type of its field.

    Raises BadCursor for anything that `encode` did not make for these fields.
    """
    if len(cursor) > CURSOR_CHARACTERS_LIMIT:
        raise BadCursor("too long")
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        values = json.loads(raw)
        if not isinstance(values, list) or len(values) != len(fields):
            raise BadCursor("wrong shape")
        return [_typed(field, value) for field, value in zip(fields, values, strict=True)]
    except UNREADABLE as error:
        raise BadCursor(str(error)) from error


def _typed(field: Field[Any, Any], value: Any) -> Any:
    if isinstance(value, bool | dict | list) or value is None:
        raise BadCursor("wrong type")
    found = field.to_python(value)
    if isinstance(found, datetime):
        if found.tzinfo is None:
            raise BadCursor("time without zone")
        return found.astimezone(UTC)  # the first and the last day of the calendar overflow here
    if isinstance(found, int) and not -(2**31) <= found < 2**31:
        raise BadCursor("number out of range")
    return found


def after(rows: QuerySet[M], names: Sequence[str], cursor: str, *, backwards: bool = False) -> Any:
    """Return the rows that come after the cursor in the order of `names` (all ascending).

    With `backwards` the rows before it. The order itself is left to the caller.
    """
    # A row is ordered by columns of its own, never by a relation from elsewhere.
    fields: list[Any] = [rows.model._meta.get_field(name) for name in names]
    values = decode(cursor, fields)
    bound = Row(*(Value(v, output_field=f) for v, f in zip(values, fields, strict=True)))
    sign = " < " if backwards else " > "
    return rows.filter(RowComparison(Row(*(F(name) for name in names)), bound, arg_joiner=sign))


def ordered(rows: QuerySet[M], names: Sequence[str], *, backwards: bool = False) -> QuerySet[M]:
    """Return the rows in the order of `names`, or in the opposite one."""
    return rows.order_by(*(f"-{name}" if backwards else name for name in names))


def page(
    rows: QuerySet[M], names: Sequence[str], cursor: str, *, size: int, backwards: bool = False
) -> Page[M]:
    """Return the page of at most `size` rows that follows the cursor ("" for the first page).

    With `backwards` the order is the opposite one: the first page has the last rows of `names`.
    Raises BadCursor. One query, whatever the page.
    """
    wanted = after(rows, names, cursor, backwards=backwards) if cursor else rows
    found = list(ordered(wanted, names, backwards=backwards)[: size + 1])
    if len(found) <= size:
        return Page(found, "")
    last = found[size - 1]
    return Page(found[:size], encode([getattr(last, name) for name in names]))

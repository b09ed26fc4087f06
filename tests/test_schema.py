"""The ten tables of the specification, compared with the schema as the database has it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, models

from events.models import Event

NOTHING = object()


@dataclass(frozen=True)
class Column:
    """What the specification says of one column; `kind` is its type's family."""

    kind: str
    null: bool = False
    unique: bool = False
    default: Any = NOTHING
    values: tuple[str, ...] = ()
    to: str = ""
    deleted: str = ""


def key(to: str, deleted: str, *, null: bool = False, unique: bool = False) -> Column:
    """Return a foreign key: where it leads, and what happens when that row is deleted."""
    kind = "text" if to.endswith("session_id") else "uuid"
    return Column(kind, null=null, unique=unique, to=to, deleted=deleted)


ID = Column("uuid", unique=True)
TEXT, TEXT_OR_NULL = Column("text"), Column("text", null=True)
TIME, TIME_OR_NULL = Column("time"), Column("time", null=True)
NUMBER, ORDER, COUNT = Column("number"), Column("number", default=0), Column("number", default=0)
YES, NO = Column("boolean", default=True), Column("boolean", default=False)
UNIQUE_TEXT = Column("text", unique=True)


def one_of(*values: str, default: Any = NOTHING) -> Column:
    """Return a column with a closed list of values."""
    return Column("text", values=values, default=default)


SPECIFICATION: dict[str, dict[str, Column]] = {
    "users": {
        "id": ID,
        "email": UNIQUE_TEXT,
        "password_hash": TEXT,
        "full_name": TEXT,
        "role": one_of("ADMIN", "CLIENT", default="CLIENT"),
        "phone": TEXT_OR_NULL,
        "created_at": TIME,
        "updated_at": TIME,
        "last_login_at": TIME_OR_NULL,
        "is_active": YES,
    },
    "events": {
        "id": ID,
        "slug": UNIQUE_TEXT,
        "title": TEXT,
        "event_date": TIME,
        "client_id": key("users.id", "SET_NULL", null=True),
        "description": TEXT_OR_NULL,
        "location": TEXT_OR_NULL,
        "access_code": UNIQUE_TEXT,
        "status": one_of("DRAFT", "ACTIVE", "ARCHIVED", default="ACTIVE"),
        "storage_expires_at": TIME,
        "allow_downloads": YES,
        "allow_comments": YES,
        "require_moderation": YES,
        "watermark_enabled": NO,
        "created_at": TIME,
        "updated_at": TIME,
    },
    "photos": {
        "id": ID,
        "event_id": key("events.id", "CASCADE"),
        "filename": TEXT,
        "storage_key": UNIQUE_TEXT,
        "thumbnail_key": TEXT,
        "file_size": Column("big number"),
        "width": NUMBER,
        "height": NUMBER,
        "mime_type": TEXT,
        "taken_at": TIME_OR_NULL,
        "uploaded_at": TIME,
        "display_order": ORDER,
        "is_featured": NO,
        "metadata": Column("json", null=True),
    },
    "photo_likes": {
        "id": ID,
        "photo_id": key("photos.id", "CASCADE"),
        "session_id": key("guest_sessions.session_id", "CASCADE"),
        "ip_address": TEXT,
        "created_at": TIME,
    },
    "comments": {
        "id": ID,
        "photo_id": key("photos.id", "CASCADE", null=True),
        "event_id": key("events.id", "CASCADE"),
        "author_name": TEXT,
        "author_email": TEXT_OR_NULL,
        "content": TEXT,
        "session_id": TEXT,
        "ip_address": TEXT,
        "status": one_of("PENDING", "APPROVED", "REJECTED", default="PENDING"),
        "created_at": TIME,
        "updated_at": TIME,
    },
    "editing_requests": {
        "id": ID,
        "event_id": key("events.id", "CASCADE"),
        "client_id": key("users.id", "CASCADE"),
        "request_type": one_of("COLOR_CORRECTION", "CROPPING", "RETOUCHING", "OTHER"),
        "description": TEXT,
        "status": one_of("PENDING", "IN_PROGRESS", "COMPLETED", "REJECTED", default="PENDING"),
        "admin_notes": TEXT_OR_NULL,
        "created_at": TIME,
        "updated_at": TIME,
        "completed_at": TIME_OR_NULL,
    },
    "photo_downloads": {
        "id": ID,
        "photo_id": key("photos.id", "SET_NULL", null=True),
        "event_id": key("events.id", "CASCADE"),
        "session_id": TEXT,
        "user_id": key("users.id", "SET_NULL", null=True),
        "download_type": one_of("SINGLE", "BATCH_ZIP", "BATCH_ALL"),
        "ip_address": TEXT,
        "user_agent": TEXT,
        "created_at": TIME,
    },
    "event_analytics": {
        "id": ID,
        "event_id": key("events.id", "CASCADE", unique=True),
        "total_views": COUNT,
        "unique_visitors": COUNT,
        "total_downloads": COUNT,
        "total_likes": COUNT,
        "total_comments": COUNT,
        "total_photos": COUNT,
        "last_calculated_at": TIME,
        "updated_at": TIME,
    },
    "guest_sessions": {
        "id": ID,
        "session_id": UNIQUE_TEXT,
        "event_id": key("events.id", "SET_NULL", null=True),
        "ip_address": TEXT,
        "user_agent": TEXT,
        "first_seen_at": TIME,
        "last_seen_at": TIME,
        "page_views": Column("number", default=1),
    },
    "portfolio_photos": {
        "id": ID,
        "filename": TEXT,
        "storage_key": UNIQUE_TEXT,
        "thumbnail_key": TEXT,
        "title": TEXT,
        "description": TEXT_OR_NULL,
        "display_order": ORDER,
        "is_published": NO,
        "created_at": TIME,
        "updated_at": TIME,
    },
}
INDEXES: dict[str, set[str]] = {
    "users": {"email"},
    "events": {"slug", "access_code", "status", "client_id", "event_date"},
    "photos": {"event_id", "storage_key", "display_order", "is_featured"},
    "photo_likes": {"photo_id", "session_id"},
    "comments": {"photo_id", "event_id", "status", "session_id", "created_at"},
    "editing_requests": {"event_id", "client_id", "status"},
    "photo_downloads": {"photo_id", "event_id", "session_id", "created_at"},
    "event_analytics": {"event_id"},
    "guest_sessions": {"session_id", "event_id"},
    "portfolio_photos": {"storage_key", "display_order", "is_published"},
}
COLUMNS = [(table, name) for table, columns in SPECIFICATION.items() for name in columns]


@dataclass
class Table:
    """One table as the database describes it."""

    kinds: dict[str, str] = field(default_factory=dict)
    nullable: set[str] = field(default_factory=set)
    primary: tuple[str, ...] = ()
    unique: set[tuple[str, ...]] = field(default_factory=set)
    indexed: set[tuple[str, ...]] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)
    values: dict[str, set[str]] = field(default_factory=dict)


def rows_of(sql: str, *parameters: str) -> list[tuple[Any, ...]]:
    """Return what the database answers."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


POSTGRESQL_KINDS = {
    "uuid": "uuid",
    "character varying": "text",
    "text": "text",
    "timestamp with time zone": "time",
    "boolean": "boolean",
    "smallint": "number",
    "integer": "number",
    "bigint": "big number",
    "jsonb": "json",
}
POSTGRESQL_INDEXES = """
    SELECT i.indisunique, i.indisprimary,
           array_agg(a.attname::text ORDER BY k.place)
    FROM pg_index i
    JOIN pg_class t ON t.oid = i.indrelid
    CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(number, place)
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
    WHERE t.relname = %s AND i.indpred IS NULL AND i.indexprs IS NULL
    GROUP BY i.indexrelid, i.indisunique, i.indisprimary
"""
POSTGRESQL_KEYS = """
    SELECT a.attname, f.relname || '.' || b.attname
    FROM pg_constraint c
    JOIN pg_class t ON t.oid = c.conrelid
    JOIN pg_class f ON f.oid = c.confrelid
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]
    JOIN pg_attribute b ON b.attrelid = f.oid AND b.attnum = c.confkey[1]
    WHERE t.relname = %s AND c.contype = 'f'
"""
POSTGRESQL_CHECKS = """
    SELECT pg_get_constraintdef(c.oid)
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
    WHERE t.relname = %s AND c.contype = 'c'
"""


def read_postgresql(name: str) -> Table:
    """Return a table as PostgreSQL's catalogues describe it."""
    table = Table(keys=dict(rows_of(POSTGRESQL_KEYS, name)))
    columns = rows_of(
        "SELECT column_name, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND table_name = %s",
        name,
    )
    for column, kind, nullable in columns:
        table.kinds[column] = POSTGRESQL_KINDS.get(kind, kind)
        if nullable == "YES":
            table.nullable.add(column)
    for is_unique, is_primary, names in rows_of(POSTGRESQL_INDEXES, name):
        _note_index(table, tuple(names), is_unique=is_unique, is_primary=is_primary)
    for (check,) in rows_of(POSTGRESQL_CHECKS, name):
        for column, words in re.findall(r"\((\w+)\)::text = ANY \(\(?ARRAY\[(.*?)\]", check):
            table.values[column] = set(re.findall(r"'(\w*)'", words))
    return table


SQLITE_KINDS = {
    "char": "uuid",
    "varchar": "text",
    "text": "text",
    "datetime": "time",
    "bool": "boolean",
    "smallint unsigned": "number",
    "integer": "number",
    "integer unsigned": "number",
    "bigint": "big number",
    "bigint unsigned": "big number",
}


def read_sqlite(name: str) -> Table:
    """Return a table as SQLite's pragmas and its own text describe it."""
    table = Table()
    ((text,),) = rows_of("SELECT sql FROM sqlite_master WHERE name = %s", name)
    for _, column, kind, not_null, _, primary in rows_of(f"PRAGMA table_info({name})"):
        table.kinds[column] = SQLITE_KINDS.get(kind.lower().partition("(")[0], kind)
        if f'JSON_VALID("{column}")' in text:
            table.kinds[column] = "json"
        if not not_null:
            table.nullable.add(column)
        if primary:
            _note_index(table, (column,), is_unique=True, is_primary=True)
    for _, index, unique, _, partial in rows_of(f"PRAGMA index_list({name})"):
        names = tuple(row[2] for row in rows_of(f'PRAGMA index_info("{index}")'))
        if not partial and None not in names:
            _note_index(table, names, is_unique=bool(unique), is_primary=False)
    for _, _, target, column, to, *_ in rows_of(f"PRAGMA foreign_key_list({name})"):
        table.keys[column] = f"{target}.{to}"
    for column, words in re.findall(r'CHECK \("(\w+)" IN \((.*?)\)\)', text):
        table.values[column] = set(re.findall(r"'(\w*)'", words))
    return table


def _note_index(table: Table, names: tuple[str, ...], *, is_unique: bool, is_primary: bool) -> None:
    table.indexed.add(names)
    if is_unique:
        table.unique.add(names)
    if is_primary:
        table.primary = names


READERS = {"postgresql": read_postgresql, "sqlite": read_sqlite}


@pytest.fixture
def live(db: None) -> Any:
    """The function that reads a table of the database that the suite runs on."""
    return READERS[connection.vendor]


def field_of(table: str, column: str) -> Any:
    """Return Django's field behind a column."""
    by_table = {model._meta.db_table: model for model in apps.get_models()}
    return next(f for f in by_table[table]._meta.concrete_fields if f.column == column)


@pytest.mark.parametrize("table", SPECIFICATION)
class TableTests:
    def test_the_key_is_a_uuid(self, live: Any, table: str) -> None:
        found = live(table)

        assert (found.primary, found.kinds["id"]) == (("id",), "uuid")

    def test_every_column_of_the_specification_is_there(self, live: Any, table: str) -> None:
        assert set(SPECIFICATION[table]) - set(live(table).kinds) == set()

    def test_every_index_of_the_specification_is_there(self, live: Any, table: str) -> None:
        alone = {names[0] for names in live(table).indexed if len(names) == 1}

        assert INDEXES[table] - alone == set()


@pytest.mark.parametrize(("table", "column"), COLUMNS)
class ColumnTests:
    def test_it_is_stored_as_specified(self, live: Any, table: str, column: str) -> None:
        wanted, found = SPECIFICATION[table][column], live(table)
        kind = found.kinds[column]

        assert (kind.removeprefix("big ") if wanted.kind == "number" else kind) == wanted.kind
        assert (column in found.nullable) is wanted.null
        assert ((column,) in found.unique) is wanted.unique
        assert found.keys.get(column, "") == wanted.to
        assert found.values.get(column, set()) == set(wanted.values)

    def test_it_behaves_as_specified(self, table: str, column: str) -> None:
        wanted, found = SPECIFICATION[table][column], field_of(table, column)
        deleted = found.remote_field.on_delete.__name__ if found.remote_field else ""
        default = found.default if wanted.default is not NOTHING else NOTHING

        assert deleted == wanted.deleted
        assert default == wanted.default
        assert tuple(value for value, _ in found.choices or ()) == wanted.values


class BesideTests:
    def test_a_guest_likes_a_photo_once(self, live: Any) -> None:
        assert ("photo_id", "session_id") in live("photo_likes").unique

    def test_photos_of_a_request_stand_in_a_table_with_a_note_and_a_pin(self, live: Any) -> None:
        found = live("editing_request_photos")

        assert {"request_id", "photo_id", "note", "pin_x", "pin_y"} <= set(found.kinds)
        assert ("request_id", "photo_id") in found.unique
        assert found.keys == {"request_id": "editing_requests.id", "photo_id": "photos.id"}

    def test_the_address_of_the_qr_code_is_drawn_and_cannot_go_stale(self) -> None:
        assert isinstance(Event.__dict__["qr_code_url"], property)

    @pytest.mark.parametrize(("table", "column"), [(t, c) for t, c in COLUMNS if c == "ip_address"])
    def test_an_address_of_a_person_is_text_of_45_that_can_be_blanked(
        self, table: str, column: str
    ) -> None:
        found = field_of(table, column)

        assert isinstance(found, models.CharField)
        assert (found.max_length, found.blank) == (45, True)

    @pytest.mark.parametrize(("table", "column"), [(t, c) for t, c in COLUMNS if c == "created_at"])
    def test_the_time_of_making_is_written_by_itself(self, table: str, column: str) -> None:
        assert field_of(table, column).auto_now_add is True

    @pytest.mark.parametrize(("table", "column"), [(t, c) for t, c in COLUMNS if c == "updated_at"])
    def test_the_time_of_changing_is_written_by_itself(self, table: str, column: str) -> None:
        assert field_of(table, column).auto_now is True

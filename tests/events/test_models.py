"""An event: its code, its end, and the states that it cannot have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from pytest_django import Settings

from events import services
from events.models import Chapter, Event, GuestSession, OldSlug, expiry_for
from gallery.models import Photo
from hafiportrait.accounts.models import User
from tests.factories import ChapterFactory, EventFactory, GuestSessionFactory, PhotoFactory

MAKASSAR = ZoneInfo("Asia/Makassar")
OURS = ["accounts", "events", "gallery", "engagement", "portfolio", "analytics"]


def wedding(**fields: object) -> Event:
    """Return an event that is not stored yet."""
    event: Event = EventFactory.build(
        **({"slug": "budi-ani", "access_code": "KEBAYA77", "client": None} | fields)
    )
    return event


def refused(event: Event) -> dict[str, list[str]]:
    """Return what a form would say about the event."""
    with pytest.raises(ValidationError) as error:
        event.full_clean()
    return error.value.message_dict


class ExpiryTests:
    @pytest.mark.parametrize(
        ("day", "ends"),
        [
            ((2026, 11, 7, 10, 0), (2027, 11, 7, 23, 59)),
            ((2026, 11, 7, 0, 30), (2027, 11, 7, 23, 59)),
            ((2026, 11, 7, 23, 59), (2027, 11, 7, 23, 59)),
            ((2028, 2, 29, 10, 0), (2029, 2, 28, 23, 59)),
            ((2027, 2, 28, 10, 0), (2028, 2, 28, 23, 59)),
            ((2026, 12, 31, 20, 0), (2027, 12, 31, 23, 59)),
        ],
    )
    def test_it_is_a_year_later_at_the_end_of_the_day_in_the_studio(
        self, day: tuple[int, ...], ends: tuple[int, ...]
    ) -> None:
        event_date = datetime(*day, tzinfo=MAKASSAR).astimezone(UTC)  # type: ignore[misc,arg-type]

        assert expiry_for(event_date) == datetime(*ends, tzinfo=MAKASSAR)  # type: ignore[misc,arg-type]

    def test_a_blank_one_is_filled_in_by_the_form(self) -> None:
        event = wedding(event_date=datetime(2026, 11, 7, 2, tzinfo=UTC))

        event.clean()

        assert event.storage_expires_at == datetime(2027, 11, 7, 15, 59, tzinfo=UTC)

    def test_a_blank_one_is_filled_in_by_saving(self, db: None) -> None:
        event = EventFactory.create(event_date=datetime(2026, 11, 7, 2, tzinfo=UTC))

        assert event.storage_expires_at == datetime(2027, 11, 7, 15, 59, tzinfo=UTC)

    def test_a_chosen_one_is_kept(self, db: None) -> None:
        chosen = datetime(2030, 1, 1, tzinfo=UTC)

        assert EventFactory.create(storage_expires_at=chosen).storage_expires_at == chosen

    @pytest.mark.parametrize(
        "moment",
        [
            datetime.min.replace(tzinfo=UTC),
            datetime(1899, 12, 31, tzinfo=UTC),
            datetime(2201, 1, 1, tzinfo=UTC),
            datetime.max.replace(tzinfo=UTC),
        ],
    )
    @pytest.mark.parametrize("name", ["event_date", "storage_expires_at"])
    def test_years_at_the_ends_of_the_calendar_are_refused(
        self, db: None, name: str, moment: datetime
    ) -> None:
        assert list(refused(wedding(**{name: moment}))) == [name]


class OpenTests:
    @pytest.mark.parametrize(
        ("status", "seconds", "is_open"),
        [
            ("ACTIVE", 60, True),
            ("ACTIVE", -1, False),
            ("ARCHIVED", 60, False),
            ("DRAFT", 60, False),
        ],
    )
    def test_only_an_active_event_before_its_end_lets_guests_in(
        self, db: None, status: str, seconds: int, is_open: bool
    ) -> None:
        end = timezone.now() + timedelta(seconds=seconds)
        event = EventFactory.create(status=status, storage_expires_at=end)

        assert event.is_open is is_open

    def test_the_end_itself_is_outside(self, db: None) -> None:
        end = datetime(2027, 11, 7, 15, 59, tzinfo=UTC)
        event = EventFactory.create(storage_expires_at=end)

        with time_machine.travel(end - timedelta(seconds=1), tick=False):
            assert event.is_open
        with time_machine.travel(end, tick=False):
            assert not event.is_open


class ClosingTests:
    ARCHIVED = datetime(2026, 11, 7, 3, tzinfo=UTC)

    @pytest.mark.parametrize("way", ["saved", "edited"])
    def test_an_archived_event_closed_when_it_was_archived(self, db: None, way: str) -> None:
        event = EventFactory.create()
        event.status = Event.Status.ARCHIVED
        with time_machine.travel(self.ARCHIVED, tick=False):
            event.save() if way == "saved" else services.update_event(event=event)

        event.title = "Pernikahan"
        services.update_event(event=event)

        assert Event.objects.get().closed_at == self.ARCHIVED

    def test_one_that_had_ended_before_closed_at_its_end(self, db: None) -> None:
        end = self.ARCHIVED - timedelta(days=1)
        with time_machine.travel(self.ARCHIVED, tick=False):
            event = EventFactory.create(status="ARCHIVED", storage_expires_at=end)

        assert event.closed_at == end

    def test_one_that_is_opened_again_has_not_been_archived(self, db: None) -> None:
        event = EventFactory.create(status="ARCHIVED")
        event.status = Event.Status.ACTIVE
        services.update_event(event=event)

        assert Event.objects.get().archived_at is None


class QuerySetTests:
    def test_drafts_are_not_published(self, db: None) -> None:
        EventFactory.create(status="DRAFT")
        shown = {EventFactory.create(status=status).pk for status in ("ACTIVE", "ARCHIVED")}

        assert set(Event.objects.published().values_list("pk", flat=True)) == shown

    def test_client_and_partner_see_their_event_once_and_no_other(
        self, event: Event, budi: User, ani: User, hafi: User
    ) -> None:
        event.partners.add(budi)
        EventFactory.create()

        assert list(Event.objects.for_client(budi)) == [event]
        assert list(Event.objects.for_client(ani)) == [event]
        assert list(Event.objects.for_client(hafi)) == []

    def test_the_latest_day_comes_first(self, db: None) -> None:
        days = [EventFactory.create(event_date=datetime(2026, n, 1, tzinfo=UTC)) for n in (5, 7, 6)]

        assert list(Event.objects.newest_first()) == [days[1], days[2], days[0]]


class AccessCodeTests:
    def test_it_is_stored_in_capitals_without_spaces(self, db: None) -> None:
        event = EventFactory.create(access_code=" kebaya-77 ")

        event.refresh_from_db()
        assert event.access_code == "KEBAYA77"

    def test_one_is_proposed(self) -> None:
        assert len(Event(title="Pernikahan").access_code) == 8

    def test_a_good_one_passes(self, db: None) -> None:
        event = wedding(access_code="kebaya 77")

        event.full_clean()

        assert event.access_code == "KEBAYA77"

    @pytest.mark.parametrize("code", ["SHORT77", "", "   "])
    def test_a_short_one_is_refused(self, db: None, code: str) -> None:
        assert refused(wedding(access_code=code)) != {}

    @pytest.mark.parametrize("code", ["KEBAYA77!", "KÉBAYA77", "КEBAYA77", "KEBAYA77\x00"])
    def test_other_characters_are_refused(self, db: None, code: str) -> None:
        assert list(refused(wedding(access_code=code))) == ["access_code"]

    @pytest.mark.parametrize("code", ["BUDIANI2026", "PERNIKAHAN", "07112026", "budi-ani-2026"])
    def test_one_that_stands_on_the_invitation_is_refused(self, db: None, code: str) -> None:
        event = wedding(access_code=code, event_date=datetime(2026, 11, 7, 2, tzinfo=UTC))

        assert list(refused(event)) == ["access_code"]

    def test_the_day_is_that_of_the_studio(self, db: None) -> None:
        morning = datetime(2026, 11, 7, 6, 0, tzinfo=MAKASSAR).astimezone(UTC)

        assert morning.day == 6
        assert list(refused(wedding(access_code="07112026", event_date=morning))) == ["access_code"]

    def test_the_demo_s_own_is_allowed_in_the_demo_only(self, db: None, settings: Settings) -> None:
        settings.DEMO = True
        wedding(access_code="BUDIANI2024").full_clean()

        settings.DEMO = False
        assert list(refused(wedding(access_code="BUDIANI2024"))) == ["access_code"]

    def test_no_other_guessable_one_is_allowed_in_the_demo(
        self, db: None, settings: Settings
    ) -> None:
        settings.DEMO = True

        assert list(refused(wedding(access_code="BUDIANI2025"))) == ["access_code"]

    def test_two_events_cannot_share_one(self, event: Event) -> None:
        with pytest.raises(IntegrityError):
            EventFactory.create(access_code="kebaya77")


class ConstraintTests:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("status", "GONE"),
            ("download_size", "HUGE"),
            ("access_code", "kebaya77"),
            ("access_code", "SHORT"),
            ("slug", ""),
        ],
    )
    def test_a_state_that_must_not_exist_is_refused_by_the_database(
        self, event: Event, name: str, value: str
    ) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Event.objects.filter(pk=event.pk).update(**{name: value})

    def test_two_events_cannot_share_an_address(self, event: Event) -> None:
        with pytest.raises(IntegrityError):
            EventFactory.create(slug=event.slug)

    def test_a_chapter_s_address_is_its_event_s_only(self, event: Event) -> None:
        ChapterFactory.create(event=event, slug="akad")
        ChapterFactory.create(slug="akad")

        with pytest.raises(IntegrityError):
            ChapterFactory.create(event=event, slug="akad")

    def test_a_guest_came_in_a_known_way(self, event: Event) -> None:
        with pytest.raises(IntegrityError):
            GuestSessionFactory.create(event=event, entered_by="WINDOW")

    def test_a_session_is_one_row(self, event: Event) -> None:
        GuestSessionFactory.create(event=event, session_id="f" * 64)

        with pytest.raises(IntegrityError):
            GuestSessionFactory.create(event=event, session_id="f" * 64)

    @pytest.mark.parametrize(
        "model", [model for app in OURS for model in apps.get_app_config(app).get_models()]
    )
    def test_every_constraint_has_a_message_for_people(self, model: type[models.Model]) -> None:
        plain = models.CheckConstraint(condition=models.Q(), name="x").violation_error_message

        messages = {c.name: str(c.violation_error_message) for c in model._meta.constraints}

        assert {name for name, message in messages.items() if message == str(plain)} == set()
        assert {name for name, message in messages.items() if not message.endswith(".")} == set()


class DeletionTests:
    def test_an_event_outlives_its_client(self, event: Event, budi: User) -> None:
        budi.delete()

        event.refresh_from_db()
        assert event.client is None

    def test_guests_outlive_their_event_and_all_else_goes_with_it(self, event: Event) -> None:
        PhotoFactory.create(event=event, chapter=ChapterFactory.create(event=event))
        OldSlug.objects.create(slug="before", event=event)
        guest = GuestSessionFactory.create(event=event)

        event.delete()

        guest.refresh_from_db()
        assert guest.event is None
        assert (Chapter.objects.count(), OldSlug.objects.count(), Photo.objects.count()) == (
            0,
            0,
            0,
        )


class AddressTests:
    def test_full_addresses_come_from_the_settings(self, settings: Settings) -> None:
        settings.SITE_URL = "https://photos.example.com"
        event = wedding()

        assert event.gallery_url == "https://photos.example.com/e/budi-ani/"
        assert event.entry_url == "https://photos.example.com/q/KEBAYA77/"

    def test_rows_are_called_by_what_people_know(self) -> None:
        assert str(wedding()) == "Pernikahan Budi & Ani"
        assert str(Chapter(title="Akad")) == "Akad"
        assert str(OldSlug(slug="before")) == "before"
        assert str(GuestSession(session_id="f" * 64)) == "ffffffff"
        assert str(GuestSession(session_id="f" * 64, display_name="Sari")) == "Sari"

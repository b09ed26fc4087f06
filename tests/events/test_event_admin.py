"""Events in the photographer's admin: made, changed, renamed, and given a new code."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from events.admin_forms import EventAdminForm
from events.models import Chapter, Event, OldSlug
from events.signals import event_changed
from gallery.models import Photo
from hafiportrait.accounts.models import User
from tests.factories import NOBODY, ChapterFactory, EventFactory, PhotoFactory, ready_photo

pytestmark = pytest.mark.django_db

LogIn = Callable[[User], Client]
ADD = "/admin/events/event/add/"
LIST = "/admin/events/event/"
CHECKBOXES = {"allow_downloads", "allow_comments", "require_moderation"}


def page_of(event: Event) -> str:
    return f"/admin/events/event/{event.pk}/change/"


def new_code_of(event: Event) -> str:
    return f"/admin/events/event/{event.pk}/new-code/"


def typed(event: Event | None = None, **changes: Any) -> dict[str, Any]:
    """Return what a browser sends: the page of an event, or a new one, with some fields changed."""
    source = event or Event(title="Pesta Siti", event_date=datetime(2026, 10, 3, 2, tzinfo=UTC))
    date = timezone.localtime(source.event_date)
    chapters = list(event.chapters.all()) if event else []
    form: dict[str, Any] = {
        "title": source.title,
        "slug": source.slug,
        "event_date_0": f"{date:%Y-%m-%d}",
        "event_date_1": f"{date:%H:%M:%S}",
        "access_code": source.access_code if event else "",
        "status": source.status,
        "download_size": source.download_size,
        "client": str(source.client_id or ""),
        "chapters-TOTAL_FORMS": str(len(chapters)),
        "chapters-INITIAL_FORMS": str(len(chapters)),
        "old_slugs-TOTAL_FORMS": "0",
        "old_slugs-INITIAL_FORMS": "0",
    }
    if event:
        until = timezone.localtime(event.storage_expires_at)
        form |= {"storage_expires_at_0": f"{until:%Y-%m-%d}"}
        form |= {"storage_expires_at_1": f"{until:%H:%M:%S}"}
    form |= dict.fromkeys(CHECKBOXES, "on")
    for number, chapter in enumerate(chapters):
        form |= typed_chapter(number, chapter)
    return {name: value for name, value in (form | changes).items() if value is not None}


def typed_chapter(number: int, chapter: Chapter) -> dict[str, Any]:
    values = {
        "id": chapter.pk,
        "event": chapter.event_id,
        "title": chapter.title,
        "slug": chapter.slug,
        "position": chapter.position,
    }
    return {f"chapters-{number}-{name}": str(value) for name, value in values.items()}


def errors_of(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200
    return dict(response.context["adminform"].form.errors)


@pytest.fixture
def studio(hafi: User, log_in: LogIn, settings: Any) -> Client:
    """The photographer's browser; the second factor has tests of its own."""
    settings.SECOND_FACTOR_REQUIRED = False
    client = log_in(hafi)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def wedding(event: Event) -> Event:
    """The wedding on a whole second, as a form types it."""
    event.event_date = event.event_date.replace(microsecond=0)
    event.save()
    return event


@pytest.fixture
def told() -> Any:
    """What `event_changed` told, as sets of field names."""
    heard: list[set[str]] = []

    def listen(sender: object, changed: set[str], **kwargs: Any) -> None:
        heard.append(changed)

    event_changed.connect(listen)
    yield heard
    event_changed.disconnect(listen)


class EventAddTests:
    def test_strangers_are_asked_to_log_in(self, dimas: Client) -> None:
        response = dimas.post(ADD, typed(), follow=True)

        assert response.redirect_chain[-1][0].startswith("/accounts/login/")
        assert Event.objects.count() == 0

    def test_clients_are_refused(self, budi: User, log_in: LogIn) -> None:
        response = log_in(budi).post(ADD, typed(), follow=True)

        assert response.status_code == 403
        assert Event.objects.count() == 0

    def test_the_form_proposes_a_code_without_look_alikes(self, studio: Client) -> None:
        page = studio.get(ADD)

        proposed = page.context["adminform"].form["access_code"].value()
        assert len(proposed) == 8
        assert set(proposed) <= set("ABCDEFGHJKMNPQRSTUVWXYZ23456789")

    def test_what_is_left_blank_is_filled_in(self, studio: Client) -> None:
        studio.post(ADD, typed())

        event = Event.objects.get()
        assert event.slug == "pesta-siti"
        assert len(event.access_code) == 8
        assert event.status == Event.Status.ACTIVE
        ends = timezone.localtime(event.storage_expires_at)
        assert f"{ends:%Y-%m-%d %H:%M}" == "2027-10-03 23:59"

    def test_a_typed_code_is_stored_in_capitals_without_spaces(self, studio: Client) -> None:
        studio.post(ADD, typed(access_code=" kebaya-merah ７７ "))

        assert Event.objects.get().access_code == "KEBAYAMERAH77"

    def test_a_proposed_address_avoids_those_in_use(self, studio: Client) -> None:
        OldSlug.objects.create(slug="pesta-siti", event=EventFactory.create(slug="pesta-siti-2"))

        studio.post(ADD, typed())

        assert Event.objects.filter(slug="pesta-siti-3").count() == 1

    def test_an_address_is_stored_in_small_letters(self, studio: Client) -> None:
        studio.post(ADD, typed(slug="Pesta-SITI"))

        assert Event.objects.get().slug == "pesta-siti"

    def test_chapters_come_with_it(self, studio: Client) -> None:
        chapter: dict[str, Any] = {
            "chapters-TOTAL_FORMS": "1",
            "chapters-0-title": "Akad",
            "chapters-0-slug": "akad",
            "chapters-0-position": "1",
        }

        studio.post(ADD, typed(**chapter))

        assert list(Event.objects.get().chapters.values_list("title", flat=True)) == ["Akad"]

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            ("SHORT7", "An access code has 8 to 32 characters."),
            ("X" * 33, "An access code has 8 to 32 characters."),
            ("pesta siti", "This code can be guessed from the title, address or date."),
            ("PESTA2026", "This code can be guessed from the title, address or date."),
            ("03102026", "This code can be guessed from the title, address or date."),
            ("KEBAYA/77!", "Use letters and digits only."),
            ("KÉBAYA-77X", "Use letters and digits only."),
        ],
    )
    def test_a_bad_code_is_refused_at_its_field(
        self, code: str, reason: str, studio: Client
    ) -> None:
        response = studio.post(ADD, typed(access_code=code))

        assert errors_of(response) == {"access_code": [reason]}
        assert Event.objects.count() == 0

    def test_an_address_in_use_is_refused_at_its_field(self, event: Event, studio: Client) -> None:
        response = studio.post(ADD, typed(slug=event.slug))

        assert errors_of(response) == {"slug": ["Another event has this address already."]}

    def test_a_former_address_of_another_event_is_not_taken_away(
        self, event: Event, studio: Client
    ) -> None:
        OldSlug.objects.create(slug="kebun-raya", event=event)

        response = studio.post(ADD, typed(slug="kebun-raya"))

        reason = "This address still leads to another event, which had it."
        assert errors_of(response) == {"slug": [reason]}

    def test_a_code_in_use_is_refused_at_its_field(self, event: Event, studio: Client) -> None:
        response = studio.post(ADD, typed(access_code="kebaya 77"))

        assert errors_of(response) == {"access_code": ["Another event has this code already."]}

    @pytest.mark.parametrize("title", ["", "\x00", "x" * 151])
    def test_a_bad_title_is_refused_at_its_field(self, title: str, studio: Client) -> None:
        assert set(errors_of(studio.post(ADD, typed(title=title)))) == {"title"}

    def test_an_address_taken_in_the_same_moment_is_an_error_at_the_field(
        self, event: Event, studio: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        check, looks = EventAdminForm.validate_unique, []

        def look_too_early(form: EventAdminForm) -> None:
            looks.append(form)
            if len(looks) > 1:
                check(form)

        monkeypatch.setattr(EventAdminForm, "validate_unique", look_too_early)

        response = studio.post(ADD, typed(slug=event.slug))

        assert errors_of(response) == {"slug": ["Another event has this address already."]}
        assert Event.objects.count() == 1


class EventChangeTests:
    def test_clients_are_refused(self, event: Event, budi: User, log_in: LogIn) -> None:
        response = log_in(budi).post(page_of(event), typed(event, title="Mine"), follow=True)

        assert response.status_code == 403
        assert Event.objects.get().title == event.title

    @pytest.mark.parametrize("language", ["id", "en"])
    def test_the_page_shows_link_code_and_qr(
        self, language: str, event: Event, studio: Client
    ) -> None:
        page = studio.get(page_of(event), headers={"Accept-Language": language})

        text = page.content.decode()
        assert page.status_code == 200
        for shown in (
            ">KEBAYA77<",
            ">http://testserver/e/budi-ani/<",
            ">http://testserver/q/KEBAYA77/<",
            f'src="/admin/events/event/{event.pk}/qr/svg/"',
            f'href="/admin/events/event/{event.pk}/qr/png/?download=1"',
            f'href="/admin/events/event/{event.pk}/qr/svg/?download=1"',
            f'href="/admin/gallery/photo/upload/{event.pk}/"',
        ):
            assert text.count(shown) == 1, shown

    def test_the_page_counts_photos_by_their_status(self, event: Event, studio: Client) -> None:
        ready_photo(event, damaged_at=timezone.now())
        PhotoFactory.create(event=event)
        PhotoFactory.create(event=event, status=Photo.Status.PROCESSING)
        PhotoFactory.create(event=event, status=Photo.Status.FAILED)
        PhotoFactory.create(event=event, deleted_at=timezone.now())
        ready_photo(EventFactory.create())

        text = studio.get(page_of(event)).content.decode()

        assert [
            text.count(words)
            for words in (">4 in all<", ">1 ready<", ">2 in work<", ">1 failed<", ">1 damaged<")
        ] == [1, 1, 1, 1, 1]

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"status": "DRAFT"}, "This event is a draft: only the studio sees it."),
            ({"status": "ARCHIVED"}, "This event is archived: guests are not let in any more."),
            (
                {"storage_expires_at": datetime(2026, 1, 1, tzinfo=UTC)},
                "The time of this gallery is over: guests are not let in any more.",
            ),
        ],
    )
    def test_the_page_says_why_guests_are_not_let_in(
        self, fields: dict[str, Any], words: str, studio: Client
    ) -> None:
        event = EventFactory.create(**fields)

        assert words in studio.get(page_of(event)).content.decode()

    def test_nothing_changed_changes_nothing(
        self, wedding: Event, studio: Client, told: list[set[str]]
    ) -> None:
        before = Event.objects.values().get()

        studio.post(page_of(wedding), typed(wedding))

        after = Event.objects.values().get()
        assert before | {"updated_at": None} == after | {"updated_at": None}
        assert told == []

    def test_a_changed_title_makes_cached_pages_old(
        self, wedding: Event, studio: Client, told: list[set[str]]
    ) -> None:
        studio.post(page_of(wedding), typed(wedding, title="Resepsi Budi & Ani"))

        changed = Event.objects.get()
        assert changed.title == "Resepsi Budi & Ani"
        assert changed.gallery_version == wedding.gallery_version + 1
        assert changed.access_version == wedding.access_version
        assert told == [{"title"}]

    def test_a_changed_switch_is_told_to_the_gallery(
        self, wedding: Event, studio: Client, told: list[set[str]]
    ) -> None:
        studio.post(page_of(wedding), typed(wedding, watermark_enabled="on", client=""))

        assert told == [{"watermark_enabled", "client"}]

    def test_versions_that_rose_while_the_page_was_open_are_kept(
        self, wedding: Event, studio: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        check = EventAdminForm.clean

        def clean_while_a_worker_publishes(form: EventAdminForm) -> dict[str, Any]:
            Event.objects.update(last_sequence=7, gallery_version=40)
            return check(form)

        monkeypatch.setattr(EventAdminForm, "clean", clean_while_a_worker_publishes)

        studio.post(page_of(wedding), typed(wedding, location="Bandung"))

        changed = Event.objects.get()
        assert (changed.location, changed.last_sequence, changed.gallery_version) == (
            "Bandung",
            7,
            41,
        )

    def test_a_changed_address_leads_on_from_the_former_one(
        self, event: Event, studio: Client, sari: Client
    ) -> None:
        studio.post(page_of(event), typed(event, slug="pernikahan-kebun"))

        response = sari.get("/e/budi-ani/")
        assert (response.status_code, response.headers["Location"]) == (
            301,
            "/e/pernikahan-kebun/",
        )
        assert sari.get("/e/pernikahan-kebun/").status_code == 200

    def test_a_former_address_can_be_taken_back(self, event: Event, studio: Client) -> None:
        studio.post(page_of(event), typed(event, slug="pernikahan-kebun"))
        event.refresh_from_db()

        studio.post(page_of(event), typed(event, slug="budi-ani"))

        assert Event.objects.get().slug == "budi-ani"
        assert list(OldSlug.objects.values_list("slug", flat=True)) == ["pernikahan-kebun"]

    def test_a_blank_address_stays_as_it_is(self, event: Event, studio: Client) -> None:
        studio.post(page_of(event), typed(event, slug="", location="Bandung"))

        changed = Event.objects.get()
        assert (changed.slug, changed.location) == ("budi-ani", "Bandung")

    def test_a_changed_code_ends_every_admission(
        self, event: Event, studio: Client, sari: Client
    ) -> None:
        assert sari.get("/e/budi-ani/").status_code == 200

        studio.post(page_of(event), typed(event, access_code="selendang 8"))

        assert Event.objects.get().access_code == "SELENDANG8"
        assert sari.get("/e/budi-ani/").status_code == 302

    def test_the_same_code_typed_otherwise_ends_none(
        self, event: Event, studio: Client, sari: Client
    ) -> None:
        studio.post(page_of(event), typed(event, access_code="kebaya-77", title="Budi & Ani"))

        assert sari.get("/e/budi-ani/").status_code == 200

    def test_a_blank_code_is_refused(self, event: Event, studio: Client) -> None:
        response = studio.post(page_of(event), typed(event, access_code=""))

        assert errors_of(response) == {"access_code": ["This field is required."]}

    def test_a_refused_page_shows_the_stored_address_and_code(
        self, event: Event, studio: Client
    ) -> None:
        response = studio.post(
            page_of(event), typed(event, slug="elsewhere", access_code="KEBAYA/77!")
        )

        text = response.content.decode()
        assert errors_of(response) == {"access_code": ["Use letters and digits only."]}
        assert text.count(">http://testserver/e/budi-ani/<") == 1
        assert text.count(">http://testserver/q/KEBAYA77/<") == 1

    def test_a_blank_end_is_filled_in_again(self, event: Event, studio: Client) -> None:
        form = typed(
            event,
            event_date_0="2028-02-29",
            event_date_1="10:00:00",
            storage_expires_at_0="",
            storage_expires_at_1="",
        )

        studio.post(page_of(event), form)

        ends = timezone.localtime(Event.objects.get().storage_expires_at)
        assert f"{ends:%Y-%m-%d %H:%M}" == "2029-02-28 23:59"

    def test_changed_chapters_make_cached_pages_old(self, wedding: Event, studio: Client) -> None:
        ChapterFactory.create(event=wedding, title="Akad", slug="akad")

        studio.post(page_of(wedding), typed(wedding, **{"chapters-0-title": "Akad Nikah"}))

        assert list(wedding.chapters.values_list("title", flat=True)) == ["Akad Nikah"]
        assert Event.objects.get().gallery_version == wedding.gallery_version + 1

    def test_versions_cannot_be_typed(self, wedding: Event, studio: Client) -> None:
        studio.post(page_of(wedding), typed(wedding, access_version="9", last_sequence="9"))

        found = Event.objects.get()
        assert (found.access_version, found.last_sequence) == (1, 0)


class EventNewCodeTests:
    def test_strangers_are_asked_to_log_in(self, event: Event, dimas: Client) -> None:
        response = dimas.post(new_code_of(event))

        assert response.headers["Location"].startswith("/accounts/login/?next=")
        assert Event.objects.get().access_code == "KEBAYA77"

    def test_the_client_is_refused(self, event: Event, budi: User, log_in: LogIn) -> None:
        response = log_in(budi).post(new_code_of(event), follow=True)

        assert response.status_code == 403
        assert Event.objects.get().access_code == "KEBAYA77"

    def test_a_foreign_form_is_refused(self, event: Event, studio: Client) -> None:
        studio.handler.enforce_csrf_checks = True

        assert studio.post(new_code_of(event)).status_code == 403
        assert Event.objects.get().access_code == "KEBAYA77"

    def test_another_method_is_refused(self, event: Event, studio: Client) -> None:
        assert studio.put(new_code_of(event)).status_code == 405

    @pytest.mark.parametrize("pk", ["junk", NOBODY])
    def test_an_id_that_is_none_is_not_found(self, pk: str, studio: Client) -> None:
        assert studio.post(f"/admin/events/event/{pk}/new-code/").status_code == 404

    @pytest.mark.parametrize("language", ["id", "en"])
    def test_looking_at_the_question_changes_nothing(
        self, language: str, event: Event, studio: Client
    ) -> None:
        page = studio.get(new_code_of(event), headers={"Accept-Language": language})

        assert page.status_code == 200
        assert Event.objects.get().access_code == "KEBAYA77"

    def test_a_new_code_ends_every_admission(
        self, event: Event, studio: Client, sari: Client
    ) -> None:
        response = studio.post(new_code_of(event))

        found = Event.objects.get()
        assert (response.status_code, response.headers["Location"]) == (303, page_of(event))
        assert found.access_code != "KEBAYA77"
        assert found.access_version == event.access_version + 1
        assert sari.get("/e/budi-ani/").status_code == 302

    def test_it_is_written_down_without_the_code(self, event: Event, studio: Client) -> None:
        studio.post(new_code_of(event))

        entry = LogEntry.objects.get()
        assert entry.get_change_message() == "Changed Access code."


class EventDeletionTests:
    def test_the_page_counts_what_goes_along(self, event: Event, studio: Client) -> None:
        ready_photo(event)
        ready_photo(event)
        ChapterFactory.create(event=event)

        page = studio.get(f"/admin/events/event/{event.pk}/delete/")

        assert dict(page.context["model_count"]) == {"events": 1, "photos": 2, "chapters": 1}
        assert page.context["deleted_objects"] == ["Pernikahan Budi & Ani"]

    def test_it_goes_with_its_photos(self, event: Event, studio: Client) -> None:
        ready_photo(event)

        studio.post(f"/admin/events/event/{event.pk}/delete/", {"post": "yes"})

        assert (Event.objects.count(), Photo.objects.count()) == (0, 0)


class EventFilterTests:
    def test_a_link_may_name_an_event_that_is_not_offered(self, studio: Client) -> None:
        older = EventFactory.create(event_date=datetime(2020, 1, 1, tzinfo=UTC))
        EventFactory.create_batch(20)
        photo = ready_photo(older)
        ready_photo(EventFactory.create())

        page = studio.get("/admin/gallery/photo/", {"event": str(older.pk)})

        assert [row.pk for row in page.context["cl"].result_list] == [photo.pk]
        assert page.content.decode().count(f'href="/admin/gallery/photo/upload/{older.pk}/"') == 1

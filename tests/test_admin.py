"""The photographer's admin as a whole: who gets in, and what all its pages have in common."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from analytics.models import EventAnalytics, PhotoDownload
from engagement.models import Comment, EditingRequest, EditingRequestPhoto, PhotoLike
from events.models import Event, GuestSession
from gallery.models import Photo
from hafiportrait import admin as studio_admin
from hafiportrait.accounts.models import Notification, User
from hafiportrait.admin import CappedPaginator
from portfolio.models import PortfolioPhoto
from tests.factories import (
    ChapterFactory,
    EventFactory,
    GuestSessionFactory,
    UserFactory,
    ready_photo,
)

LogIn = Callable[[User], Client]


def make_person() -> User:
    return UserFactory.create()


def make_event() -> Event:
    event: Event = EventFactory.create(client=make_person())
    ChapterFactory.create(event=event)
    return event


def make_photo() -> Photo:
    event = make_event()
    return ready_photo(event, chapter=ChapterFactory.create(event=event))


def make_session() -> GuestSession:
    session: GuestSession = GuestSessionFactory.create(event=make_event(), user=make_person())
    return session


def make_like() -> PhotoLike:
    return PhotoLike.objects.create(photo=make_photo(), session=make_session())


def make_comment() -> Comment:
    photo = make_photo()
    return Comment.objects.create(
        photo=photo, event=photo.event, author_name="Sari", content="Selamat!", session_id="a"
    )


def make_request() -> EditingRequest:
    photo = make_photo()
    request = EditingRequest.objects.create(
        event=photo.event, client=make_person(), request_type="CROPPING", description="Crop it."
    )
    EditingRequestPhoto.objects.create(request=request, photo=photo, note="Here", pin_x=0, pin_y=1)
    return request


def make_download() -> PhotoDownload:
    photo = make_photo()
    return PhotoDownload.objects.create(
        photo=photo,
        event=photo.event,
        user=make_person(),
        download_type="SINGLE",
        size="WEB",
        bytes=4_000_000,
    )


def make_analytics() -> EventAnalytics:
    return EventAnalytics.objects.create(event=make_event())


def make_work() -> PortfolioPhoto:
    number = PortfolioPhoto.objects.count()
    return PortfolioPhoto.objects.create(
        title="Senja", filename="senja.jpg", storage_key=f"p/{number}", thumbnail_key="t"
    )


def make_notification() -> Notification:
    return Notification.objects.create(
        user=make_person(), kind="gallery-closes", fact="a", channel="EMAIL", language="id"
    )


MAKERS: dict[type[Model], Callable[[], Any]] = {
    Event: make_event,
    GuestSession: make_session,
    Photo: make_photo,
    PhotoLike: make_like,
    Comment: make_comment,
    EditingRequest: make_request,
    PortfolioPhoto: make_work,
    PhotoDownload: make_download,
    EventAnalytics: make_analytics,
    User: make_person,
    Notification: make_notification,
}
FACTS = (GuestSession, PhotoLike, PhotoDownload, EventAnalytics, Notification)
# Session, person, waiting comments, number of rows and rows; then one for each filter by event, and
# for a hierarchy of dates its span and its years.
LIST_QUERIES = {
    Event: 7,
    GuestSession: 6,
    Photo: 6,
    PhotoLike: 6,
    Comment: 8,
    EditingRequest: 8,
    PortfolioPhoto: 5,
    PhotoDownload: 8,
    EventAnalytics: 6,
    User: 5,
    Notification: 7,
}
every_model = pytest.mark.parametrize("model", MAKERS, ids=lambda model: model.__name__)
every_language = pytest.mark.parametrize("language", ["id", "en"])


def address(model: type[Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def studio(hafi: User, log_in: LogIn, settings: Any) -> Client:
    """The photographer's browser; the second factor has tests of its own."""
    settings.SECOND_FACTOR_REQUIRED = False
    return log_in(hafi)


@pytest.mark.django_db
class AdminDoorTests:
    @every_model
    def test_strangers_are_asked_to_log_in(self, model: type[Model], dimas: Client) -> None:
        response = dimas.get(address(model, "changelist"), follow=True)

        assert response.redirect_chain[-1][0].startswith(reverse("account_login"))

    def test_guests_are_asked_to_log_in(self, sari: Client) -> None:
        response = sari.get(reverse("admin:index"), follow=True)

        assert response.redirect_chain[-1][0].startswith(reverse("account_login"))

    @every_model
    def test_clients_are_refused(self, model: type[Model], budi: User, log_in: LogIn) -> None:
        response = log_in(budi).get(address(model, "changelist"), follow=True)

        assert response.status_code == 403

    def test_a_photographer_who_left_is_refused(self, mira: User, log_in: LogIn) -> None:
        browser = log_in(mira)
        User.objects.filter(pk=mira.pk).update(is_active=False)

        response = browser.get(reverse("admin:index"), follow=True)

        assert response.redirect_chain[-1][0].startswith(reverse("account_login"))

    def test_the_password_is_changed_on_the_page_for_everybody(self, studio: Client) -> None:
        response = studio.get(reverse("admin:password_change"))

        assert response.headers["Location"] == reverse("account_change_password")


@pytest.mark.django_db
class EveryModelTests:
    def test_these_models_and_no_other_are_there(self) -> None:
        assert set(admin.site._registry) == set(MAKERS)

    def test_apps_stand_in_the_order_of_the_work(self, studio: Client) -> None:
        apps = studio.get(reverse("admin:index")).context["app_list"]

        assert [app["app_label"] for app in apps] == list(studio_admin.APPS_IN_ORDER)

    @every_model
    @every_language
    def test_its_list_and_its_rows_open(
        self, model: type[Model], language: str, studio: Client
    ) -> None:
        row = MAKERS[model]()
        pages = [
            address(model, "changelist"),
            address(model, "change", row.pk),
            address(model, "history", row.pk),
        ]

        found = [studio.get(page, headers={"Accept-Language": language}) for page in pages]

        assert [page.status_code for page in found] == [200, 200, 200]
        assert {page.headers["Content-Language"] for page in found} == {language}

    @every_model
    def test_nothing_on_its_pages_stands_inline(self, model: type[Model], studio: Client) -> None:
        row = MAKERS[model]()
        pages = [address(model, "changelist"), address(model, "change", row.pk)]

        text = "".join(studio.get(page).content.decode() for page in pages)

        assert re.findall(r"<style|\sstyle=|\son[a-z]+=|<script>|javascript:", text) == []

    @every_model
    def test_an_id_that_is_none_is_not_found(self, model: type[Model], studio: Client) -> None:
        ids = ["junk", "_00", "00000000-0000-4000-8000-000000000000"]
        sheets = [
            address(model, page, pk) for page in ("change", "delete", "history") for pk in ids
        ]

        answers = {studio.get(sheet).status_code for sheet in sheets}

        assert answers == {404}

    @every_model
    def test_its_list_costs_the_same_for_one_row_and_for_three(
        self, model: type[Model], studio: Client
    ) -> None:
        counts = []
        for rows in (1, 2):
            for _ in range(rows):
                MAKERS[model]()
            with CaptureQueriesContext(connection) as queries:
                response = studio.get(address(model, "changelist"))
            counts.append(len(queries))
            assert response.status_code == 200

        assert counts == [LIST_QUERIES[model]] * 2

    @every_model
    def test_it_can_be_searched(self, model: type[Model], studio: Client) -> None:
        MAKERS[model]()

        response = studio.get(address(model, "changelist"), {"q": "nobody has this name"})

        assert response.context["cl"].result_count == 0

    @every_model
    def test_an_odd_query_is_no_error_of_ours(self, model: type[Model], studio: Client) -> None:
        odd = ["event=junk", "id__exact=junk", "o=9.9.9", "p=99999", "created_at__year=x", "q=%00"]
        lists = [f"{address(model, 'changelist')}?{query}" for query in odd]

        answers = [studio.get(url, follow=True).status_code for url in lists]

        assert answers == [200, 200, 200, 200, 200, 400]

    @every_model
    def test_a_query_that_no_database_reads_is_refused(
        self, model: type[Model], studio: Client
    ) -> None:
        response = studio.get(f"{address(model, 'changelist')}?status__exact=%00")

        assert response.status_code == 400


@pytest.mark.django_db
class FactTests:
    @pytest.mark.parametrize("model", FACTS, ids=lambda model: model.__name__)
    def test_facts_are_neither_made_nor_changed_nor_deleted(
        self, model: type[Model], studio: Client
    ) -> None:
        row = MAKERS[model]()

        answers = [
            studio.get(address(model, "add")),
            studio.post(address(model, "add"), {}),
            studio.post(address(model, "change", row.pk), {}),
            studio.post(address(model, "delete", row.pk), {"post": "yes"}),
        ]

        assert [answer.status_code for answer in answers] == [403, 403, 403, 403]
        assert model._default_manager.filter(pk=row.pk).exists()


@pytest.mark.django_db
class ActionTests:
    def test_ids_that_are_none_are_a_bad_request(self, studio: Client) -> None:
        response = studio.post(
            address(Photo, "changelist"),
            {"action": "hide_from_guests", "_selected_action": "junk"},
        )

        assert response.status_code == 400


@pytest.mark.django_db
class CappedPaginatorTests:
    def test_a_long_list_is_counted_up_to_its_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(studio_admin, "COUNT_LIMIT", 2)
        for _ in range(3):
            make_person()

        pages = CappedPaginator(User.objects.order_by("email"), 1)

        assert (pages.count, pages.num_pages, pages.is_capped) == (2, 2, True)

    def test_a_short_list_is_counted_whole(self) -> None:
        make_person()

        pages = CappedPaginator(User.objects.order_by("email"), 50)

        assert (pages.count, pages.is_capped) == (1, False)

    def test_the_list_says_that_there_is_more(
        self, studio: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(studio_admin, "COUNT_LIMIT", 1)
        make_person()

        page = studio.get(address(User, "changelist"), headers={"Accept-Language": "en"})

        assert "More than 1 people; filter or search" in page.content.decode()

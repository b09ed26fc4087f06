"""Every refusal, as a page and as JSON; an error page never fails itself."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.test import Client, RequestFactory
from django.utils import translation
from psycopg_pool import PoolTimeout
from pytest_django import DjangoAssertNumQueries

from hafiportrait.lib import errors

JSON = {"accept": "application/json"}
HANDLERS: list[tuple[Callable[[HttpRequest], HttpResponse], int, str]] = [
    (errors.bad_request, 400, "bad_request"),
    (errors.forbidden, 403, "forbidden"),
    (errors.csrf_failure, 403, "csrf"),
    (errors.not_found, 404, "not_found"),
    (errors.server_error, 500, "server_error"),
    (errors.unavailable, 503, "unavailable"),
    (errors.no_room, 507, "no_room"),
]
requests = RequestFactory()


def after(error: BaseException) -> HttpResponse:
    """Return what `server_error` answers while the error is being handled."""
    try:
        raise error
    except type(error):
        return errors.server_error(requests.get("/", headers=JSON))


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize(("handler", "status", "code"), HANDLERS)
class HandlerTests:
    def test_a_browser_gets_a_page_without_any_query(
        self,
        handler: Callable[[HttpRequest], HttpResponse],
        status: int,
        code: str,
        language: str,
    ) -> None:
        with translation.override(language):
            answer = handler(requests.get("/", headers={"accept": "text/html"}))

        page = answer.content.decode()
        assert (answer.status_code, answer["Cache-Control"]) == (status, "no-store")
        assert f'<html lang="{language}">' in page
        assert page.lstrip().startswith("<!DOCTYPE html>")
        assert page.count("<h1>") == 1
        assert f"<small>{status}</small>" in page

    def test_a_script_gets_json(
        self,
        handler: Callable[[HttpRequest], HttpResponse],
        status: int,
        code: str,
        language: str,
    ) -> None:
        with translation.override(language):
            answer = handler(requests.get("/", headers=JSON))

        error = json.loads(answer.content)["error"]
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/json")
        assert set(error) == {"code", "message"}
        assert error["code"] == code
        assert len(error["message"]) > 10


class ProblemTests:
    def test_words_are_escaped(self) -> None:
        answer = errors.problem(requests.get("/"), 400, "x", "<script>1</script>", title="<b>")

        assert "<script>" not in answer.content.decode()
        assert "&lt;script&gt;1&lt;/script&gt;" in answer.content.decode()

    def test_a_page_that_was_opened_can_be_read_in_another_language(self) -> None:
        answer = errors.problem(requests.get("/e/nobody/?cursor=1"), 404, "x", "No.")

        assert '<form class="languages"' in answer.content.decode()
        assert 'name="next" value="/e/nobody/?cursor=1"' in " ".join(
            answer.content.decode().split()
        )

    def test_the_answer_to_a_form_is_not_opened_again(self) -> None:
        answer = errors.problem(requests.post("/i18n/"), 429, "x", "Wait.")

        assert '<form class="languages"' not in answer.content.decode()

    def test_when_to_try_again_is_said_in_seconds(self) -> None:
        answer = errors.problem(requests.get("/"), 429, "x", "Wait.", retry_after=42)

        assert answer["Retry-After"] == "42"

    def test_what_the_answer_depends_on_is_said(self) -> None:
        answer = errors.problem(requests.get("/"), 400, "x", "No.")

        assert answer["Vary"] == "Accept, Accept-Language, Cookie"

    def test_a_page_that_cannot_be_drawn_is_a_bare_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(name: str, context: object) -> str:
            raise ValueError("Missing staticfiles manifest entry")

        monkeypatch.setattr(loader, "render_to_string", broken)

        answer = errors.problem(requests.get("/"), 404, "x", "<b>No.</b>", title="Not found")

        assert answer.status_code == 404
        assert answer.content.decode() == (
            "<!DOCTYPE html><title>Not found</title><h1>Not found</h1><p>&lt;b&gt;No.&lt;/b&gt;</p>"
        )


class ServerErrorTests:
    @pytest.mark.parametrize(
        "error",
        [
            OperationalError("connection refused"),
            InterfaceError("connection is closed"),
            errors.StorageDown("no answer"),
            PoolTimeout("couldn't get a connection"),
        ],
    )
    def test_an_outage_is_503_with_a_time_to_try_again(self, error: BaseException) -> None:
        answer = after(error)

        assert (answer.status_code, answer["Retry-After"]) == (503, "10")

    @pytest.mark.parametrize(
        "error",
        [
            OSError(errno.ENOSPC, "No space left on device"),
            OSError(errno.EDQUOT, "Disk quota exceeded"),
            OperationalError("database or disk is full"),
            DatabaseError('could not extend file "base/1": No space left on device'),
        ],
    )
    def test_a_full_disk_is_507(self, error: BaseException) -> None:
        assert after(error).status_code == 507

    @pytest.mark.parametrize(
        "error",
        [ValueError("secret"), OSError(errno.EIO, "secret"), DatabaseError("secret"), KeyError()],
    )
    def test_anything_else_is_500_and_does_not_talk(self, error: BaseException) -> None:
        answer = after(error)

        assert answer.status_code == 500
        assert "secret" not in answer.content.decode()

    def test_without_an_error_at_hand_it_is_500(self) -> None:
        assert errors.server_error(requests.get("/")).status_code == 500


class WholeSiteTests:
    def test_an_unknown_address_is_404_without_a_query(
        self, dimas: Client, django_assert_num_queries: DjangoAssertNumQueries, db: None
    ) -> None:
        with django_assert_num_queries(0):
            answer = dimas.get("/nowhere/at-all/", headers={"accept-language": "en"})

        assert answer.status_code == 404
        assert "There is nothing at this address." in answer.content.decode()

    @pytest.mark.parametrize("language", ["id", "en"])
    def test_the_visitor_s_language_is_spoken(self, dimas: Client, language: str) -> None:
        answer = dimas.get("/nowhere/", headers={"accept-language": language})

        assert f'<html lang="{language}">' in answer.content.decode()

    def test_a_form_with_an_old_token_is_told_to_reload(self, db: None) -> None:
        dimas = Client(enforce_csrf_checks=True)

        answer = dimas.post("/accounts/login/", {"login": "x"}, headers=JSON)

        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "csrf"

    def test_a_request_for_another_host_is_400(self, dimas: Client) -> None:
        answer = dimas.get("/nowhere/", headers={"host": "evil.example"})

        assert answer.status_code == 400

"""What a request says of its sender, as far as it is believed."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils.crypto import get_random_string
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from hafiportrait.lib.http import (
    BodyGateMiddleware,
    CachePolicyMiddleware,
    SessionKeyMiddleware,
    absolute,
    client_address,
    safe_next,
    user_agent,
    wants_json,
)

requests = RequestFactory()


class WantsJsonTests:
    @pytest.mark.parametrize(
        ("accept", "wanted"),
        [
            ("application/json", True),
            ("application/json, text/plain, */*", True),
            ("application/json;q=0.9, text/html;q=0.5", True),
            ("text/html;q=0.5, application/json", True),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
            ("text/html, application/json", False),
            ("application/json;q=0.1, text/html", False),
            ("application/json;q=0", False),
            ("*/*", False),
            ("", False),
        ],
    )
    def test_json_is_given_to_those_who_prefer_it(self, accept: str, wanted: bool) -> None:
        assert wants_json(requests.get("/", headers={"accept": accept})) is wanted

    @pytest.mark.parametrize("parameter", ["a*=bogus''x", "a*=idna''%ff", "a*0*=bogus''x"])
    def test_who_asks_so_that_nobody_can_read_it_gets_a_page(self, parameter: str) -> None:
        request = requests.get("/", headers={"accept": f"application/json; {parameter}"})

        assert wants_json(request) is False

    def test_without_the_header_a_page_is_given(self) -> None:
        assert wants_json(requests.get("/")) is False

    @given(st.text(st.characters(max_codepoint=255), max_size=100))
    def test_an_odd_header_is_answered_all_the_same(self, tail: str) -> None:
        found = wants_json(requests.get("/", headers={"accept": f"application/json{tail}"}))

        assert found in (True, False)


class ClientAddressTests:
    @pytest.mark.parametrize(
        ("proxies", "forwarded", "address"),
        [
            (0, "198.51.100.9", "203.0.113.7"),
            (1, "198.51.100.9", "198.51.100.9"),
            (1, "6.6.6.6, 198.51.100.9", "198.51.100.9"),
            (2, "198.51.100.9, 10.0.0.2", "198.51.100.9"),
            (2, "6.6.6.6, 198.51.100.9,10.0.0.2", "198.51.100.9"),
            (2, "198.51.100.9", "203.0.113.7"),
            (1, "", "203.0.113.7"),
            (1, " , ,", "203.0.113.7"),
            (1, "2001:db8::1", "2001:db8::1"),
        ],
    )
    def test_the_hop_that_our_outermost_proxy_wrote_is_believed(
        self, settings: Settings, proxies: int, forwarded: str, address: str
    ) -> None:
        settings.TRUSTED_PROXIES = proxies

        request = requests.get(
            "/", REMOTE_ADDR="203.0.113.7", headers={"x-forwarded-for": forwarded}
        )

        assert client_address(request) == address

    @pytest.mark.parametrize("proxies", [0, 1])
    def test_an_address_fits_its_column(self, settings: Settings, proxies: int) -> None:
        settings.TRUSTED_PROXIES = proxies

        request = requests.get("/", REMOTE_ADDR="1" * 99, headers={"x-forwarded-for": "2" * 99})

        assert len(client_address(request)) == 45

    def test_a_socket_without_an_address_gives_none(self) -> None:
        assert client_address(requests.get("/", REMOTE_ADDR="")) == ""


class UserAgentTests:
    def test_control_characters_are_cut(self) -> None:
        assert user_agent(requests.get("/", headers={"user-agent": "A\x00b\x1bc\nd"})) == "Abcd"

    def test_it_fits_its_column(self) -> None:
        assert len(user_agent(requests.get("/", headers={"user-agent": "x" * 5000}))) == 300


class SafeNextTests:
    @pytest.mark.parametrize(
        "wanted", ["/e/budi-ani/", "/e/budi-ani/?chapter=akad", "http://testserver/e/budi-ani/"]
    )
    def test_an_address_of_this_site_is_taken(self, wanted: str) -> None:
        assert safe_next(requests.get("/", {"next": wanted}), "/start/") == wanted

    @pytest.mark.parametrize(
        "wanted",
        [
            "https://evil.example/",
            "//evil.example/",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "http:evil.example",
            " //evil.example",
            "\x00//evil.example",
            "http://testserver@evil.example/",
            "http://[",
            "/" + "x" * 500,
            "",
        ],
    )
    def test_anything_else_leads_to_the_fallback(self, wanted: str) -> None:
        assert safe_next(requests.get("/", {"next": wanted}), "/start/") == "/start/"

    def test_a_form_comes_before_the_address(self) -> None:
        request = requests.post("/?next=/from-address/", {"next": "/from-form/"})

        assert safe_next(request, "/start/") == "/from-form/"

    def test_a_secure_page_leads_to_no_insecure_one(self) -> None:
        request = requests.get("/", {"next": "http://testserver/e/"}, secure=True)

        assert safe_next(request, "/start/") == "/start/"


class AbsoluteTests:
    def test_the_host_header_has_no_say(self, settings: Settings) -> None:
        settings.SITE_URL = "https://photos.example.com"

        assert absolute("/masuk/") == "https://photos.example.com/masuk/"


class SessionKeyTests:
    def passed_on(self, key: str) -> dict[str, str]:
        """Return the cookies that are left for the site."""
        request = requests.get("/")
        request.COOKIES = {"sessionid": key, "csrftoken": "x"}
        SessionKeyMiddleware(lambda _: HttpResponse())(request)
        return request.COOKIES

    @pytest.mark.parametrize("key", ["abcdefg7", "z" * 32, "0" * 40])
    def test_what_may_be_a_key_stays(self, key: str) -> None:
        assert self.passed_on(key) == {"sessionid": key, "csrftoken": "x"}

    def test_a_key_that_django_made_stays(self) -> None:
        key = get_random_string(32, VALID_KEY_CHARS)

        assert self.passed_on(key)["sessionid"] == key

    @pytest.mark.parametrize(
        "key", ["", "x", "\x00aaaaaaaaaaaa", "a" * 41, "A" * 32, "aaaaaaaa\n", "é" * 9, "٣" * 9]
    )
    def test_what_cannot_be_one_is_no_cookie(self, key: str) -> None:
        assert self.passed_on(key) == {"csrftoken": "x"}

    def test_a_browser_without_one_is_let_through(self) -> None:
        request = requests.get("/")
        answer = HttpResponse()

        assert SessionKeyMiddleware(lambda _: answer)(request) is answer


class BodyGateTests:
    def gate(self, request: HttpRequest, view: Any, **kwargs: Any) -> HttpResponse | None:
        """Return what the middleware says before the view."""
        return BodyGateMiddleware(lambda _: HttpResponse()).process_view(request, view, (), kwargs)

    def view_with(self, answer: HttpResponse | None, asked: list[Any]) -> Any:
        """Return a view whose gate notes with what it was asked, and answers so."""

        def view(request: HttpRequest) -> HttpResponse:
            return HttpResponse()

        def before_body(request: HttpRequest, **kwargs: Any) -> HttpResponse | None:
            asked.append(kwargs)
            return answer

        view.before_body = before_body  # type: ignore[attr-defined]  # what the gate looks for
        return view

    def test_a_refusal_is_given_unread_and_ends_the_connection(self) -> None:
        asked: list[Any] = []
        request = requests.post("/", {"file": "x"})

        answer = self.gate(request, self.view_with(HttpResponse(status=413), asked), event="7")

        assert answer is not None
        assert (answer.status_code, answer["Connection"]) == (413, "close")
        assert asked == [{"event": "7"}]
        assert request.read() != b""

    def test_a_gate_that_says_nothing_lets_through(self) -> None:
        asked: list[Any] = []

        assert self.gate(requests.post("/"), self.view_with(None, asked)) is None
        assert asked == [{}]

    def test_reading_a_page_is_not_asked_about(self) -> None:
        asked: list[Any] = []

        assert self.gate(requests.get("/"), self.view_with(HttpResponse(), asked)) is None
        assert asked == []

    def test_a_view_without_a_gate_is_let_through(self) -> None:
        assert self.gate(requests.post("/"), lambda request: HttpResponse()) is None


class CachePolicyTests:
    def test_an_answer_without_a_policy_is_kept_nowhere(self) -> None:
        answer = CachePolicyMiddleware(lambda _: HttpResponse())(requests.get("/"))

        assert answer["Cache-Control"] == "no-store"
        assert "camera=()" in answer["Permissions-Policy"]

    def test_a_policy_of_the_view_is_left_alone(self) -> None:
        mine = HttpResponse(headers={"Cache-Control": "private, no-cache"})

        answer = CachePolicyMiddleware(lambda _: mine)(requests.get("/"))

        assert answer["Cache-Control"] == "private, no-cache"

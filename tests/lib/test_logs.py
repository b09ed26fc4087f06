"""An access code stands in no log line."""

from __future__ import annotations

import logging

import pytest

from hafiportrait.lib.logs import MaskCodes, mask_codes


def written(record: logging.LogRecord) -> str:
    """Return the line that a handler with our filter writes."""
    assert MaskCodes().filter(record) is True
    return logging.Formatter("%(message)s").format(record)


def record(message: str, *args: object) -> logging.LogRecord:
    """Return a record as a logger makes it."""
    return logging.LogRecord("django.request", logging.WARNING, __file__, 1, message, args, None)


class MaskCodesTests:
    @pytest.mark.parametrize(
        ("line", "masked"),
        [
            ("Not Found: /q/KEBAYA77/", "Not Found: /q/***/"),
            ("Not Found: /q/KEBAYA77", "Not Found: /q/***"),
            ("Not Found: /q/KEBAYA 77/", "Not Found: /q/***/"),
            ("Not Found: /q/ KEBAYA77/", "Not Found: /q/***/"),
            ("Not Found: /q/'KEBAYA77'/", "Not Found: /q/***/"),
            ("Not Found: /q//KEBAYA77/", "Not Found: /q//***/"),
            ('"GET /q/KEBAYA77/ HTTP/1.1" 302', '"GET /q/***/ HTTP/1.1" 302'),
            ('"GET /q/KEBAYA77?x=1 HTTP/1.1" 302', '"GET /q/***/1.1" 302'),
            ("https://a.example/q/KEBAYA77/ b /q/BATIK999/", "https://a.example/q/***/ b /q/***/"),
            ("Not Found: /e/budi-ani/", "Not Found: /e/budi-ani/"),
            ("/faq/KEBAYA77/", "/faq/KEBAYA77/"),
        ],
    )
    def test_what_follows_the_door_is_hidden(self, line: str, masked: str) -> None:
        assert mask_codes(line) == masked

    def test_a_code_among_the_arguments_is_hidden(self) -> None:
        assert written(record("%s: %s", "Not Found", "/q/KEBAYA77/")) == "Not Found: /q/***/"

    def test_a_line_without_a_code_keeps_its_arguments(self) -> None:
        line = record("%s of %d", "one", 2)

        assert written(line) == "one of 2"
        assert line.args == ("one", 2)

    def test_a_code_in_a_traceback_is_hidden(self) -> None:
        line = record("broken")
        error = ValueError("no such page: /q/KEBAYA77/")
        line.exc_info = (ValueError, error, None)

        assert "ValueError: no such page: /q/***/" in written(line)
        assert "KEBAYA77" not in written(line)

    def test_arguments_that_do_not_fit_break_no_page(self) -> None:
        assert MaskCodes().filter(record("%d tries", "many")) is True

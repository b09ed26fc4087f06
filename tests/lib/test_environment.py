"""Settings are read strictly, and what is odd is said in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from hafiportrait import environment as env

PASSWORD = "hunter2-hunter2"


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that gives the setting ODD a value."""
    return lambda value: monkeypatch.setenv("ODD", value)


def said_by(read: Callable[[], Any]) -> str:
    """Return the line with which reading a setting stops the start."""
    with pytest.raises(SystemExit) as stopped:
        read()
    return str(stopped.value.code)


class TextTests:
    def test_a_missing_one_stops_the_start_and_is_named(self) -> None:
        line = said_by(lambda: env.text("ODD", expected="a bucket's name"))

        assert line == "hafiportrait: setting ODD is missing; expected a bucket's name"

    def test_blanks_are_as_good_as_missing(self, setting: Callable[[str], None]) -> None:
        setting("   ")

        assert said_by(lambda: env.text("ODD")) == (
            "hafiportrait: setting ODD is missing; expected some text"
        )

    def test_a_default_is_taken_where_nothing_is_set(self) -> None:
        assert env.text("ODD", "here") == "here"

    def test_blanks_around_a_value_are_cut(self, setting: Callable[[str], None]) -> None:
        setting("  there ")

        assert env.text("ODD", "here") == "there"


class SecretTests:
    def test_a_missing_one_stops_the_start(self) -> None:
        assert said_by(lambda: env.secret("ODD", least=50)) == (
            "hafiportrait: setting ODD is missing; "
            "expected a random secret of at least 50 characters"
        )

    def test_a_short_one_is_refused_and_not_printed(self, setting: Callable[[str], None]) -> None:
        setting(PASSWORD)

        line = said_by(lambda: env.secret("ODD", least=50))

        assert line == (
            "hafiportrait: setting ODD is too short; "
            "expected a random secret of at least 50 characters"
        )

    def test_one_of_the_least_length_is_taken(self, setting: Callable[[str], None]) -> None:
        setting("s" * 50)

        assert env.secret("ODD", least=50) == "s" * 50


class FlagTests:
    @pytest.mark.parametrize(
        ("value", "meaning"),
        [
            *[(word, True) for word in ("1", "TRUE", "yes", "on")],
            *[(word, False) for word in ("0", "False", "no", "OFF")],
        ],
    )
    def test_both_answers_have_four_words(
        self, setting: Callable[[str], None], value: str, meaning: bool
    ) -> None:
        setting(value)

        assert env.flag("ODD", default=not meaning) is meaning

    def test_another_word_stops_the_start(self, setting: Callable[[str], None]) -> None:
        setting("maybe")

        assert said_by(lambda: env.flag("ODD")) == (
            "hafiportrait: setting ODD is odd: 'maybe'; expected 1 or 0"
        )

    def test_off_is_the_default(self) -> None:
        assert env.flag("ODD") is False


class NumberTests:
    @pytest.mark.parametrize("value", ["1", "10"])
    def test_both_limits_are_inside(self, setting: Callable[[str], None], value: str) -> None:
        setting(value)

        assert env.number("ODD", 5, least=1, most=10) == int(value)

    @pytest.mark.parametrize("value", ["0", "11", "-1", "five", "1.5", "1e3"])
    def test_anything_else_stops_the_start(
        self, setting: Callable[[str], None], value: str
    ) -> None:
        setting(value)

        assert said_by(lambda: env.number("ODD", 5, least=1, most=10)) == (
            f"hafiportrait: setting ODD is odd: {value!r}; expected a whole number from 1 to 10"
        )

    def test_without_an_upper_limit_the_lower_one_is_said(
        self, setting: Callable[[str], None]
    ) -> None:
        setting("x")

        assert said_by(lambda: env.number("ODD", 5, least=2)) == (
            "hafiportrait: setting ODD is odd: 'x'; expected a whole number of at least 2"
        )


class ChoiceTests:
    def test_a_word_of_the_list_is_taken(self, setting: Callable[[str], None]) -> None:
        setting("s3")

        assert env.choice("ODD", "disk", among=("disk", "s3")) == "s3"

    def test_another_word_stops_the_start(self, setting: Callable[[str], None]) -> None:
        setting("S3")

        assert said_by(lambda: env.choice("ODD", "disk", among=("disk", "s3"))) == (
            "hafiportrait: setting ODD is odd: 'S3'; expected one of disk, s3"
        )


class WordsTests:
    def test_words_stand_between_commas(self, setting: Callable[[str], None]) -> None:
        setting(" a, b ,,c")

        assert env.words("ODD") == ["a", "b", "c"]

    def test_without_words_the_default_is_taken(self, setting: Callable[[str], None]) -> None:
        setting(" , ")

        assert env.words("ODD", ("z",)) == ["z"]


class AddressTests:
    @pytest.mark.parametrize(
        "value",
        ["postgres://u:p@db.example.com:5432/x", "sqlite:////var/x.sqlite3", "redis://cache"],
    )
    def test_whole_addresses_are_taken(self, setting: Callable[[str], None], value: str) -> None:
        setting(value)

        assert env.address("ODD", schemes=("postgres", "sqlite", "redis")) == value

    def test_a_slash_at_the_end_is_cut(self, setting: Callable[[str], None]) -> None:
        setting("https://photos.example.com/")

        assert env.address("ODD", schemes=("https",)) == "https://photos.example.com"

    @pytest.mark.parametrize(
        "value",
        [
            f"mysql://root:{PASSWORD}@db/x",
            f"postgres://root:{PASSWORD}@db:port/x",
            f"postgres://root:{PASSWORD}@db:99999/x",
            f"postgres://root:{PASSWORD}@[db/x",
            f"postgres://root:{PASSWORD}@/x",
            f"postgres:/root:{PASSWORD}@db/x",
            f"root:{PASSWORD}@db/x",
            "postgres://",
        ],
    )
    def test_odd_ones_stop_the_start_and_show_no_password(
        self, setting: Callable[[str], None], value: str
    ) -> None:
        setting(value)

        line = said_by(lambda: env.address("ODD", schemes=("postgres",)))

        assert line.startswith("hafiportrait: setting ODD is odd: ")
        assert line.endswith("; expected postgres://…")
        assert PASSWORD not in line
        assert "\n" not in line


class OriginTests:
    @pytest.mark.parametrize(
        "value",
        [
            "https://host/path",
            "https://host?query=1",
            "https://host#part",
            f"https://hafi:{PASSWORD}@host",
        ],
    )
    def test_more_than_scheme_and_host_stops_the_start(
        self, setting: Callable[[str], None], value: str
    ) -> None:
        setting(value)

        assert said_by(lambda: env.origin("ODD")) == (
            "hafiportrait: setting ODD is odd; "
            "expected https://host or http://host with nothing behind it"
        )

    def test_a_port_belongs_to_the_host(self, setting: Callable[[str], None]) -> None:
        setting("http://127.0.0.1:8000/")

        assert env.origin("ODD") == "http://127.0.0.1:8000"


class EmailTests:
    def test_a_server_is_taken_apart(self, setting: Callable[[str], None]) -> None:
        setting("smtp+tls://hafi:pw@mail.example.com:587")

        found = env.email_config("ODD", "consolemail://")

        assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example.com", 587)
        assert found["EMAIL_USE_TLS"] is True

    @pytest.mark.parametrize(
        "value", [f"pigeon://{PASSWORD}@roof", f"smtp://hafi:{PASSWORD}@host:port", "smtp://["]
    )
    def test_odd_ones_stop_the_start_and_show_no_password(
        self, setting: Callable[[str], None], value: str
    ) -> None:
        setting(value)

        assert said_by(lambda: env.email_config("ODD", "consolemail://")) == (
            "hafiportrait: setting ODD is odd; "
            "expected an address such as smtp+tls://user:password@host:587"
        )


class FileTests:
    def test_what_is_set_already_wins(
        self, tmp_path: Path, setting: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        setting("from outside")
        monkeypatch.delenv("EVEN", raising=False)
        file = tmp_path / ".env"
        file.write_text("ODD=from the file\nEVEN=from the file\n")

        env.load_file(file)

        assert (os.environ["ODD"], os.environ.pop("EVEN")) == ("from outside", "from the file")

    def test_a_missing_file_is_fine(self, tmp_path: Path) -> None:
        before = dict(os.environ)

        env.load_file(tmp_path / "nowhere")

        assert dict(os.environ) == before

    def test_a_file_that_is_no_text_stops_the_start(self, tmp_path: Path) -> None:
        file = tmp_path / ".env"
        file.write_bytes(b"SECRET_KEY=\xff\xfe")

        line = said_by(lambda: env.load_file(file))

        assert line.startswith("hafiportrait: setting ENV_FILE cannot be read: ")


def start(*, without: str = "", **changed: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py check` as a studio's server would, and return how it ended."""
    chosen = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "k" * 25 + "0123456789" * 3,
        "SITE_URL": "https://photos.example.com",
        "DATABASE_URL": "sqlite:///:memory:",
        "PYTHONWARNINGS": "ignore",
    } | changed
    chosen.pop(without, None)
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "check"]
    return subprocess.run(command, env=chosen, capture_output=True, text=True, timeout=60)


class StartTests:
    def test_a_start_without_a_secret_is_one_line_and_no_traceback(self) -> None:
        ended = start(without="SECRET_KEY")

        assert ended.returncode == 1
        assert ended.stderr == (
            "hafiportrait: setting SECRET_KEY is missing; "
            "expected a random secret of at least 50 characters\n"
        )

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("SECRET_KEY", PASSWORD),
            ("SITE_URL", "photos.example.com"),
            ("SITE_URL", "https://photos.example.com/sub"),
            ("DATABASE_URL", f"mysql://hafi:{PASSWORD}@db/x"),
            ("DIRECT_URL", f"postgres://hafi:{PASSWORD}@db:x/x"),
            ("REDIS_URL", f"http://:{PASSWORD}@cache"),
            ("CELERY_BROKER_URL", f"filesystem://{PASSWORD}"),
            ("EMAIL_URL", f"pigeon://{PASSWORD}@roof"),
            ("PHOTO_STORAGE", "tape"),
            ("TIME_ZONE", "Bali"),
            ("LOG_LEVEL", "chatty"),
            ("DEMO", "perhaps"),
        ],
    )
    def test_an_odd_value_is_one_line_that_names_it_and_shows_no_secret(
        self, name: str, value: str
    ) -> None:
        ended = start(**{name: value})

        assert ended.returncode == 1
        assert ended.stderr.count("\n") == 1
        assert ended.stderr.startswith(f"hafiportrait: setting {name} is ")
        assert PASSWORD not in ended.stderr + ended.stdout

    def test_a_bucket_without_its_keys_is_named(self) -> None:
        ended = start(PHOTO_STORAGE="s3", S3_ENDPOINT_URL="https://s3.example.com")

        assert ended.stderr == (
            "hafiportrait: setting S3_BUCKET is missing; expected the bucket's name\n"
        )

    def test_a_whole_environment_starts(self) -> None:
        ended = start()

        assert (ended.returncode, ended.stderr) == (0, "")

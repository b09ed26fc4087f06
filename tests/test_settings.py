"""What a production site runs with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings

PRODUCTION = {
    "ENV_FILE": os.devnull,
    "SECRET_KEY": "kZ8-x2Qw_9vTq4LmNp7RsUy3BcDfGh6JkA1eWtXoIiSgHjM5nPb",
    "SITE_URL": "https://photos.example.com",
    "DATABASE_URL": "sqlite:///:memory:",
    "DEMO": "0",
}


def manage(*arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
    """Run a command of `manage.py` with the settings of a production site."""
    environment = {"PATH": os.environ["PATH"]} | PRODUCTION | changed
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def in_production(*names: str, **changed: str) -> dict[str, Any]:
    """Return some settings as a production site has them."""
    script = (
        "import json; from django.conf import settings;"
        f"print(json.dumps({{n: getattr(settings, n) for n in {list(names)!r}}}, default=str))"
    )
    environment = (
        {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "hafiportrait.settings"}
        | PRODUCTION
        | changed
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=settings.BASE_DIR,
    )
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


class DeployTests:
    def test_the_deployment_check_has_nothing_to_say(self) -> None:
        ended = manage("check", "--deploy", "--fail-level", "WARNING")

        assert ended.stderr == ""
        assert ended.stdout == "System check identified no issues (0 silenced).\n"

    def test_debug_and_demo_are_off_unless_somebody_asks(self) -> None:
        found = in_production("DEBUG", "DEMO", "SECOND_FACTOR_REQUIRED")

        assert found == {"DEBUG": False, "DEMO": False, "SECOND_FACTOR_REQUIRED": True}

    def test_only_the_site_itself_is_answered_for(self) -> None:
        found = in_production("ALLOWED_HOSTS")

        assert found == {"ALLOWED_HOSTS": ["photos.example.com"]}

    def test_every_cookie_travels_by_https_only(self) -> None:
        names = ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE"]

        assert in_production(*names) == dict.fromkeys(names, True)

    def test_the_policy_allows_no_inline_code(self) -> None:
        found = in_production("CONTENT_SECURITY_POLICY")

        sources = [
            s for group in found["CONTENT_SECURITY_POLICY"]["DIRECTIVES"].values() for s in group
        ]
        assert {s for s in sources if "unsafe" in s or "*" in s} == set()

    def test_a_forwarded_scheme_is_believed_only_behind_a_proxy_of_ours(self) -> None:
        alone = in_production("SECURE_PROXY_SSL_HEADER")
        behind = in_production("SECURE_PROXY_SSL_HEADER", TRUSTED_PROXIES="1")

        assert alone == {"SECURE_PROXY_SSL_HEADER": None}
        assert behind == {"SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"]}


class DatabaseTests:
    def test_a_direct_database_hangs_for_less_than_ten_seconds(self) -> None:
        found = in_production("DATABASES", DATABASE_URL="postgres://u:p@db.example.com/x")

        options = found["DATABASES"]["default"]["OPTIONS"]
        assert options["connect_timeout"] == 5
        assert options["tcp_user_timeout"] == 8000
        assert options["options"] == "-c statement_timeout=8000 -c lock_timeout=7000"

    def test_a_pooler_gets_no_start_up_options_cursors_or_prepared_statements(self) -> None:
        found = in_production("DATABASES", DATABASE_URL="postgres://u:p@x-pooler.example.com/x")

        database = found["DATABASES"]["default"]
        assert "options" not in database["OPTIONS"]
        assert database["OPTIONS"]["prepare_threshold"] is None
        assert database["DISABLE_SERVER_SIDE_CURSORS"] is True

    def test_migrations_go_by_an_address_of_their_own(self) -> None:
        found = in_production(
            "DATABASES",
            DATABASE_URL="postgres://u:p@x-pooler.example.com/x",
            DIRECT_URL="postgres://u:p@x.example.com/x",
        )

        direct = found["DATABASES"]["direct"]
        assert direct["HOST"] == "x.example.com"
        assert set(direct["OPTIONS"]) == {"connect_timeout", "tcp_user_timeout", "keepalives_idle"}

    def test_sqlite_takes_the_write_lock_at_the_start(self) -> None:
        found = in_production("DATABASES")

        assert found["DATABASES"]["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


class StudioTests:
    @pytest.mark.parametrize(
        ("name", "expected"), [("TIME_ZONE", "Asia/Makassar"), ("LANGUAGE_CODE", "id")]
    )
    def test_the_studio_is_indonesian_unless_set(self, name: str, expected: str) -> None:
        assert in_production(name) == {name: expected}

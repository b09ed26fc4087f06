"""Installing the site, and the script that keeps galleries for a time without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.test import Client
from PIL import Image
from pytest_django import Settings

from events.models import Event
from hafiportrait import pwa
from tests.factories import ready_photo

STATIC = re.compile(r'/static/([^"?\s]+)')


@pytest.fixture(autouse=True)
def _drawn_anew() -> Iterator[None]:
    pwa.worker_script.cache_clear()
    yield
    pwa.worker_script.cache_clear()


def set_up() -> dict[str, Any]:
    """Return what the worker is told of this installation."""
    first_line = pwa.worker_script().partition("\n")[0]
    said: dict[str, Any] = json.loads(first_line.removeprefix("const SETUP = ").removesuffix(";"))
    return said


class ManifestTests:
    def test_a_stranger_may_install_the_site(self, dimas: Client, settings: Settings) -> None:
        settings.STUDIO_NAME = "Studio Melati"

        answer = dimas.get("/site.webmanifest")

        assert answer.status_code == 200
        assert answer["Content-Type"] == "application/manifest+json"
        said = answer.json()
        assert (said["name"], said["short_name"]) == ("Studio Melati", "Studio Melati")
        assert (said["start_url"], said["scope"], said["display"]) == ("/masuk/", "/", "standalone")

    def test_installed_from_a_gallery_it_opens_that_gallery(self, dimas: Client) -> None:
        said = dimas.get("/site.webmanifest?gallery=budi-ani").json()

        assert (said["id"], said["start_url"]) == ("/e/budi-ani/", "/e/budi-ani/")

    @pytest.mark.parametrize("junk", ["", "//evil.example", "../admin", "a" * 81, "ä", "a/b"])
    def test_what_is_no_gallery_s_name_opens_the_form(self, dimas: Client, junk: str) -> None:
        said = dimas.get("/site.webmanifest", {"gallery": junk}).json()

        assert said["start_url"] == "/masuk/"

    def test_the_icons_are_what_they_are_said_to_be(self, dimas: Client) -> None:
        icons = dimas.get("/site.webmanifest").json()["icons"]

        assert {icon["purpose"] for icon in icons} == {"any", "maskable"}
        for icon in icons:
            with Image.open(static_file(icon["src"].removeprefix("/static/"))) as picture:
                assert "x".join(map(str, picture.size)) == icon["sizes"]
                assert Image.MIME[str(picture.format)] == icon["type"]

    def test_its_ground_is_the_dark_one_of_the_pages(self, dimas: Client) -> None:
        said = dimas.get("/site.webmanifest").json()

        tokens = static_file("css/tokens.css").read_text(encoding="utf-8")
        assert f"--ground: {said['background_color']};" in tokens
        assert said["theme_color"] == said["background_color"]

    @pytest.mark.parametrize(
        ("language", "first_word"), [("id", "Foto-foto"), ("en", "The photos")]
    )
    def test_it_speaks_the_reader_s_language(
        self, dimas: Client, language: str, first_word: str
    ) -> None:
        answer = dimas.get("/site.webmanifest", headers={"accept-language": language})

        assert answer.json()["lang"] == language
        assert answer.json()["description"].startswith(first_word)
        assert "Accept-Language" in answer["Vary"]

    def test_wrong_method_is_refused(self, dimas: Client) -> None:
        assert dimas.post("/site.webmanifest").status_code == 405


class WorkerTests:
    def test_a_browser_gets_a_script_that_it_must_ask_for_again(self, dimas: Client) -> None:
        answer = dimas.get("/sw.js", headers={"accept-encoding": "gzip"})

        assert answer.status_code == 200
        assert answer["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer["Cache-Control"] == "no-cache"
        assert answer["Content-Encoding"] == "gzip"

    def test_what_has_not_changed_is_not_sent_again(self, dimas: Client) -> None:
        etag = dimas.get("/sw.js", headers={"accept-encoding": "gzip"})["ETag"]

        answer = dimas.get("/sw.js", headers={"if-none-match": etag, "accept-encoding": "gzip"})

        assert (answer.status_code, answer.content) == (304, b"")

    def test_wrong_method_is_refused(self, dimas: Client) -> None:
        assert dimas.post("/sw.js").status_code == 405

    def test_a_changed_file_makes_a_new_script(
        self, dimas: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before, version = dimas.get("/sw.js")["ETag"], set_up()["version"]
        monkeypatch.setattr(
            "hafiportrait.pwa.static",
            lambda name: static(name).replace("tokens.css", "tokens.4f0c.css"),
        )
        pwa.worker_script.cache_clear()

        assert dimas.get("/sw.js")["ETag"] != before
        assert set_up()["version"] != version
        assert "/static/css/tokens.4f0c.css" in set_up()["shell"]

    def test_another_offline_page_makes_a_new_script(self, settings: Settings) -> None:
        version = set_up()["version"]
        settings.STUDIO_NAME = "Studio Melati"
        pwa.worker_script.cache_clear()

        assert set_up()["version"] != version

    def test_every_file_that_it_keeps_is_there(self) -> None:
        assert [name for name in pwa.SHELL if not finders.find(name)] == []

    @pytest.mark.django_db
    def test_it_keeps_every_file_that_the_pages_of_a_gallery_name(
        self, sari: Client, event: Event
    ) -> None:
        photo = ready_photo(event)

        pages = [sari.get("/e/budi-ani/"), sari.get(f"/e/budi-ani/photos/{photo.pk}/")]

        named = {name for page in pages for name in STATIC.findall(page.content.decode())}
        assert named - set(pwa.SHELL) == set()
        assert "css/tokens.css" in named

    @pytest.mark.parametrize(
        ("storage", "is_readable", "bucket"),
        [
            ("s3", False, ""),
            ("s3", True, "https://s3.example.com/studio-photos/"),
        ],
    )
    def test_pictures_in_a_bucket_are_read_only_where_it_allows_that(
        self, settings: Settings, storage: str, is_readable: bool, bucket: str
    ) -> None:
        settings.PHOTO_STORAGE = storage
        settings.S3_CORS = is_readable
        settings.S3_ENDPOINT_URL = "https://s3.example.com/"
        settings.PHOTO_STORAGE_OPTIONS = {"bucket_name": "studio-photos"}

        assert set_up()["bucket"] == bucket

    @pytest.mark.django_db
    def test_a_page_that_it_asks_for_is_a_reader_s(self, dimas: Client, event: Event) -> None:
        """Chromium says of it that it has no destination, as of a script's fetch."""
        said = {"sec-fetch-dest": "empty", "sec-fetch-mode": "navigate"}

        assert dimas.get("/e/budi-ani/", headers=said).status_code == 302


class OfflinePageTests:
    @pytest.mark.parametrize(
        ("language", "title"), [("id", "Tidak ada koneksi"), ("en", "No connection")]
    )
    def test_it_is_whole_in_its_language_whatever_the_reader_s_is(
        self, dimas: Client, language: str, title: str
    ) -> None:
        for reader in ("id", "en"):
            page = dimas.get(f"/offline/{language}/", headers={"accept-language": reader})

            assert page.status_code == 200
            assert page["Cache-Control"] == "no-cache"
            assert f'<html lang="{language}">' in page.content.decode()
            assert f"<h1>{title}</h1>" in page.content.decode()

    def test_the_worker_finds_where_the_kept_gallery_s_address_goes(self, dimas: Client) -> None:
        page = dimas.get("/offline/en/").content.decode()

        for mark in ("hidden data-gallery", "/e/-/"):
            assert (page.count(mark), pwa.worker_script().count(f'"{mark}"')) == (1, 1)

    def test_every_file_that_it_names_is_kept(self, dimas: Client) -> None:
        page = dimas.get("/offline/en/").content.decode()

        assert set(STATIC.findall(page)) - set(pwa.SHELL) == set()

    def test_a_language_that_we_do_not_speak_is_not_found(self, dimas: Client) -> None:
        assert dimas.get("/offline/nl/").status_code == 404

    def test_wrong_method_is_refused(self, dimas: Client) -> None:
        assert dimas.post("/offline/en/").status_code == 405


def static_file(name: str) -> Path:
    """Return where a static file lies before it is collected."""
    return Path(str(finders.find(name)))

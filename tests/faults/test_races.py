"""Many requests at the same instant: one row, and nobody is told that something broke."""

from __future__ import annotations

import pytest

from tests.faults.site import CODE, SLUG, Site, at_once, heavy_jpeg, sha256
from tests.installation import files_below

pytestmark = pytest.mark.slow

COUNT_SESSIONS = """
import json
from events.models import GuestSession
print(json.dumps(GuestSession.objects.count()))
"""


class SameFileTests:
    def test_eight_senders_of_one_file_make_one_photo(self, site: Site) -> None:
        site.start_web()
        hafi = site.browser().log_in()
        picture = heavy_jpeg(1, size=500_000)

        answers = at_once([lambda: hafi.upload(site.event, picture)] * 8)

        (photo,) = site.photos()
        assert sorted(answer.status for answer in answers) == [200] * 7 + [201]
        assert {answer.json()["id"] for answer in answers} == {photo["id"]}
        assert files_below(site.installation.folder / "media") == [photo["key"]]
        assert site.stored_sha256(photo["key"]) == sha256(picture)


class SameBrowserTests:
    def test_a_browser_that_enters_thirty_times_at_once_is_one_guest(self, site: Site) -> None:
        site.start_web()
        sari = site.browser()
        sari.get("/masuk/")

        def enter() -> tuple[int, int]:
            tab = type(sari)(sari.port, dict(sari.cookies))
            entered = tab.post("/masuk/", code=CODE)
            return entered.status, tab.get(f"/e/{SLUG}/").status

        statuses = at_once([enter] * 30)

        assert statuses == [(303, 200)] * 30
        assert site.installation.run_python(COUNT_SESSIONS) == 1

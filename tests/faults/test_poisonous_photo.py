"""A photo that takes forever to read, among good ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.site import Site
from tests.images import jpeg, progressive_bomb
from tests.installation import wait_until

pytestmark = pytest.mark.slow

GOOD = 6
GOOD_SECONDS = 30
GIVEN_UP_SECONDS = 90


class PoisonousPhotoTests:
    def test_it_fails_after_three_attempts_and_the_others_do_not_wait(
        self, make_site: Callable[..., Site]
    ) -> None:
        site = make_site(PHOTO_SECONDS_LIMIT="1")
        site.start_web()
        hafi = site.browser().log_in()
        bomb = progressive_bomb(side=4_096)
        files = [bomb, *(jpeg(seed=seed) for seed in range(1, GOOD + 1))]
        bad, *good = [hafi.upload(site.event, data).json()["id"] for data in files]

        def status_of(photo: str) -> tuple[str, str]:
            answer = hafi.get(f"/admin/gallery/photo/{photo}/status/").json()
            return answer["status"], answer["error"]

        site.start_jobs()

        def good_are_ready() -> bool:
            return {status_of(photo)[0] for photo in good} == {"READY"}

        assert wait_until(good_are_ready, seconds=GOOD_SECONDS), site.installation.logs()
        assert status_of(bad)[0] in ("PENDING", "PROCESSING")
        assert wait_until(lambda: status_of(bad)[0] == "FAILED", seconds=GIVEN_UP_SECONDS)
        assert status_of(bad)[1] != ""
        assert {p["id"]: p["attempts"] for p in site.photos()} == {bad: 3} | dict.fromkeys(good, 0)

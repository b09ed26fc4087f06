"""Addresses that are proposed and changed, and codes that are replaced."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from events.models import Event, OldSlug
from events.services import (
    SLUG_CHARACTERS,
    end_admissions,
    propose_slug,
    rename_slug,
    rotate_code,
)
from tests.factories import EventFactory

pytestmark = pytest.mark.django_db


class ProposeSlugTests:
    @pytest.mark.parametrize(
        ("title", "slug"),
        [
            ("Pernikahan Budi & Ani", "pernikahan-budi-ani"),
            ("Zoë d'Angelo", "zoe-dangelo"),
            ("  --  ", "event"),
            ("婚礼", "event"),
            ("../../etc/passwd", "etcpasswd"),
            ("", "event"),
        ],
    )
    def test_it_is_made_of_the_title(self, title: str, slug: str) -> None:
        assert propose_slug(title) == slug

    def test_a_taken_one_gets_a_number(self) -> None:
        EventFactory.create(slug="budi-ani")
        EventFactory.create(slug="budi-ani-2")

        assert propose_slug("Budi Ani") == "budi-ani-3"

    def test_a_gap_is_filled(self) -> None:
        EventFactory.create(slug="budi-ani")
        EventFactory.create(slug="budi-ani-3")

        assert propose_slug("Budi Ani") == "budi-ani-2"

    def test_a_former_address_is_not_given_away(self, event: Event) -> None:
        OldSlug.objects.create(slug="sari-dimas", event=event)

        assert propose_slug("Sari & Dimas") == "sari-dimas-2"

    def test_a_long_title_fits_with_its_number(self) -> None:
        for _ in range(12):
            EventFactory.create(slug=propose_slug("kata " * 60))

        assert max(len(slug) for slug in Event.objects.values_list("slug", flat=True)) <= (
            SLUG_CHARACTERS + 3
        )


class RenameSlugTests:
    def rename(self, event: Event, slug: str) -> None:
        """Change the event's address as its form does."""
        before, event.slug = event.slug, slug
        event.save()
        rename_slug(event=event, old_slug=before)

    def former(self) -> dict[str, str]:
        """Return which former address leads to which event's present one."""
        return dict(OldSlug.objects.values_list("slug", "event__slug"))

    def test_the_former_address_leads_to_the_present_one(self, event: Event) -> None:
        self.rename(event, "ani-budi")

        assert self.former() == {"budi-ani": "ani-budi"}

    def test_every_former_address_leads_there(self, event: Event) -> None:
        self.rename(event, "second")
        self.rename(event, "third")

        assert self.former() == {"budi-ani": "third", "second": "third"}

    def test_an_event_that_takes_its_name_back_is_found_by_it(self, event: Event) -> None:
        self.rename(event, "second")
        self.rename(event, "budi-ani")

        assert self.former() == {"second": "budi-ani"}

    def test_an_event_in_use_of_an_address_has_it(self, event: Event) -> None:
        other = EventFactory.create(slug="other")
        self.rename(event, "second")

        self.rename(other, "budi-ani")

        assert self.former() == {"other": "budi-ani"}


class RotateCodeTests:
    def test_a_new_code_ends_every_admission(self, event: Event) -> None:
        rotate_code(event=event)

        stored = Event.objects.get()
        assert stored.access_code != "KEBAYA77"
        assert len(stored.access_code) == 8
        assert (stored.access_version, event.access_version) == (2, 2)

    def test_a_chosen_code_is_taken_as_it_is_typed(self, event: Event) -> None:
        rotate_code(event=event, code="batik-9999")

        assert Event.objects.get().access_code == "BATIK9999"

    @pytest.mark.parametrize("code", ["SHORT", "BUDIANI2026", "KEBAYA!!"])
    def test_a_bad_code_changes_nothing(self, event: Event, code: str) -> None:
        with pytest.raises(ValidationError):
            rotate_code(event=event, code=code)

        stored = Event.objects.get()
        assert (stored.access_code, stored.access_version) == ("KEBAYA77", 1)

    def test_another_event_s_code_is_refused_with_words(self, event: Event) -> None:
        EventFactory.create(access_code="BATIK999")

        with pytest.raises(ValidationError) as error:
            rotate_code(event=event, code="BATIK999")

        assert list(error.value.message_dict) == ["access_code"]

    def test_what_a_worker_raised_meanwhile_is_kept(self, event: Event) -> None:
        Event.objects.update(last_sequence=40, gallery_version=7)

        rotate_code(event=event)

        stored = Event.objects.get()
        assert (stored.last_sequence, stored.gallery_version) == (40, 7)

    def test_admissions_end_without_a_new_code_too(self, event: Event) -> None:
        end_admissions(event=event)

        stored = Event.objects.get()
        assert (stored.access_code, stored.access_version) == ("KEBAYA77", 2)
